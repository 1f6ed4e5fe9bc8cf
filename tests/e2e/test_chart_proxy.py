"""With the chart's `proxy` Jira is spoken to by proxy, and the API server directly."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from e2e.product import CREDENTIAL, ProductApart
from installation import Operator

pytestmark = pytest.mark.timeout(120, func_only=True)


class Proxy(ThreadingHTTPServer):
    """A proxy for plain http that remembers which hosts it was asked for; it opens no tunnels."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hosts: set[str] = set()
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def _pass_on(self) -> None:
        url = httpx.URL(self.path)
        self.server.hosts.add(url.host)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = httpx.request(self.command, url, headers=dict(self.headers), content=body, trust_env=False)
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = do_DELETE = _pass_on  # noqa: N815 (the base class's names)

    def do_CONNECT(self) -> None:
        self.server.hosts.add(self.path)
        self.send_error(403)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (likewise)
        """Say nothing."""


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as server:
        thread = threading.Thread(target=server.serve_forever, name="proxy")
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_jira_is_behind_the_proxy_and_the_api_server_is_not(
    apart: ProductApart, proxy: Proxy, issue: str
) -> None:
    apart.jira.start()
    site = f"http://localhost:{apart.jira.port}"
    apart.installation.install(
        jira__siteURL=site,
        jira__apiURL=site,
        **{f"jira__{name}": value for name, value in CREDENTIAL.items()},
        proxy__httpProxy=proxy.url,
        proxy__httpsProxy=proxy.url,
        proxy__noProxy="example.com",
        clusterName="apart",
        watchNamespaces=f"{{{apart.shop.namespace}}}",
        crds__enabled="false",
    )
    told = apart.installation.environment()
    told["NO_PROXY"] = told["NO_PROXY"].replace("$(KUBERNETES_SERVICE_HOST)", "127.0.0.1")
    assert told["NO_PROXY"] == "127.0.0.1,example.com"
    access = apart.cluster.service_account_kubeconfig(apart.namespace, "rollout-reporter")
    operator = Operator(access, apart.namespace, apart.installation.folder / "proxied.log", environment=told)
    try:
        operator.start_and_watch()
        web = apart.shop.deployment(issue)
        apart.jira.until(issue, "successful")
        web.shows("True", "Successful")
    finally:
        operator.kill()
    assert proxy.hosts == {"localhost"}
