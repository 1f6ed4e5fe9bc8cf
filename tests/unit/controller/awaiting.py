"""Waiting in real time for what another task or thread will do."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: It does not, for ten seconds.
    """
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (nothing else tells)
            await asyncio.sleep(0.005)
