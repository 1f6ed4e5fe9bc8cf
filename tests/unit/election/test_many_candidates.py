"""Candidates that come, go, hang and crash, over wires that lose and delay: never two leaders, never a number
that is not above all before it.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import looptime
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rollout_reporter.cluster.lease import Leadership, NotLeadingError
from rollout_reporter.core.election import RENEW_DEADLINE

from .apiserver import ApiServer, Wire, client_over

seconds = st.sampled_from([1.0, 2.5, 4.0, 6.0, 9.0, 11.0, 13.0, 17.0, 30.0])
delays = st.sampled_from([0.0, 0.0, 0.3, 2.0, 3.9, 5.0, 9.0, 14.0])
picks = st.integers(0, 2)


class Loop(looptime.LoopTimeEventLoop, asyncio.SelectorEventLoop):
    """Skips the time in which nothing happens."""


@dataclass(eq=False)
class Process:
    wire: Wire
    leadership: Leadership
    task: asyncio.Task[None]
    numbers: list[int] = field(default_factory=list)
    ceiling: int = 0
    has_crashed: bool = False

    @property
    def bound(self) -> int:
        """What all numbers of later leaders have to be above.

        Who has stopped in good order, or knew that its term was over, even if it crashed then, issues no
        more, though it might, and may have told its last one with the Lease.
        """
        has_ended = self.task.done() and not self.has_crashed
        return max(self.numbers, default=0) if has_ended else self.ceiling


class Candidates(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = Loop(noop_cycles=8)
        self.server = ApiServer()
        self.alive: list[Process] = []
        self.leaders: list[Process] = []
        self.started = 0
        self.deleted_at = float("-inf")
        self.journal = 0

    def do(self, what: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(what)

    @initialize()
    def there_are_three_again(self) -> None:
        self.alive = [process for process in self.alive if not process.task.done()]
        while len(self.alive) < 3 and not self.a_deleted_lease_may_have_a_leader:
            self.do(self._start())

    async def _start(self) -> None:
        self.started += 1
        wire = Wire(self.server)
        leadership = Leadership(client_over(wire), namespace="ops", identity=f"pod-{self.started}")
        self.alive.append(Process(wire, leadership, asyncio.create_task(leadership.run())))
        await asyncio.sleep(0)

    @precondition(lambda self: self.alive)
    @rule(pick=picks)
    def one_stops_cleanly(self, pick: int) -> None:
        process = self.alive.pop(pick % len(self.alive))
        self.do(self._stop(process))

    @precondition(lambda self: self.alive)
    @rule(pick=picks)
    def one_crashes(self, pick: int) -> None:
        process = self.alive.pop(pick % len(self.alive))
        process.wire.loses_requests = True
        process.has_crashed = not process.leadership.lost.is_set()
        self.do(self._stop(process))

    async def _stop(self, process: Process) -> None:
        process.task.cancel()
        with suppress(asyncio.CancelledError):
            await process.task

    @precondition(lambda self: self.alive)
    @rule(pick=picks, there=delays, back=delays)
    def a_wire_becomes_slow(self, pick: int, there: float, back: float) -> None:
        wire = self.alive[pick % len(self.alive)].wire
        wire.seconds_there, wire.seconds_back = there, back

    @precondition(lambda self: self.alive)
    @rule(pick=picks, fault=st.sampled_from(["loses_requests", "loses_answers", "refuses"]), length=seconds)
    def a_wire_breaks_for_a_while(self, pick: int, fault: str, length: float) -> None:
        wire = self.alive[pick % len(self.alive)].wire
        setattr(wire, fault, True)
        self.time_passes(length)
        setattr(wire, fault, False)

    @rule()
    def all_wires_are_repaired(self) -> None:
        for process in self.alive:
            wire = process.wire
            wire.loses_requests = wire.loses_answers = wire.refuses = False
            wire.seconds_there = wire.seconds_back = 0.0

    @rule(hours=st.integers(-10, 10))
    def the_clock_of_the_api_server_jumps(self, hours: int) -> None:
        self.server.clock_error = timedelta(hours=hours)

    @precondition(lambda self: self.everybody_knows_the_holder)
    @rule()
    def somebody_deletes_the_lease(self) -> None:
        self.server.delete()
        self.deleted_at = self.loop.time()

    @property
    def everybody_knows_the_holder(self) -> bool:
        views = [process.leadership._seen.view for process in self.alive]
        return bool(views) and all(view is not None and view.holder for view in views)

    @property
    def a_deleted_lease_may_have_a_leader(self) -> bool:
        return self.loop.time() < self.deleted_at + RENEW_DEADLINE and self.server.lease is None

    @rule(length=seconds)
    def time_passes(self, length: float) -> None:
        end = self.loop.time() + length
        while self.loop.time() < end:
            self.do(asyncio.sleep(0.5))
            self.there_are_not_two_leaders()
            self.do(self._report())
            self.there_are_three_again()

    async def _report(self) -> None:
        """Do what the reporting loop does: take a number, copy the ceiling to the journal, then use it.

        The journal is only read once a Lease was deleted, so that the Lease has to do for all other cases.
        """
        for process in self.alive:
            leadership = process.leadership
            with suppress(NotLeadingError, TimeoutError):
                if leadership.is_leader and process not in self.leaders:
                    await leadership.start_above([self.journal] if self.deleted_at > 0 else [])
                    self.leaders.append(process)
                async with asyncio.timeout(5):
                    process.numbers.append(await leadership.next_number())
                process.ceiling = leadership.ceiling
                self.journal = max(self.journal, leadership.ceiling)

    @invariant()
    def there_are_not_two_leaders(self) -> None:
        assert sum(process.leadership.is_leader for process in self.alive) <= 1

    @invariant()
    def whoever_leads_no_more_is_told_within_milliseconds(self) -> None:
        for leadership in (process.leadership for process in self.leaders):
            if not leadership.is_leader and not leadership.lost.is_set():
                self.do(asyncio.sleep(0.01))
                assert leadership.lost.is_set()

    @invariant()
    def numbers_of_a_later_leader_are_above_what_every_earlier_one_may_issue(self) -> None:
        highest = 0
        for process in self.leaders:
            assert process.numbers == sorted(set(process.numbers))
            assert not process.numbers or process.numbers[0] > highest
            assert not process.numbers or process.numbers[-1] <= process.ceiling
            highest = max(highest, process.bound)

    def teardown(self) -> None:
        self.all_wires_are_repaired()
        self.do(asyncio.sleep(40))
        if any(not process.task.done() for process in self.alive):
            assert sum(process.leadership.is_leader for process in self.alive) == 1
        for process in self.alive:
            self.do(self._stop(process))
        self.loop.close()


TestCandidates = Candidates.TestCase
TestCandidates.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
