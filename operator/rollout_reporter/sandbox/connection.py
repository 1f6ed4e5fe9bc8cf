"""Answers that are none: a connection that ends or hangs.

ASGI has no way to drop a connection, so the server (`server.py`) hands it in with the request's state.
"""

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .changes import Changes

DROP = "drop_connection"
"""Name of the function in the request's state."""


class Dropped(Response):
    """End the connection without an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (ASGI's)
        """Abort the connection, and stay until the server has noticed."""
        drop = scope.get("state", {}).get(DROP)
        if drop is None:
            raise ConnectionAbortedError("dropped by a fault")  # in-process there is no connection to end
        drop()
        await _until_disconnected(receive)


class Hanging(Response):
    """Give no answer for as long as the client waits."""

    def __init__(self, changes: Changes) -> None:
        super().__init__()
        self._changes = changes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the client to go or the sandbox to close."""
        waits = [
            asyncio.ensure_future(_until_disconnected(receive)),
            asyncio.ensure_future(self._changes.pause(None)),
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        await Dropped()(scope, receive, send)


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
