"""A work queue of keys: each at most once in it, each in at most one worker's hands.

The shape is that of client-go's work queue. Values stay with whoever owns them, so a worker always meets the
newest one. So are its metrics, in name and meaning. What is probably known already goes last, as in
controller-runtime's priority queue: https://pkg.go.dev/sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from datetime import timedelta
from typing import Generic, TypeVar

from .metrics import METRICS

K = TypeVar("K", bound=Hashable)


class WorkQueue(Generic[K]):
    """Keys that want work, now or later."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._ready: dict[K, float] = {}
        """Since when each is wanted, in time of the event loop."""
        self._last: dict[K, float] = {}
        """The same of those that go last."""
        self._held: dict[K, float] = {}
        """Since when each is worked on."""
        self._again: dict[K, float] = {}
        """Since when each is wanted again while it is worked on."""
        self._wished: dict[K, float] = {}
        """When each of them was wanted last."""
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._some = asyncio.Event()
        METRICS.term.open_queue(
            name,
            depth=self.__len__,
            unfinished=lambda: sum(self._working_times()),
            longest=lambda: max(self._working_times(), default=0.0),
        )

    def __len__(self) -> int:
        """How many keys wait for a worker now."""
        return len(self._ready) + len(self._last)

    @property
    def is_idle(self) -> bool:
        """Whether no key waits or is worked on."""
        return not len(self) and not self._held

    def add(self, key: K) -> None:
        """Want work on a key now."""
        self._forget_timer(key)
        self._wished[key] = _now()
        wanted = self._again if key in self._held else self._ready
        if key in wanted:
            return
        if key in self._last:
            wanted[key] = self._last.pop(key)
            return
        METRICS.queue_added(self._name)
        wanted[key] = _now()
        self._some.set()

    def add_last(self, key: K) -> None:
        """Want work on a key as soon as no other one waits."""
        if key in self._held:
            self.add(key)
            return
        self._wished[key] = _now()
        if key not in self._ready and key not in self._last:
            self._forget_timer(key)
            METRICS.queue_added(self._name)
            self._last[key] = _now()
            self._some.set()

    def add_after(self, key: K, delay: timedelta) -> None:
        """Want work on a key after a while; the earlier of two wishes wins."""
        METRICS.queue_postponed(self._name)
        loop = asyncio.get_running_loop()
        when = loop.time() + delay.total_seconds()
        timer = self._timers.get(key)
        if key in self._ready or key in self._last or (timer and timer.when() <= when):
            return
        self._forget_timer(key)
        self._timers[key] = loop.call_at(when, self.add, key)

    def wanted_at(self, key: K) -> float:
        """When work was wanted last on a key that waits or is worked on, in time of the event loop."""
        return self._wished[key]

    async def take(self) -> K:
        """Wait for a key; it has to be given back with `done`."""
        while not len(self):
            self._some.clear()
            await self._some.wait()
        waiting = self._ready or self._last
        key = next(iter(waiting))
        self._held[key] = now = _now()
        METRICS.queue_taken(self._name, now - waiting.pop(key))
        return key

    async def work(self, on: Callable[[K], Awaitable[None]]) -> None:
        """Work on one key after the other, until cancelled."""
        while True:
            key = await self.take()
            try:
                await on(key)
            finally:
                self.done(key)

    def done(self, key: K) -> None:
        """End the work on a key; what was wanted meanwhile is wanted now."""
        METRICS.queue_done(self._name, _now() - self._held.pop(key))
        if key in self._again:
            self._forget_timer(key)
            self._ready[key] = self._again.pop(key)
            self._some.set()
        else:
            del self._wished[key]

    def _working_times(self) -> list[float]:
        now = _now()
        return [now - since for since in self._held.values()]

    def _forget_timer(self, key: K) -> None:
        if timer := self._timers.pop(key, None):
            timer.cancel()


def _now() -> float:
    return asyncio.get_running_loop().time()
