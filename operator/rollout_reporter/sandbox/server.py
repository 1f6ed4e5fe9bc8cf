"""Serving the sandbox over HTTP: what ASGI leaves to the server."""

import asyncio
import contextlib
import socket
from collections.abc import Callable

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import create_app
from .config import SandboxConfig
from .connection import DROP

PATIENCE = 2
"""Seconds that a request in progress has when the sandbox ends."""


class _Protocol(H11Protocol):
    """Lets the application drop the connection of a request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, DROP: transport.abort}


class Server(uvicorn.Server):
    """Tells its address when it listens, and ends streams when it ends: they would hold it for ever."""

    def __init__(
        self,
        config: SandboxConfig,
        *,
        host: str,
        port: int,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        app = create_app(config)
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,  # logging belongs to the program around it
                access_log=False,
                log_level="warning",
                timeout_graceful_shutdown=PATIENCE,
            )
        )
        self._close: Callable[[], None] = app.state.site.changes.close
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and tell where: port 0 has become a real one."""
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        self._announce(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what waits, then end as usual."""
        self._close()
        await super().shutdown(sockets)


def serve(
    config: SandboxConfig,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    announce: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until SIGINT or SIGTERM; `announce` is called with the base URL once it listens."""
    with contextlib.suppress(KeyboardInterrupt):
        Server(config, host=host, port=port, announce=announce).run()
