"""The HTTP side of the operator: probes on one port, metrics on another."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus

import uvicorn
from prometheus_client import make_asgi_app
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from .settings import EVERYWHERE, Settings

log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """A server that leaves signals to the operator."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


Hindrance = Callable[[], str | None]
"""Why something is not so, in a sentence; `None` if it is."""


async def serve_probes(settings: Settings, *, why_unhealthy: Hindrance, why_unready: Hindrance) -> None:
    """Serve `/healthz`, `/readyz` and `/metrics` until cancelled.

    Only what a new process would cure may make us unhealthy, so neither Jira's nor the API server's absence
    does. That the event loop of this process turns needs no look: else nothing would be answered.
    """
    routes = [Route("/healthz", _probe(why_unhealthy)), Route("/readyz", _probe(why_unready))]
    probes = Starlette(routes=routes)
    async with asyncio.TaskGroup() as group:
        group.create_task(_serve(probes, settings.host, settings.probe_port))
        group.create_task(_serve(make_asgi_app(), settings.host, settings.metrics_port))


async def _serve(app: ASGIApp, host: str, port: int) -> None:
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    server = _Server(config)
    with _listen(host, port) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = True
            await asyncio.wait([serving])


def _listen(host: str, port: int) -> socket.socket:
    """Listen; on `::` for IPv4, too, since a pod has addresses of one family or of both."""
    if host == EVERYWHERE and not socket.has_dualstack_ipv6():
        host = "0.0.0.0"  # noqa: S104 (a pod's probes come from outside the pod)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=host == EVERYWHERE)
    except OSError as error:
        raise OSError(f"port {port} on {host} cannot be served: is something else running there?") from error


def _probe(hindrance: Hindrance) -> Callable[[Request], Awaitable[PlainTextResponse]]:
    # Not a plain function: starlette would run that in a thread.
    async def probe(_: Request) -> PlainTextResponse:
        why_not = hindrance()
        return PlainTextResponse(
            why_not or "ok", HTTPStatus.SERVICE_UNAVAILABLE if why_not else HTTPStatus.OK
        )

    return probe
