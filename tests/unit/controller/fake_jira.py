"""Jira as a sender sees it: the rules of its Deployments API, and all ways in which it fails."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import looptime

from rollout_reporter.cluster.errors import UnavailableError
from rollout_reporter.controller.outbox import Item
from rollout_reporter.controller.sender import Sender
from rollout_reporter.core.outcome import Accepted, Answer, Judged, Outcome, Trouble, TroubleReason
from rollout_reporter.core.report import DeploymentKey, Report, Update
from rollout_reporter.core.workload import Place
from rollout_reporter.jira.patience import Patience
from rollout_reporter.jira.wire import utc_now
from unit.controller.awaiting import in_background
from unit.core.situations import ref, report

DOWN = Trouble(TroubleReason.UNAVAILABLE, "Jira is down.")
BAD = Trouble(TroubleReason.BAD_REQUEST, "displayName must not be empty")
LARGE = Trouble(TroubleReason.TOO_LARGE, "The request is too large.")


class Loop(looptime.LoopTimeEventLoop, asyncio.SelectorEventLoop):
    """Skips the time in which nothing happens."""


class Mishap(Enum):
    """What can go wrong besides an honest refusal."""

    LOST_ANSWER = auto()
    """Jira takes the request, and nobody hears of it."""
    LATE = auto()
    """The client has given up when Jira begins to work on the request, a minute later."""
    SILENCE = auto()
    """Jira answers, but says nothing about any deployment."""


def item(name: str = "checkout", number: int = 1, **changes: Any) -> Item:
    """A report and its place."""
    return Item(ref(name).place, report(name, number, **changes))


@dataclass
class FakeJira:
    """Replaces a deployment only by an update with a higher number, as Jira does, without saying so."""

    seconds: float = 0.05
    """How long it takes to answer."""
    next: deque[Trouble | Mishap] = field(default_factory=deque)
    """What becomes of the coming requests; after that all goes well."""
    down: Trouble | None = None
    """What becomes of all requests."""
    patience: Patience = field(default_factory=lambda: Patience(lambda: asyncio.get_running_loop().time()))
    """The client's own: while Jira wants a rest, no request comes."""
    most: int = 100
    """Updates in a request before it is too large."""
    culprits: set[DeploymentKey] = field(default_factory=set)
    """Deployments that spoil a whole request."""
    reproach: Trouble = BAD
    """What is said of them."""
    held: dict[DeploymentKey, Update] = field(default_factory=dict)
    requests: list[tuple[float, tuple[Update, ...]]] = field(default_factory=list)
    """When each request came, and with what."""

    async def submit(self, updates: Sequence[Update]) -> Answer:
        """Take one request."""
        if waiting := self.patience.trouble():
            return waiting
        now = asyncio.get_running_loop().time()
        self.requests.append((now, tuple(updates)))
        assert len({update.report.key for update in updates}) == len(updates), "a deployment is there twice"
        await asyncio.sleep(self.seconds)
        if refusal := self._refusal(updates):
            return refusal
        mishap = self.next.popleft() if self.next else None
        if isinstance(mishap, Trouble):
            self.patience.wait(mishap)
            return mishap
        if mishap is Mishap.SILENCE:
            return Judged({})
        if mishap is Mishap.LATE:
            asyncio.get_running_loop().call_later(60, self._store, updates)
            return DOWN
        self._store(updates)
        return DOWN if mishap else Judged({update.report.key: Accepted() for update in updates})

    def _refusal(self, updates: Sequence[Update]) -> Trouble | None:
        if self.down:
            return self.down
        if len(updates) > self.most:
            return LARGE
        return self.reproach if self.culprits & {update.report.key for update in updates} else None

    def _store(self, updates: Iterable[Update]) -> None:
        for update in updates:
            before = self.held.get(update.report.key)
            if before is None or before.number < update.number:
                self.held[update.report.key] = update

    @property
    def times(self) -> list[float]:
        """When requests came."""
        return [at for at, _ in self.requests]

    @property
    def batches(self) -> list[list[Report]]:
        """The reports of each request."""
        return [[update.report for update in updates] for _, updates in self.requests]


@dataclass
class Desk:
    """Where a sender's news arrive."""

    settled: list[tuple[Place, Update, Outcome]] = field(default_factory=list)
    told: list[frozenset[Place]] = field(default_factory=list)
    enlisted: set[DeploymentKey] = field(default_factory=set)
    noted: list[tuple[Report, ...]] = field(default_factory=list)
    """What was noted down each time, while it could not be sent."""
    closed: bool = False
    """Whether nothing can be noted down now."""
    number: int = 0

    async def note(self, items: Sequence[Item]) -> None:
        self.noted.append(tuple(item.report for item in items))

    async def enlist(self, items: Sequence[Item]) -> Sequence[Item]:
        if self.closed:
            raise UnavailableError("etcd is not there")
        self.enlisted |= {item.report.key for item in items}
        return items

    def settle(self, place: Place, update: Update, outcome: Outcome) -> None:
        self.settled.append((place, update, outcome))

    def troubled(self, places: Iterable[Place]) -> None:
        self.told.append(frozenset(places))

    async def next_number(self) -> int:
        self.number += 1
        return self.number

    def outcomes(self) -> dict[DeploymentKey, Outcome]:
        """The last word on each deployment."""
        return {update.report.key: outcome for _, update, outcome in self.settled}


def sender_to(jira: FakeJira, desk: Desk) -> Sender:
    """A sender for one site."""
    return Sender("default", link=lambda: jira, next_number=desk.next_number, ledgers=desk, now=utc_now)


@asynccontextmanager
async def running(sender: Sender) -> AsyncIterator[None]:
    """Send for the length of a block."""
    async with in_background(sender.run()):
        yield
