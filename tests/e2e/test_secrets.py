"""A Jira that wishes us ill, and people who write what they like: secrets stay secret, and logs true."""

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from e2e.doctor import as_administrator
from e2e.product import SECRET, ProductApart
from e2e.workload import SECONDS, Workload
from installation.program import until

pytestmark = pytest.mark.timeout(120, func_only=True)

CLIENT_SECRET, TOKEN = "canary-of-the-secret", "canary-of-the-token"
ENDLESS = 64 * 1024 * 1024
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING|ERROR|CRITICAL) +\S")
FORGED = "2026-01-01T00:00:00.000Z CRITICAL forged"
HOSTILE = f"prod\n{FORGED}\x1b[2J\x1b]0;owned\x07\u202e\u2028end"


class Handler(BaseHTTPRequestHandler):
    """Answers one request as its server was told to."""

    server: "HostileServer"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(200, {"cloudId": "11111111-2222-3333-4444-555555555555"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.posts.append(self.path)
        if self.path == "/oauth/token":
            self.server.on_token(self, body)
        else:
            self.server.on_bulk(self, body)

    def echo(self, body: str) -> None:
        """Refuse, and say back all that was sent."""
        sent = f"{self.headers.get('Authorization')} {body}"
        self.answer(403, {"errorMessages": [sent], "error_description": sent}, Location=sent[:200])

    def grant(self, _: str) -> None:
        self.answer(200, {"access_token": TOKEN, "expires_in": 900})

    def accept(self, body: str) -> None:
        keys = [
            {
                "pipelineId": each["pipeline"]["id"],
                "environmentId": each["environment"]["id"],
                "deploymentSequenceNumber": each["deploymentSequenceNumber"],
            }
            for each in json.loads(body)["deployments"]
        ]
        self.answer(202, {"acceptedDeployments": keys, "rejectedDeployments": [], "unknownIssueKeys": []})

    def answer_without_end(self, _: str) -> None:
        """Write until the other side has had enough."""
        self.send_response(202)
        self.send_header("Content-Length", str(ENDLESS))
        self.end_headers()
        written, piece = 0, b"[" * 65536
        try:
            while written < ENDLESS:
                self.wfile.write(piece)
                written += len(piece)
        except OSError:
            self.close_connection = True
        self.server.written.append(written)

    def answer(self, status: int, body: Any, **headers: str) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value.replace("\n", " "))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


Answer = Callable[[Handler, str], None]


class HostileServer(ThreadingHTTPServer):
    """In place of Jira."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.on_token: Answer = Handler.grant
        self.on_bulk: Answer = Handler.accept
        self.posts: list[str] = []
        self.written: list[int] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def end(self) -> None:
        self.shutdown()
        self.server_close()


@pytest.fixture
def hostile() -> Iterator[HostileServer]:
    server = HostileServer()
    yield server
    server.end()


@pytest.fixture
def log_format() -> str:
    return "text"


@pytest.fixture
def product(apart: ProductApart, hostile: HostileServer, log_format: str) -> ProductApart:
    """An operator that logs all it can, with canaries for secrets."""
    apart.jira.url = hostile.url
    apart.install_without_credential()
    apart.create_secret(SECRET, clientId="client", clientSecret=CLIENT_SECRET)
    apart.start("--log-level=debug", f"--log-format={log_format}")
    return apart


def everything_shown(product: ProductApart) -> str:
    """All that people and other programs can read, but for the Secret itself."""
    port = product.operator.metrics_port
    kinds = "deployments,jirasites,rolloutreports,configmaps,leases,events"
    both = (product.namespace, product.shop.namespace)
    objects = [product.cluster.kubectl("get", kinds, "--output=json", f"--namespace={each}") for each in both]
    metrics = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    return "\n".join([product.log(), metrics, *objects, *as_administrator(product).lines])


def assert_nothing_leaked(product: ProductApart) -> None:
    shown = everything_shown(product)
    for canary in (CLIENT_SECRET, TOKEN):
        for form in (canary, base64.b64encode(canary.encode()).decode()[:-4], canary[:-2]):
            assert form not in shown


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_answer_brings_a_secret_to_light(
    product: ProductApart, hostile: HostileServer, issue: str
) -> None:
    """First the token endpoint says back what it was sent, then the API, then all goes well."""
    hostile.on_token = Handler.echo
    product.create_secret(SECRET, clientId="changed", clientSecret=CLIENT_SECRET)
    assert "[hidden]" in product.site_is("default", "False", "Unauthorized")
    web = product.shop.deployment(issue)
    assert "[hidden]" in web.shows("False", "Unauthorized").message
    assert_nothing_leaked(product)

    hostile.on_token, hostile.on_bulk = Handler.grant, Handler.echo
    product.create_secret(SECRET, clientId="again", clientSecret=CLIENT_SECRET)
    assert "[hidden]" in web.shows("False", "Forbidden").message
    assert_nothing_leaked(product)

    hostile.on_bulk = Handler.accept
    product.create_secret(SECRET, clientId="at-last", clientSecret=CLIENT_SECRET)
    web.shows("True", "Successful")
    assert_nothing_leaked(product)


def test_a_redirect_is_told_and_not_followed(
    product: ProductApart, hostile: HostileServer, issue: str
) -> None:
    elsewhere = HostileServer()
    hostile.on_bulk = lambda handler, _: handler.answer(307, {}, Location=f"{elsewhere.url}/steal")

    web = product.shop.deployment(issue)

    assert "redirects are not followed" in web.shows("False", "SiteNotFound").message
    elsewhere.end()
    assert elsewhere.posts == []


def test_an_answer_without_end_is_read_up_to_a_limit(
    product: ProductApart, hostile: HostileServer, issue: str
) -> None:
    hostile.on_bulk = Handler.answer_without_end
    web = product.shop.deployment(issue)
    until(lambda: hostile.written, seconds=SECONDS, otherwise=product.log)

    assert "cannot be read" in web.shows("False", "JiraUnavailable").message
    assert hostile.written[0] < ENDLESS / 2

    hostile.on_bulk = Handler.accept
    web.shows("True", "Successful", seconds=2 * SECONDS)


def test_a_key_of_ten_thousand_characters_harms_nobody(
    product: ProductApart, issue: str, other_issue: str
) -> None:
    """The longest that is well-formed, and what is not, in the same annotation."""
    longest = f"{'A' * 201}-{'9' * 18}"
    web = product.shop.deployment(f"{issue},{longest},{'B' * 10_000}-1,{'9' * 10_000}")
    other = product.shop.deployment(other_issue, name="other")

    other.shows("True", "Successful")
    message = web.shows("True", "Successful").message
    assert issue in message
    assert len(message) < 2_000


def hostile_workload(product: ProductApart, issue: str) -> Workload:
    """One whose annotations hold line ends, terminal sequences and marks that turn the text around."""
    key = f"{issue},\x1b[31mRED\x1b[0m,\u202eabc"
    return product.shop.deployment(key, environment=HOSTILE, display_name=HOSTILE, description=HOSTILE)


def test_hostile_annotations_are_reported_as_one_tidy_line(
    product: ProductApart, hostile: HostileServer, issue: str
) -> None:
    bodies: list[str] = []

    def keep(handler: Handler, body: str) -> None:
        bodies.append(body)
        handler.accept(body)

    hostile.on_bulk = keep
    hostile_workload(product, issue).shows("True", "Successful")

    for deployment in (each for body in bodies for each in json.loads(body)["deployments"]):
        for text in (deployment["environment"]["displayName"], deployment["displayName"]):
            assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", text)


def test_nobody_writes_lines_into_the_log(product: ProductApart, issue: str) -> None:
    hostile_workload(product, issue).shows("True", "Successful")
    product.operator.stop()

    log = product.log()
    assert "\x1b" not in log
    assert [line for line in log.split("\n") if line and not LINE.match(line)] == []
    assert [line for line in log.split("\n") if line.startswith(FORGED)] == []
