"""Against a real HTTP server on the loopback interface: what goes out, and what comes of the answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster import api as cluster
from rollout_reporter.cluster.api import Request, connect, path_to, send
from rollout_reporter.cluster.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
    TerminatingError,
    UnauthorizedError,
    UnavailableError,
    UnconfiguredError,
)

PATH = "/apis/example.dev/v1/namespaces/shop/things/one"
THING = {"kind": "Thing", "metadata": {"name": "one"}}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Seen:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Server:
    """Answers with the responses that it was given, the last one again and again."""

    responses: list[web.Response | Handler] = field(default_factory=lambda: [web.json_response(THING)])
    seen: list[Seen] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        query, headers = dict(request.query), dict(request.headers)
        self.seen.append(Seen(request.method, request.path, query, headers, await request.text()))
        response = self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]
        if isinstance(response, web.Response):  # each object can be sent once
            return web.Response(status=response.status, body=response.body, headers=response.headers)
        return await response(request)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", server.handle)
    async with TestServer(application) as listening:
        server.url = str(listening.make_url("")).rstrip("/")
        yield server


def write_kubeconfig(folder: Path, url: str, user: dict[str, str]) -> str:
    path = folder / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "here", "cluster": {"server": url}}],
        "users": [{"name": "me", "user": user}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
    }
    path.write_text(yaml.safe_dump(content))
    return str(path)


@pytest.fixture
async def api(server: Server, tmp_path: Path) -> AsyncIterator[ApiClient]:
    async with await connect(write_kubeconfig(tmp_path, server.url, {"token": "t0ken"})) as client:
        yield client


# What goes out.


NO_A = {"a": None}
REMOVAL = [{"op": "remove", "path": "/a"}]

WRITES: dict[str, tuple[Callable[[ApiClient], Awaitable[Any]], str, str, Any]] = {
    "create": (lambda api: cluster.create(api, PATH, THING), "POST", "json", THING),
    "replace": (lambda api: cluster.replace(api, PATH, THING), "PUT", "json", THING),
    "merge": (lambda api: cluster.merge_patch(api, PATH, NO_A), "PATCH", "merge-patch+json", NO_A),
    "merge nothing": (lambda api: cluster.merge_patch(api, PATH, {}), "PATCH", "merge-patch+json", {}),
    "operate": (lambda api: cluster.json_patch(api, PATH, REMOVAL), "PATCH", "json-patch+json", REMOVAL),
    "operate not": (lambda api: cluster.json_patch(api, PATH, ()), "PATCH", "json-patch+json", []),
    "operate on one version": (
        lambda api: cluster.json_patch(api, PATH, REMOVAL, version="7"),
        "PATCH",
        "json-patch+json",
        [{"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}, *REMOVAL],
    ),
    "apply": (lambda api: cluster.apply(api, PATH, THING), "PATCH", "apply-patch+yaml", THING),
}


@pytest.mark.parametrize("write", WRITES)
async def test_each_write_says_what_it_is(server: Server, api: ApiClient, write: str) -> None:
    call, method, content_type, body = WRITES[write]
    assert await call(api) == THING

    [seen] = server.seen
    assert (seen.method, seen.path, seen.json) == (method, PATH, body)
    assert seen.headers["Content-Type"] == f"application/{content_type}"


async def test_a_read_has_no_body(server: Server, api: ApiClient) -> None:
    assert await cluster.get(api, PATH) == THING

    [seen] = server.seen
    assert (seen.method, seen.query, seen.text, seen.headers["Accept"]) == ("GET", {}, "", "application/json")


async def test_an_apply_names_its_manager_and_takes_nothing_by_force(server: Server, api: ApiClient) -> None:
    await cluster.apply(api, PATH, THING)
    await cluster.apply(api, PATH, THING, manager="someone", force=True)

    assert [seen.query for seen in server.seen] == [
        {"fieldManager": "rollout-reporter", "force": "false"},
        {"fieldManager": "someone", "force": "true"},
    ]


async def test_a_delete_can_be_bound_to_one_object(server: Server, api: ApiClient) -> None:
    await cluster.delete(api, PATH)
    await cluster.delete(api, PATH, uid="u-1")

    assert server.seen[0].text == ""
    assert server.seen[1].json["preconditions"] == {"uid": "u-1"}


async def test_requests_carry_the_token_and_our_name(server: Server, api: ApiClient) -> None:
    await cluster.get(api, PATH)

    assert server.seen[0].headers["Authorization"] == "Bearer t0ken"
    assert server.seen[0].headers["User-Agent"].startswith("rollout-reporter/")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (path_to("v1", "namespaces", name="shop"), "/api/v1/namespaces/shop"),
        (path_to("v1", "configmaps", "shop"), "/api/v1/namespaces/shop/configmaps"),
        (path_to("apps/v1", "deployments"), "/apis/apps/v1/deployments"),
        (
            path_to("apps/v1", "deployments", "shop", "checkout", "status"),
            "/apis/apps/v1/namespaces/shop/deployments/checkout/status",
        ),
    ],
)
def test_paths_are_those_of_kubernetes(path: str, expected: str) -> None:
    assert path == expected


# Lists.


def page(*names: str, rest: str = "") -> web.Response:
    items = [{"metadata": {"name": name}} for name in names]
    return web.json_response({"kind": "ThingList", "metadata": {"continue": rest}, "items": items})


async def test_a_list_is_read_page_by_page(server: Server, api: ApiClient) -> None:
    server.responses = [page("a", "b", rest="x/y+z=="), page("c", rest="2"), page()]

    listed = cluster.list_pages(api, "/api/v1/things", limit=2, label_selector="app in (a,b),c!=d")
    names = [item["metadata"]["name"] async for item in listed]

    selection = {"limit": "2", "labelSelector": "app in (a,b),c!=d"}
    assert names == ["a", "b", "c"]
    assert [seen.query for seen in server.seen] == [
        selection,
        selection | {"continue": "x/y+z=="},
        selection | {"continue": "2"},
    ]


async def test_a_list_may_leave_spec_and_status_on_the_server(server: Server, api: ApiClient) -> None:
    server.responses = [page("a")]

    assert [item async for item in cluster.list_pages(api, "/api/v1/things", metadata_only=True)]
    assert "PartialObjectMetadataList" in server.seen[0].headers["Accept"]


async def test_an_empty_list_may_say_null(server: Server, api: ApiClient) -> None:
    server.responses = [web.json_response({"metadata": {}, "items": None})]

    assert [item async for item in cluster.list_pages(api, "/api/v1/things")] == []


async def test_a_list_that_took_too_long_is_gone(server: Server, api: ApiClient) -> None:
    server.responses = [page("a", rest="1"), status(410)]

    with pytest.raises(GoneError):
        [item async for item in cluster.list_pages(api, "/api/v1/things")]


# What comes back.


def status(code: int, message: str = "", headers: dict[str, str] | None = None) -> web.Response:
    body = {"kind": "Status", "status": "Failure", "code": code, "message": message}
    return web.json_response(body, status=code, headers=headers)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, InvalidError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (405, InvalidError),
        (408, UnavailableError),
        (409, ConflictError),
        (410, GoneError),
        (415, InvalidError),
        (422, InvalidError),
        (429, UnavailableError),
        (500, UnavailableError),
        (503, UnavailableError),
        (504, UnavailableError),
    ],
)
async def test_each_answer_becomes_an_error_of_ours_with_the_servers_words(
    server: Server, api: ApiClient, code: int, error: type[ClusterError]
) -> None:
    server.responses = [status(code, "because")]

    with pytest.raises(ClusterError, match=r"^because$") as raised:
        await cluster.get(api, PATH)
    assert type(raised.value) is error


async def test_a_namespace_that_is_being_deleted_is_told_from_a_missing_right(
    server: Server, api: ApiClient
) -> None:
    causes = [{"reason": "NamespaceTerminating", "field": "metadata.namespace"}]
    refusal = {"kind": "Status", "code": 403, "message": "shop is being terminated"}
    server.responses = [
        web.json_response(refusal | {"details": {"causes": causes}}, status=403),
        web.json_response(refusal | {"details": {"causes": "none"}}, status=403),
    ]

    for error in (TerminatingError, ForbiddenError):
        with pytest.raises(ForbiddenError, match="is being terminated") as raised:
            await cluster.get(api, PATH)
        assert type(raised.value) is error


async def test_an_overloaded_server_says_when_to_come_back(server: Server, api: ApiClient) -> None:
    server.responses = [status(429, headers={"Retry-After": "7"}), status(429)]

    for seconds in (7.0, None):
        with pytest.raises(UnavailableError) as raised:
            await cluster.get(api, PATH)
        assert raised.value.retry_after == seconds


@pytest.mark.parametrize("body", ["<html>Bad Gateway</html>", "", "[1]", "null"])
async def test_an_error_without_a_status_object_is_told_by_its_code(
    server: Server, api: ApiClient, body: str
) -> None:
    server.responses = [web.Response(status=502, text=body)]

    with pytest.raises(UnavailableError, match="the API server answered 502 Bad Gateway"):
        await cluster.get(api, PATH)


@pytest.mark.parametrize(
    "response",
    [
        web.Response(text="<html>please log in</html>", content_type="text/html"),
        web.Response(text="{", content_type="application/json"),
        web.Response(text="", content_type="application/json"),
        web.Response(text="[]", content_type="application/json"),
        web.Response(body=b'{"a": "\xff"}', content_type="application/json"),
        web.Response(body=b"k8s\x00", content_type="application/vnd.kubernetes.protobuf"),
    ],
    ids=["html", "broken", "empty", "list", "no text", "protobuf"],
)
async def test_a_success_that_no_api_server_would_send_is_no_answer(
    server: Server, api: ApiClient, response: web.Response
) -> None:
    server.responses = [response]

    with pytest.raises(UnavailableError, match=r"not what an API server says|Unsupported"):
        await cluster.get(api, PATH)


async def test_a_server_that_does_not_answer_is_unavailable_after_the_time(
    server: Server, api: ApiClient
) -> None:
    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        raise web.HTTPOk

    server.responses = [never]

    with pytest.raises(UnavailableError, match="in time"):
        await send(api, Request("GET", PATH, within=0.05))


async def test_a_server_that_stops_in_the_middle_of_its_answer_is_unavailable_after_the_time(
    server: Server, api: ApiClient
) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"kind": ')
        await asyncio.sleep(30)
        return response

    server.responses = [half]

    with pytest.raises(UnavailableError, match="in time"):
        await send(api, Request("GET", PATH, within=0.1))


async def test_a_connection_that_breaks_is_unavailable(server: Server, api: ApiClient) -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.abort()
        return web.Response()

    server.responses = [hang_up]

    with pytest.raises(UnavailableError, match="cannot be reached"):
        await cluster.get(api, PATH)


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path, unused_tcp_port: int) -> None:
    kubeconfig = write_kubeconfig(tmp_path, f"http://127.0.0.1:{unused_tcp_port}", {})

    async with await connect(kubeconfig) as api:
        with pytest.raises(UnavailableError, match="cannot be reached"):
            await cluster.get(api, PATH)


def test_no_error_of_the_http_library_is_left_untranslated() -> None:
    errors = {name: getattr(aiohttp, name) for name in dir(aiohttp) if name.endswith("Error")}
    strangers = {name for name, kind in errors.items() if not issubclass(kind, aiohttp.ClientError | OSError)}

    assert strangers == {"WSMessageTypeError", "WebSocketError"}  # plain requests raise neither


async def test_whoever_gives_up_waiting_is_cancelled_and_not_told_of_an_outage(
    server: Server, api: ApiClient
) -> None:
    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        raise web.HTTPOk

    server.responses = [never]

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await cluster.get(api, PATH)


# The server's time.


async def test_every_answer_tells_the_servers_time(server: Server, api: ApiClient) -> None:
    server.responses = [web.json_response(THING, headers={"Date": "Tue, 24 Nov 2026 08:00:07 GMT"})]
    expected = datetime(2026, 11, 24, 8, 0, 7, tzinfo=UTC)

    assert (await send(api, Request("GET", PATH))).date == expected
    assert await cluster.server_date(api) == expected
    assert server.seen[-1].path == "/version"


async def test_a_date_that_cannot_be_read_is_none(server: Server, api: ApiClient) -> None:
    server.responses = [web.json_response(THING, headers={"Date": "today"})]

    assert (await send(api, Request("GET", PATH))).date is None
    with pytest.raises(UnavailableError, match="no Date"):
        await cluster.server_date(api)


# Credentials.


@asynccontextmanager
async def connected(server: Server, **kwargs: Any) -> AsyncIterator[Seen]:
    async with await connect(**kwargs) as api:
        await cluster.get(api, PATH)
        yield server.seen[-1]


async def test_the_option_goes_before_the_environment(server: Server, tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path, server.url, {"token": "mine"})

    async with connected(server, kubeconfig=path, environ={"KUBECONFIG": "/nowhere"}) as seen:
        assert seen.headers["Authorization"] == "Bearer mine"


async def test_the_environment_may_list_files_that_do_not_exist(server: Server, tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path, server.url, {"token": "mine"})

    async with connected(server, environ={"KUBECONFIG": f"/nowhere:{path}"}) as seen:
        assert seen.headers["Authorization"] == "Bearer mine"


async def test_a_token_file_is_read_again_once_it_is_a_minute_old(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("old")
    path = write_kubeconfig(tmp_path, server.url, {"tokenFile": "token"})
    async with await connect(path) as api:
        (tmp_path / "token").write_text("new")
        await cluster.get(api, PATH)
        monkeypatch.setattr(cluster, "CREDENTIALS_PERIOD", 0.0)
        await cluster.get(api, PATH)
        (tmp_path / "token").unlink()
        with pytest.raises(UnavailableError, match="token"):
            await cluster.get(api, PATH)

    assert [seen.headers["Authorization"] for seen in server.seen] == ["Bearer old", "Bearer new"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", "clusters: 7", "current-context: gone\ncontexts: []"]
)
async def test_a_kubeconfig_that_cannot_be_used_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(content)

    with pytest.raises(UnconfiguredError, match=f"the kubeconfig {path} cannot be used"):
        await connect(str(path))


async def test_a_kubeconfig_that_is_not_there_is_named() -> None:
    with pytest.raises(UnconfiguredError, match="/nowhere cannot be used: there is no such file"):
        await connect("/nowhere")


async def test_outside_of_a_pod_and_without_a_kubeconfig_there_is_no_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    with pytest.raises(UnconfiguredError, match="the service account of a pod cannot be used"):
        await connect(environ={})


async def test_a_netrc_of_somebody_who_has_one_spoils_no_request(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says of all hosts is not for the cluster."""
    (tmp_path / "netrc").write_text("default login me password mine")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    path = write_kubeconfig(tmp_path, server.url, {"token": "mine"})

    async with connected(server, kubeconfig=path) as seen:
        assert seen.headers["Authorization"] == "Bearer mine"


@pytest.mark.parametrize(("no_proxy", "is_asked"), [("", True), ("cluster.example", False)])
async def test_the_proxy_of_the_environment_is_taken_as_kubectl_does(
    no_proxy: str, is_asked: object, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", no_proxy)
    path = write_kubeconfig(tmp_path, "http://cluster.example", {"token": "mine"})
    async with await connect(path) as api:
        with suppress(UnavailableError):
            await cluster.get(api, PATH)

    assert bool(server.seen) == is_asked
