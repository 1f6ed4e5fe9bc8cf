"""Kopf ends by itself on several answers of the API server; then the watch has to be started again."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import kopf
import pytest

from rollout_reporter.controller.pulse import Pulse
from rollout_reporter.controller.watch import _kopf_thread


class Gone(BaseHTTPRequestHandler):
    """Answers everything with 410."""

    def do_GET(self) -> None:
        body = json.dumps({"kind": "Status", "code": 410, "message": "gone", "metadata": {}}).encode()
        self.send_response(410)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def api_server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Gone) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


async def observe(**_: object) -> None:
    """Nothing comes to be seen."""


@pytest.fixture
def registry(api_server: str) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(lambda **_: kopf.ConnectionInfo(server=api_server))
    kopf.on.event("apps", "v1", "deployments", registry=registry)(observe)
    return registry


def ends_by_itself(registry: kopf.OperatorRegistry) -> bool:
    """Whether the thread ends, and says so, without having been told to."""
    stop, ended = threading.Event(), threading.Event()
    arguments = (registry, ("",), stop, ended.set, Pulse())
    thread = threading.Thread(target=_kopf_thread, args=arguments, daemon=True)
    thread.start()
    try:
        return ended.wait(20)
    finally:
        stop.set()
        thread.join(5)


@pytest.mark.timeout(30)
def test_when_kopf_ends_by_itself_its_thread_ends_and_says_so(
    registry: kopf.OperatorRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    assert ends_by_itself(registry)
    assert "started again: APIClientError: ('gone'" in caplog.text


@pytest.mark.timeout(30)
def test_a_watcher_that_swallows_its_cancellation_keeps_nothing_from_ending(
    registry: kopf.OperatorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As kopf's own does while it waits for the end of a pause."""

    async def spawn_tasks(**_: object) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(each) for each in (fail(), swallow())]

    monkeypatch.setattr(kopf, "spawn_tasks", spawn_tasks)
    assert ends_by_itself(registry)


async def fail() -> None:
    raise RuntimeError("gone")


async def swallow() -> None:
    """Ends at the third attempt."""
    for _ in range(2):
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    await asyncio.Event().wait()
