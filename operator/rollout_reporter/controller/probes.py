"""The HTTP side of the operator: probes on one port, metrics on another."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus

import uvicorn
from prometheus_client import make_asgi_app
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from .settings import Settings

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
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, lifespan="off")
    server = _Server(config)
    serving = asyncio.create_task(_until_it_ends(server, host, port))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await asyncio.wait([serving])


async def _until_it_ends(server: uvicorn.Server, host: str, port: int) -> None:
    try:
        await server.serve()
    except SystemExit as error:
        # uvicorn ends the process where a port is taken; whoever runs us should be told why instead.
        raise OSError(f"port {port} on {host} cannot be served: is something else running there?") from error


def _probe(hindrance: Hindrance) -> Callable[[Request], Awaitable[PlainTextResponse]]:
    # Not a plain function: starlette would run that in a thread.
    async def probe(_: Request) -> PlainTextResponse:
        why_not = hindrance()
        return PlainTextResponse(
            why_not or "ok", HTTPStatus.SERVICE_UNAVAILABLE if why_not else HTTPStatus.OK
        )

    return probe
