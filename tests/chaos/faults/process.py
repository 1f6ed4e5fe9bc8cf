"""Faults of the operator's processes."""

import random
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from chaos.clock import NOTICED
from chaos.faults.fault import Fault, seconds
from chaos.passages import Kind, Passage
from chaos.rules import Dropped, Reply, Rule, Side

if TYPE_CHECKING:
    from chaos.lab import Lab


@dataclass(frozen=True)
class Killed(Fault):
    """The leader is killed, and started again."""

    name = "killed"
    down: float
    """Seconds until it is started again."""

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(seconds(chance, 0, 6))

    def strike(self, lab: "Lab") -> bool:
        leader = lab.crew.leader()
        with leader.taken():
            leader.kill()
            lab.pause(self.down)
            leader.start()
        return True


@dataclass(frozen=True)
class KilledAt(Fault):
    """A process is killed in the middle of its own request, and started again."""

    kind: ClassVar[Kind]
    count: int
    """Which request of that kind, counted from the moment at which the fault begins."""
    side: Side
    down: float = 0
    frees_lease: bool = False
    """Whether somebody deletes the Lease, so that nobody has to wait until it expires."""

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(chance.randint(1, 12), chance.choice(list(Side)), seconds(chance, 0, 3))

    def strike(self, lab: "Lab") -> bool:
        trap = Trap(lab, self)
        with lab.gate_of(self.kind).rule(Rule(self.side, trap.counts, trap.spring)):
            if not lab.unless_over(trap.sprung):
                return False
        lab.deaths.append(trap.passage)
        victim = trap.victim
        with victim.taken():
            victim.kill()
            if self.frees_lease:
                lab.estate.delete("lease/rollout-reporter")
            lab.pause(self.down)
            victim.start()
        return True


class Trap:
    """Waits for a certain request, and kills whoever makes it."""

    def __init__(self, lab: "Lab", fault: KilledAt) -> None:
        self._lab, self._fault, self._seen = lab, fault, 0
        self.sprung = threading.Event()
        self.passage: Passage
        self.victim = lab.crew.leader()

    def counts(self, passage: Passage) -> bool:
        """Whether this is the one."""
        if passage.kind is not self._fault.kind or self.sprung.is_set():
            return False
        self._seen += 1
        return self._seen == self._fault.count

    async def spring(self, passage: Passage) -> Reply | None:
        """Kill in the middle of it: its answer reaches nobody."""
        self.passage = passage
        self.victim = self._lab.crew.member(passage.door) or self._lab.crew.leader()
        self.victim.strike_dead()
        self.sprung.set()
        return Dropped()


@dataclass(frozen=True)
class KilledAtWrite(KilledAt):
    name = "killed-at-write"
    kind = Kind.WRITE


@dataclass(frozen=True)
class KilledAtPost(KilledAt):
    name = "killed-at-post"
    kind = Kind.POST


@dataclass(frozen=True)
class KilledAgain(Fault):
    """The leader is killed, and once more while it takes up what it left."""

    name = "killed-again"
    count: int
    """At which of its writes after the restart."""
    side: Side

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(chance.randint(1, 6), chance.choice(list(Side)))

    def strike(self, lab: "Lab") -> bool:
        return Killed(0).strike(lab) and KilledAtWrite(self.count, self.side).strike(lab)


@dataclass(frozen=True)
class Stopped(Fault):
    """The leader is stopped in good order, and started again."""

    name = "stopped"
    down: float

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(seconds(chance, 0, 8))

    def strike(self, lab: "Lab") -> bool:
        leader = lab.crew.leader()
        with leader.taken():
            leader.stop()
            lab.pause(self.down)
            leader.start()
        return True


@dataclass(frozen=True)
class Frozen(Fault):
    """The leader is frozen for longer than its Lease is valid; another process takes over; it goes on."""

    name = "frozen"
    for_: float

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(seconds(chance, 17, 24))

    def strike(self, lab: "Lab") -> bool:
        lab.have_standby()
        leader = lab.crew.leader()
        with leader.taken(), leader.frozen():
            lab.pause(self.for_)
        return True


@dataclass(frozen=True)
class ClockMoved(Fault):
    """The wall clock of the operator jumps, jumps again, and is right again."""

    name = "clock-moved"
    needs_own_clock = True
    first: int
    """Hours by which it is wrong at first."""
    then: int
    stays: float
    """Seconds for which it is wrong by either."""

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(chance.choice((-30, -5, -1, 1, 5)), chance.choice((-3, 2, 30)), seconds(chance, 3, 8))

    def strike(self, lab: "Lab") -> bool:
        for hours in (self.first, self.then):
            lab.crew.clock.move(timedelta(hours=hours))
            lab.pause(self.stays + NOTICED)
        lab.crew.clock.move(timedelta(0))
        lab.pause(NOTICED)
        return True


@dataclass(frozen=True)
class TwoInstallations(Fault):
    """A second installation, by mistake, watches the same Namespaces and reports to the same site."""

    name = "two-installations"
    latest = 0.1

    @classmethod
    def draw(cls, chance: random.Random) -> Self:  # noqa: ARG003 (it has no details)
        return cls()

    def strike(self, lab: "Lab") -> bool:
        lab.install_again()
        return True
