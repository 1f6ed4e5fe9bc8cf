"""A work queue of keys: each at most once in it, each in at most one worker's hands.

The shape is that of client-go's work queue. Values stay with whoever owns them, so a worker always meets the
newest one.
"""

import asyncio
from collections.abc import Hashable
from datetime import timedelta
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class WorkQueue(Generic[K]):
    """Keys that want work, now or later."""

    def __init__(self) -> None:
        self._ready: dict[K, None] = {}
        self._held: set[K] = set()
        self._again: set[K] = set()
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._some = asyncio.Event()

    def __len__(self) -> int:
        """How many keys wait for a worker now."""
        return len(self._ready)

    @property
    def is_idle(self) -> bool:
        """Whether no key waits or is worked on."""
        return not self._ready and not self._held

    def add(self, key: K) -> None:
        """Want work on a key now."""
        self._forget_timer(key)
        if key in self._held:
            self._again.add(key)
            return
        self._ready[key] = None
        self._some.set()

    def add_after(self, key: K, delay: timedelta) -> None:
        """Want work on a key after a while; the earlier of two wishes wins."""
        loop = asyncio.get_running_loop()
        when = loop.time() + delay.total_seconds()
        timer = self._timers.get(key)
        if key in self._ready or (timer and timer.when() <= when):
            return
        self._forget_timer(key)
        self._timers[key] = loop.call_at(when, self.add, key)

    async def take(self) -> K:
        """Wait for a key; it has to be given back with `done`."""
        while not self._ready:
            self._some.clear()
            await self._some.wait()
        key = next(iter(self._ready))
        del self._ready[key]
        self._held.add(key)
        return key

    def done(self, key: K) -> None:
        """End the work on a key; what was wanted meanwhile is wanted now."""
        self._held.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def _forget_timer(self, key: K) -> None:
        if timer := self._timers.pop(key, None):
            timer.cancel()
