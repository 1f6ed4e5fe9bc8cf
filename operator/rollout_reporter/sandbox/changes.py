"""Telling everybody who waits that something has changed, or that the sandbox is closing."""

import asyncio
import contextlib


class Changes:
    """A count of changes that can be awaited."""

    def __init__(self) -> None:
        self.count = 0
        self.closed = False
        self._next = asyncio.Event()
        self._closing = asyncio.Event()

    def happened(self) -> None:
        """Wake all who wait."""
        self.count += 1
        woken, self._next = self._next, asyncio.Event()
        woken.set()

    def close(self) -> None:
        """End all waiting, for good: open streams must not keep the process alive."""
        self.closed = True
        self._closing.set()
        self.happened()

    async def wait(self, timeout: float | None) -> None:  # noqa: ASYNC109 (the end of it is no error)
        """Wait for the next change, at most this many seconds."""
        if self.closed:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._next.wait(), timeout)

    async def pause(self, seconds: float | None) -> None:
        """Let time pass, changes or not; None for as long as the sandbox is open."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)
