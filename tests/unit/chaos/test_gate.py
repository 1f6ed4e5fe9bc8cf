"""The gate: what passes, what is noted, and what can be done to it."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator

import httpx
import pytest
from aiohttp import web

from chaos.gate import Gate
from chaos.passages import Kind, Passage, kind_at_cluster, kind_at_jira
from chaos.rules import Answer, Dropped, Reply, Rule, Side
from installation.program import until

WATCH = "/apis/apps/v1/deployments?watch=true"


class Server:
    """Counts what it is asked, and has a watch that never ends."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def start(self) -> str:
        self._thread.start()
        return asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> str:
        self._runner = web.ServerRunner(
            web.Server(self._answer, handler_cancellation=True), shutdown_timeout=0
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.text()
        self.asked.append(f"{request.method} {request.raw_path} {body}".strip())
        if "watch" in request.query_string:
            return await self._watch(request)
        token = request.headers.get("Authorization", "")
        return web.json_response({"count": len(self.asked), "token": token}, headers={"Retry-After": "7"})

    async def _watch(self, request: web.BaseRequest) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(b"first\n")
        await asyncio.Future[None]()
        return stream


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def gate(server: Server) -> Iterator[Gate]:
    with Gate(server.start(), kind_at_cluster) as gate:
        yield gate


@pytest.fixture
def operator(gate: Gate) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gate.door("operator"), timeout=5) as client:
        yield client


def always(_: Passage) -> bool:
    return True


def test_what_passes_arrives_as_it_was_sent_and_is_noted(
    gate: Gate, operator: httpx.Client, server: Server
) -> None:
    answer = operator.post("/api/v1/a%2Fb?x=%20y", content="body", headers={"Authorization": "Bearer t"})

    assert server.asked == ["POST /api/v1/a%2Fb?x=%20y body"]
    assert answer.json() == {"count": 1, "token": "Bearer t"}
    assert answer.headers["Retry-After"] == "7"
    [passage] = gate.passages
    assert (passage.number, passage.door, passage.kind) == (1, "operator", Kind.WRITE)
    assert (passage.carried_out, passage.told, passage.retry_after) == (200, 200, 7)


@pytest.mark.parametrize(
    ("request_line", "kind"),
    [
        ("GET /api/v1/pods", Kind.READ),
        ("GET /apis/apps/v1/deployments?watch=true", Kind.WATCH),
        ("PATCH /api/v1/x", Kind.WRITE),
        ("DELETE /api/v1/x", Kind.WRITE),
        ("PUT /apis/coordination.k8s.io/v1/namespaces/n/leases/l", Kind.LEASE),
        ("GET /apis/coordination.k8s.io/v1/namespaces/n/leases/l", Kind.READ),
    ],
)
def test_requests_to_the_cluster_are_told_apart(request_line: str, kind: Kind) -> None:
    method, _, rest = request_line.partition(" ")
    path, _, query = rest.partition("?")

    assert kind_at_cluster(method, path, query) is kind


def test_requests_to_jira_are_told_apart() -> None:
    assert kind_at_jira("POST", "/oauth/token", "") is Kind.TOKEN
    assert kind_at_jira("POST", "/jira/deployments/0.1/cloud/c/bulk", "") is Kind.POST
    assert kind_at_jira("GET", "/_edge/tenant_info", "") is Kind.READ


def test_before_it_is_forwarded_the_server_knows_nothing_of_it(
    gate: Gate, operator: httpx.Client, server: Server
) -> None:
    async def drop(_: Passage) -> Reply | None:
        return Dropped()

    with gate.rule(Rule(Side.BEFORE, always, drop)), pytest.raises(httpx.TransportError):
        operator.get("/api")

    assert server.asked == []
    assert gate.passages[0].carried_out is None
    assert operator.get("/api").is_success


def test_after_it_was_carried_out_the_operator_may_be_told_something_else(
    gate: Gate, operator: httpx.Client, server: Server
) -> None:
    async def conflict(_: Passage) -> Reply | None:
        return Answer(409, b"{}")

    with gate.rule(Rule(Side.AFTER, always, conflict)):
        answer = operator.put("/api")

    assert answer.status_code == 409
    assert server.asked == ["PUT /api"]
    assert (gate.passages[0].carried_out, gate.passages[0].told) == (200, 409)


def test_a_rule_that_lets_a_passage_go_leaves_it_to_the_others(gate: Gate, operator: httpx.Client) -> None:
    async def let_go(_: Passage) -> Reply | None:
        return None

    async def teapot(_: Passage) -> Reply | None:
        return Answer(418)

    with gate.rule(Rule(Side.BEFORE, always, teapot)), gate.rule(Rule(Side.BEFORE, always, let_go)):
        assert operator.get("/api").status_code == 418


def test_watches_flow_and_can_be_cut(gate: Gate, operator: httpx.Client) -> None:
    with operator.stream("GET", WATCH) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "first"
        gate.cut_watches()
        with pytest.raises(httpx.TransportError):
            next(lines)

    assert gate.passages[0].kind is Kind.WATCH


def test_events_that_are_held_come_later(gate: Gate, operator: httpx.Client) -> None:
    with gate.held_watches(), pytest.raises(httpx.ReadTimeout):  # noqa: SIM117 (the timeout is the point)
        with operator.stream("GET", WATCH, timeout=0.2) as stream:
            next(stream.iter_lines())

    with operator.stream("GET", WATCH) as stream:
        assert next(stream.iter_lines()) == "first"


def test_an_older_answer_can_be_had_once_it_is_old_enough(gate: Gate, operator: httpx.Client) -> None:
    operator.get("/api")
    operator.get("/api")
    newest = gate.passages[-1]

    assert gate.copies.older(newest, seconds=60) is None
    older = gate.copies.older(newest, seconds=0)
    assert older is not None
    assert b'"count": 2' in older.body


def test_a_server_that_is_down_breaks_the_connection() -> None:
    with Gate("http://127.0.0.1:1", kind_at_cluster) as gate, httpx.Client(base_url=gate.door("a")) as client:
        with pytest.raises(httpx.TransportError):
            client.get("/api")

        assert gate.passages[0].told is None
        assert gate.passages[0].left is not None


def test_what_is_on_its_way_when_the_gate_closes_is_ended() -> None:
    """Left alone it would spoil the test in which it is collected as garbage."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        server = f"https://127.0.0.1:{deaf.getsockname()[1]}"
        with Gate(server, kind_at_cluster, ssl.create_default_context()) as gate:
            with (
                httpx.Client(base_url=gate.door("operator"), timeout=0.2) as client,
                pytest.raises(httpx.ReadTimeout),
            ):
                client.get("/version")
            [passage] = gate.passages
            until(lambda: passage.left is not None, seconds=5, otherwise=lambda: "it waits")

        assert asyncio.all_tasks(gate._loop) == set()


def test_each_door_is_noted_by_its_name(gate: Gate) -> None:
    for name in ("first", "second"):
        httpx.get(f"{gate.door(name)}/api")

    assert [each.door for each in gate.passages] == ["first", "second"]
