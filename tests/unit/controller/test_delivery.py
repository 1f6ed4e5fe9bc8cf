"""Whatever order of puts, failures and answers: Jira ends with the newest report of each deployment."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rollout_reporter.core.outcome import Rejected, Trouble, TroubleReason
from rollout_reporter.core.report import DeploymentKey, Report, State
from unit.controller.fake_jira import DOWN, Desk, FakeJira, Loop, Mishap, item, sender_to

LONG_ENOUGH = 3600.0
EXACT = 2.0**-20
"""Time moves in steps of this, so that sums of times have no rounding errors to wait for."""

troubles = st.builds(
    Trouble,
    st.sampled_from(TroubleReason),
    st.just("no"),
    st.none() | st.sampled_from([timedelta(seconds=1), timedelta(seconds=90)]),
)


class Delivery(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = Loop(noop_cycles=8, resolution=EXACT)
        self.jira, self.desk = FakeJira(), Desk()
        self.sender = sender_to(self.jira, self.desk)
        self.newest: dict[DeploymentKey, Report] = {}
        self.written = 0

    def do(self, what: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(what)

    @initialize(seconds=st.sampled_from([0.0, 0.05, 3.0]), most=st.sampled_from([1, 2, 100]))
    def begin(self, seconds: float, most: int) -> None:
        self.jira.seconds, self.jira.most = seconds, most
        self.task = self.loop.create_task(self.sender.run())

    @rule(
        name=st.sampled_from("abcde"),
        state=st.sampled_from(State),
        linger=st.sampled_from([0.0, 2.0**-5, 5.0]),
        is_news=st.booleans(),
    )
    def put(self, name: str, state: State, linger: float, *, is_news: bool) -> None:
        self.written += is_news
        one = item(name, state=state, description=f"text {self.written}")
        self.newest[one.report.key] = one.report

        async def put() -> None:
            self.sender.outbox.put(one, linger=timedelta(seconds=linger))

        self.do(put())

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.06, 1.2, 6.0, 70.0]))
    def wait(self, seconds: float) -> None:
        self.do(asyncio.sleep(seconds))

    @rule(mishap=troubles | st.sampled_from(Mishap) | st.just(DOWN))
    def something_will_go_wrong(self, mishap: Trouble | Mishap) -> None:
        self.jira.next.append(mishap)

    @rule(closed=st.booleans())
    def the_journal_can_be_written_or_not(self, *, closed: bool) -> None:
        self.desk.closed = closed

    @invariant()
    def whatever_was_sent_had_been_noted_down(self) -> None:
        sent = {update.report.key for _, updates in self.jira.requests for update in updates}
        assert sent <= self.desk.enlisted

    @rule()
    def hurry(self) -> None:
        self.sender.hurry()

    @invariant()
    def no_number_is_lower_than_one_that_was_sent_before(self) -> None:
        """Equal ones are the halves of a request that Jira has refused as a whole."""
        last: dict[DeploymentKey, int] = {}
        for _, updates in self.jira.requests:
            for update in updates:
                assert update.number >= last.get(update.report.key, 0)
                last[update.report.key] = update.number

    def teardown(self) -> None:
        try:
            if hasattr(self, "task"):
                self.the_newest_arrives()
        finally:
            self.loop.close()

    def the_newest_arrives(self) -> None:
        self.desk.closed = False
        self.do(asyncio.sleep(LONG_ENOUGH))
        assert not self.task.done()
        self.task.cancel()
        self.do(_ended(self.task))
        rejected = {
            update.report for _, update, outcome in self.desk.settled if isinstance(outcome, Rejected)
        }
        held = {key: update.report for key, update in self.jira.held.items()}
        expected = {key: report for key, report in self.newest.items() if report not in rejected}

        assert self.sender.outbox.is_empty
        assert {key: held.get(key) for key in expected} == expected


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
