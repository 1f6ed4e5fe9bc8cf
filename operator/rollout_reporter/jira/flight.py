"""One run of an asynchronous function, shared by all who ask for it meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Joins concurrent callers to one run. A caller that is cancelled leaves the run to the others."""

    def __init__(self, run: Callable[[], Coroutine[object, object, T]]) -> None:
        self._run = run
        self._task: asyncio.Task[T] | None = None

    def start(self) -> asyncio.Task[T]:
        """Return the run that is under way, or a new one."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(self._land)
        return self._task

    async def join(self) -> T:
        """Return what that run returns."""
        return await asyncio.shield(self.start())

    def _land(self, _: asyncio.Task[T]) -> None:
        self._task = None
