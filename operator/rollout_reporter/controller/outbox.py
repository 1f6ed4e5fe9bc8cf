"""The outbox of one Jira site: the newest wanted report of each Jira deployment, in batches.

An older report of the same deployment is replaced, never sent after a newer one; a deployment is in one
request at a time.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rollout_reporter.core.report import DeploymentKey, Report
from rollout_reporter.core.workload import Place

MAX_BATCH: Final = 100
RESOLUTION: Final = 0.001
"""Seconds by which a timer may come early: what is due by then is due."""


@dataclass(frozen=True, slots=True)
class Item:
    """A report and the place that wants to know what became of it."""

    place: Place
    report: Report
    is_urgent: bool = True
    """Whether more than a description has changed."""
    least: int = 0
    """The lowest update number that Jira would not drop: it has acknowledged the one below."""


@dataclass(slots=True)
class _Waiting:
    item: Item
    not_before: float
    since: float
    failures: int = 0
    """How often it was sent in vain."""
    is_withdrawn: bool = False
    """Whether nobody wants it any more, though it is under way."""


class Outbox:
    """What waits to be sent to a site."""

    def __init__(self) -> None:
        self._waiting: dict[DeploymentKey, _Waiting] = {}
        self._in_flight: dict[DeploymentKey, _Waiting] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        """How many Jira deployments wait for Jira's answer; a request that is under way may take long."""
        return len(self._waiting.keys() | self._in_flight.keys())

    @property
    def is_empty(self) -> bool:
        """Whether Jira has answered to everything."""
        return not len(self)

    def oldest_age(self) -> float:
        """Seconds since the first of them was wanted, 0 for none."""
        now = asyncio.get_running_loop().time()
        every = (*self._waiting.values(), *self._in_flight.values())
        return max((now - each.since for each in every), default=0.0)

    def waited(self, key: DeploymentKey) -> float:
        """Seconds since a deployment that is under way was first wanted."""
        return asyncio.get_running_loop().time() - self._in_flight[key].since

    def items(self) -> tuple[Item, ...]:
        """All that waits."""
        return tuple(waiting.item for waiting in self._waiting.values())

    def failures(self, key: DeploymentKey) -> int:
        """How often a deployment that is under way was sent in vain before."""
        return self._in_flight[key].failures

    def places(self) -> frozenset[Place]:
        """Places with something waiting."""
        return frozenset(waiting.item.place for waiting in self._waiting.values())

    def put(self, item: Item, *, linger: timedelta) -> None:
        """Want a report sent; it replaces an older one of the same deployment and keeps its place.

        One that is under way already is not sent again; if that fails, it is given back. One that waits
        already goes on waiting.
        """
        under_way = self._in_flight.get(item.report.key)
        if under_way and under_way.item.report == item.report:
            under_way.is_withdrawn = False
            self._waiting.pop(item.report.key, None)
            return
        now = asyncio.get_running_loop().time()
        before = self._waiting.get(item.report.key)
        not_before = now + linger.total_seconds()
        if before is None:
            self._waiting[item.report.key] = _Waiting(item, not_before, now)
        elif before.item.report != item.report:
            before.item, before.not_before = item, min(before.not_before, not_before)
        self._changed.set()

    def withdraw(self, key: DeploymentKey) -> None:
        """Want a deployment not sent any more; what is under way is, but is not given back."""
        self._waiting.pop(key, None)
        if under_way := self._in_flight.get(key):
            under_way.is_withdrawn = True

    def flush(self) -> None:
        """Let nothing linger any longer."""
        for waiting in self._waiting.values():
            waiting.not_before = 0.0
        self._changed.set()

    async def take(self, most: int = MAX_BATCH, *, apart: bool = False) -> tuple[Item, ...]:
        """Wait for the next batch; end it with `done`.

        What was sent in vain goes last, so that it keeps nothing else from being sent; states go before mere
        descriptions; of each the longest waiting first.

        Args:
            most: So many at the most.
            apart: Leave what was sent in vain out, if there is something new.
        """
        while True:
            self._changed.clear()
            now = asyncio.get_running_loop().time()
            free = {key: w for key, w in self._waiting.items() if key not in self._in_flight}
            due = {key: w for key, w in free.items() if w.not_before <= now + RESOLUTION}
            if due:
                new = {key: w for key, w in due.items() if not w.failures}
                due = new if new and apart else due
                keys = sorted(due, key=lambda key: (*_rank(due[key]), key))[:most]
                self._in_flight.update({key: self._waiting.pop(key) for key in keys})
                return tuple(self._in_flight[key].item for key in keys)
            await self._wait(min((w.not_before - now for w in free.values()), default=None))

    def done(self, keys: Iterable[DeploymentKey]) -> None:
        """The request with these deployments has ended."""
        for key in keys:
            self._in_flight.pop(key, None)
        self._changed.set()

    def give_back(self, item: Item, *, delay: timedelta = timedelta(0)) -> None:
        """Want a report sent again after a while, unless a newer one of the same deployment waits already.

        What was withdrawn while it was under way is not.
        """
        now = asyncio.get_running_loop().time()
        under_way = self._in_flight.get(item.report.key)
        if under_way and under_way.is_withdrawn and item.report.key not in self._waiting:
            return
        since, failures = (under_way.since, under_way.failures + 1) if under_way else (now, 1)
        newer = self._waiting.setdefault(item.report.key, _Waiting(item, now + delay.total_seconds(), since))
        newer.since, newer.failures = since, failures
        self._changed.set()

    async def _wait(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return  # something has become due


def _rank(waiting: _Waiting) -> tuple[int, bool, float]:
    return waiting.failures, not waiting.item.is_urgent, waiting.since
