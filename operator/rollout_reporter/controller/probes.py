"""The HTTP side of the operator: probes on one port, metrics on another."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator

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


async def serve_probes(settings: Settings, *, is_ready: Callable[[], bool]) -> None:
    """Serve `/healthz`, `/readyz` and `/metrics` until cancelled."""
    probes = Starlette(routes=[Route("/healthz", _healthz), Route("/readyz", _readyz(is_ready))])
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


async def _healthz(_: Request) -> PlainTextResponse:
    """The event loop turns, or this would not be answered."""
    return PlainTextResponse("ok")


def _readyz(is_ready: Callable[[], bool]) -> Callable[[Request], PlainTextResponse]:
    def readyz(_: Request) -> PlainTextResponse:
        return PlainTextResponse("ok") if is_ready() else PlainTextResponse("not watching", status_code=503)

    return readyz
