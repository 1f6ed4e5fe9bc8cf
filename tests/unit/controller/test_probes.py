import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

import rollout_reporter.controller.metrics  # noqa: F401 (they register themselves)
from installation.program import free_port
from rollout_reporter.controller.probes import serve_probes
from rollout_reporter.controller.settings import Settings


class Served:
    """Probes and metrics on free ports."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.unhealthy: str | None = None
        self.unready: str | None = None
        self.probes, self.metrics = free_port(), free_port()

    async def get(self, path: str) -> httpx.Response:
        port = self.metrics if path == "/metrics" else self.probes
        address = f"[{self.host}]" if ":" in self.host else self.host
        async with httpx.AsyncClient(follow_redirects=True) as http:
            return await http.get(f"http://{address}:{port}{path}")

    async def answers(self) -> bool:
        try:
            return (await self.get("/healthz")).is_success and (await self.get("/metrics")).is_success
        except httpx.TransportError:
            return False


@asynccontextmanager
async def serving(served: Served) -> AsyncIterator[None]:
    settings = Settings(
        namespace="ops", host=served.host, probe_port=served.probes, metrics_port=served.metrics
    )
    task = asyncio.create_task(
        serve_probes(settings, why_unhealthy=lambda: served.unhealthy, why_unready=lambda: served.unready)
    )
    try:
        async with asyncio.timeout(10):
            while not await served.answers():  # noqa: ASYNC110 (nothing else tells)
                await asyncio.sleep(0.01)
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@pytest.fixture
def served() -> Served:
    return Served()


async def test_who_is_alive_and_ready_says_so(served: Served) -> None:
    async with serving(served):
        assert (await served.get("/healthz")).status_code == 200
        assert (await served.get("/readyz")).status_code == 200


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6 here")
async def test_an_address_of_ipv6_is_one_too() -> None:
    """All addresses at once are in `tests/image`, where nobody from outside can ask them."""
    async with serving(served := Served("::1")):
        assert (await served.get("/healthz")).status_code == 200


async def test_who_is_not_ready_says_why_and_is_alive(served: Served) -> None:
    served.unready = "it does not lead, and does not know who does"
    async with serving(served):
        answer = await served.get("/readyz")

        assert (answer.status_code, answer.text) == (503, served.unready)
        assert (await served.get("/healthz")).status_code == 200


async def test_who_needs_a_new_start_says_why(served: Served) -> None:
    async with serving(served):
        served.unhealthy = "the thread of the watch has not moved for 75 s"
        answer = await served.get("/healthz")

    assert (answer.status_code, answer.text) == (503, served.unhealthy)


async def test_metrics_are_served_in_the_format_of_prometheus(served: Served) -> None:
    async with serving(served):
        answer = await served.get("/metrics")

    assert "rollout_reporter_build_info{" in answer.text
    assert "# TYPE rollout_reporter_leader gauge" in answer.text


async def test_a_port_that_is_taken_is_named(served: Served) -> None:
    async with serving(served):
        settings = Settings(
            namespace="ops", host="127.0.0.1", probe_port=served.probes, metrics_port=free_port()
        )
        with pytest.raises(ExceptionGroup) as caught:
            await serve_probes(settings, why_unhealthy=lambda: None, why_unready=lambda: None)

    assert str(served.probes) in str(caught.value.exceptions[0])


async def test_in_the_end_nobody_listens_any_more(served: Served) -> None:
    async with serving(served):
        pass

    assert not await listens(served.probes)
    assert not await listens(served.metrics)
