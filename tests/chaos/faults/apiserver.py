"""Faults of the API server, and of the way to it."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from chaos.faults.fault import Fault, seconds
from chaos.passages import Kind, Passage
from chaos.rules import Answer, Dropped, Reply, Rule, Side, refusal

if TYPE_CHECKING:
    from chaos.lab import Lab

_GONE: Final = Answer(
    200,
    b'{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
    b'"message":"too old resource version","reason":"Expired","code":410}}\n',
    {"Content-Type": "application/json"},
)
"""How the API server says that a watch cannot be taken up again where it ended."""


@dataclass(frozen=True)
class ApiServerRestarted(Fault):
    """The API server dies and comes back."""

    name = "apiserver-restarted"
    down: float

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(seconds(chance, 0, 30))

    def strike(self, lab: "Lab") -> bool:
        lab.cluster.stop_apiserver()
        try:
            lab.pause(self.down)
        finally:
            lab.cluster.start_apiserver()
        return True


@dataclass(frozen=True)
class WatchesCut(Fault):
    """All watches break, several times."""

    name = "watches-cut"
    times: int
    every: float

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(chance.randint(1, 5), seconds(chance, 0.5, 3))

    def strike(self, lab: "Lab") -> bool:
        for _ in range(self.times):
            lab.gate.cut_watches()
            lab.pause(self.every)
        return True


@dataclass(frozen=True)
class WatchesGone(Fault):
    """Watches break, and what they want to go on from is too old for the API server."""

    name = "watches-gone"
    for_: float
    by_status: bool
    """Whether the answer itself is 410, rather than an event within it."""

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(seconds(chance, 1, 8), chance.random() < 0.5)

    def strike(self, lab: "Lab") -> bool:
        answer = refusal(410, "Expired") if self.by_status else _GONE
        with always(lab, Side.BEFORE, Kind.WATCH, reply=answer):
            lab.gate.cut_watches()
            lab.pause(self.for_)
        return True


@dataclass(frozen=True)
class WatchesHeld(Fault):
    """Events come late, and then all at once."""

    name = "watches-held"
    for_: float

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(seconds(chance, 2, 15))

    def strike(self, lab: "Lab") -> bool:
        with lab.blinded(), lab.gate.held_watches():
            lab.pause(self.for_)
        return True


@dataclass(frozen=True)
class StaleReads(Fault):
    """Reads are answered with what was true a while ago.

    An API server does not do that to reads that name no version, so this proves more than is needed: that
    whatever is written after such a read is fenced. Left out are ReplicaSets that are read as they are now,
    once for each version: one that is missing there is one that never was.
    """

    name = "stale-reads"
    for_: float
    age: float

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(seconds(chance, 3, 15), seconds(chance, 1, 6))

    def strike(self, lab: "Lab") -> bool:
        async def stale(passage: Passage) -> Reply | None:
            return lab.gate.copies.older(passage, self.age)

        with lab.blinded(), lab.gate.rule(Rule(Side.BEFORE, _is_read, stale)):
            lab.pause(self.for_)
        return True


@dataclass(frozen=True)
class ApiServerRefuses(Fault):
    """The API server answers some or all requests with an error."""

    name = "apiserver-refuses"
    status: int
    share: float
    for_: float
    seed: int

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        status = chance.choice((500, 503, 429))
        return cls(status, chance.choice((0.3, 0.7, 1.0)), seconds(chance, 2, 14), chance.randrange(1000))

    def strike(self, lab: "Lab") -> bool:
        headers = {"Retry-After": "1"} if self.status == 429 else {}
        answer = refusal(self.status, "InternalError", headers)
        with lab.blinded(), always(lab, Side.BEFORE, *Kind, reply=answer, share=self.share, seed=self.seed):
            lab.pause(self.for_)
        return True


@dataclass(frozen=True)
class Conflicts(Fault):
    """Somebody else seems to write first, again and again."""

    name = "conflicts"
    share: float
    for_: float
    seed: int

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(chance.choice((0.3, 0.7, 1.0)), seconds(chance, 2, 10), chance.randrange(1000))

    def strike(self, lab: "Lab") -> bool:
        answer = refusal(409, "Conflict")
        kinds = (Kind.WRITE, Kind.LEASE)
        with lab.blinded(), always(lab, Side.BEFORE, *kinds, reply=answer, share=self.share, seed=self.seed):
            lab.pause(self.for_)
        return True


@dataclass(frozen=True)
class WriteAnswersLost(Fault):
    """Writes are carried out, and the connection breaks before the operator hears of it."""

    name = "write-answers-lost"
    share: float
    for_: float
    seed: int

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(chance.choice((0.3, 0.7, 1.0)), seconds(chance, 2, 10), chance.randrange(1000))

    def strike(self, lab: "Lab") -> bool:
        kinds = (Kind.WRITE, Kind.LEASE)
        with (
            lab.blinded(),
            always(lab, Side.AFTER, *kinds, reply=Dropped(), share=self.share, seed=self.seed),
        ):
            lab.pause(self.for_)
        return True


@contextmanager
def always(
    lab: "Lab", side: Side, *kinds: Kind, reply: Reply, share: float = 1.0, seed: int = 0
) -> Iterator[None]:
    """Answer requests of these kinds at the API server's gate with the same reply; a share of them only."""
    chance = random.Random(seed)  # noqa: S311 (repeatable on purpose)

    async def answer(_: Passage) -> Reply | None:
        return reply if chance.random() < share else None

    with lab.gate.rule(Rule(side, lambda passage: passage.kind in kinds, answer)):
        yield


def _is_read(passage: Passage) -> bool:
    may_lag = "resourceVersion=0" in passage.query or not passage.path.endswith("/replicasets")
    return passage.kind is Kind.READ and may_lag
