"""What a new leader knows of open deployments where somebody has deleted the journal."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from rollout_reporter.cluster.journal_pages import Listed
from rollout_reporter.cluster.reports import StoredReport
from rollout_reporter.controller.book import Book
from rollout_reporter.controller.lost_journal import PATIENCE, Rebuilt, rebuild
from rollout_reporter.controller.readback import Holder
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.core.report import DeploymentKey, State
from rollout_reporter.jira.schemas import DeploymentData
from unit.controller.fake_jira import DOWN
from unit.core.situations import NOW, accepted, entry, ref

pytestmark = pytest.mark.looptime

UNDER_WAY = accepted(entry(state=State.IN_PROGRESS), number=100)
LIMITED = Trouble(TroubleReason.RATE_LIMITED, "Jira asks for fewer requests.", timedelta(seconds=3))
LATER = NOW + timedelta(seconds=5)


@dataclass
class Jira:
    """Holds some deployments, and may hang when it is asked for one of them."""

    held: dict[int, DeploymentData | Trouble] = field(default_factory=dict)
    hangs_at: int | None = None
    moody: deque[Trouble] = field(default_factory=deque)
    """What it says first."""
    asked: list[int] = field(default_factory=list)

    async def stored(self, key: DeploymentKey) -> DeploymentData | Trouble | None:
        self.asked.append(key.number)
        if key.number == self.hangs_at:
            await asyncio.Event().wait()
        if self.moody:
            return self.moody.popleft()
        return self.held.get(key.number)


def holding(state: State, update_number: int, *, number: int = UNDER_WAY.number) -> Jira:
    return Jira({number: data(state, update_number)})


def data(state: State, update_number: int) -> DeploymentData:
    return DeploymentData(
        deployment_sequence_number=UNDER_WAY.number,
        update_sequence_number=update_number,
        state=state,
        last_updated=LATER,
    )


async def rebuilt(jira: Holder | Trouble, *entries: Entry) -> Rebuilt:
    report = StoredReport(Ledger(ref(), entries), (), "7", "ops")
    return await rebuild([report], (), lambda _: jira)


def book(found: Rebuilt, *entries: Entry) -> Book:
    report = StoredReport(Ledger(ref(), entries), (), "7", "ops")
    return Book.of([report], found.listed, NOW)


def due(found: Rebuilt, *entries: Entry) -> list[str]:
    """States that a new leader tells Jira before it has seen the workload."""
    return [each.state.value for each in book(found, *entries)[ref().place].due.values()]


@pytest.mark.parametrize("end", [each for each in State if not each.is_open])
async def test_an_end_that_jira_was_told_without_a_record_of_it_is_the_truth(end: State) -> None:
    found = await rebuilt(holding(end, 101), UNDER_WAY)

    [known] = book(found, UNDER_WAY)[ref().place].ledger.entries
    assert (known.state, known.since, known.key) == (end, LATER, UNDER_WAY.key)
    assert known.because == "Jira was told so by an earlier leader"
    assert found.numbers == (101,)


async def test_jira_is_asked_again_if_it_does_not_answer_at_once() -> None:
    jira = holding(State.SUCCESSFUL, 101)
    jira.moody += [DOWN, LIMITED]
    found = await rebuilt(jira, UNDER_WAY)

    assert found.numbers == (101,)


async def test_what_another_page_still_lists_is_known() -> None:
    jira = holding(State.SUCCESSFUL, 101)
    report = StoredReport(Ledger(ref(), (UNDER_WAY,)), (), "7", "ops")
    found = await rebuild([report], [Listed(ref(), UNDER_WAY, NOW)], lambda _: jira)

    assert found == Rebuilt((), ())
    assert jira.asked == []


@pytest.mark.parametrize(
    "jira",
    [
        pytest.param(holding(State.SUCCESSFUL, 100), id="what the record says"),
        pytest.param(holding(State.SUCCESSFUL, 99), id="an older end"),
        pytest.param(holding(State.PENDING, 101), id="no end"),
        pytest.param(Jira(), id="nothing"),
        pytest.param(Jira({UNDER_WAY.number: DOWN}), id="an outage"),
        pytest.param(DOWN, id="no way to it"),
    ],
)
async def test_else_what_is_on_record_is_told_once_the_workload_says_so_itself(
    jira: Holder | Trouble,
) -> None:
    """An earlier leader may have told more than it could write down."""
    found = await rebuilt(jira, UNDER_WAY)

    place = book(found, UNDER_WAY)[ref().place]
    assert place.ledger.entries == (UNDER_WAY,)
    assert place.inherited == {("default", UNDER_WAY.key)}


async def test_what_was_about_to_be_sent_may_have_been_followed_by_its_end() -> None:
    unsent = entry(state=State.IN_PROGRESS)

    assert due(await rebuilt(DOWN, unsent), unsent) == []
    assert due(await rebuilt(holding(State.FAILED, 1), unsent), unsent) == ["failed"]


async def test_what_no_controller_had_taken_up_has_no_end_of_its_own() -> None:
    waiting = accepted(entry(state=State.PENDING, rollout_id=None), number=100)
    found = await rebuilt(holding(State.SUCCESSFUL, 101), waiting)

    assert book(found, waiting)[ref().place].ledger.entries == (waiting,)


async def test_jira_is_not_asked_for_what_is_over() -> None:
    jira = Jira()
    await rebuilt(jira, accepted(entry()))

    assert jira.asked == []


async def test_a_jira_that_hangs_does_not_keep_the_leader_from_its_work(looptime: Any) -> None:
    other = accepted(entry(state=State.IN_PROGRESS, number=1, rollout_id="3-release-3"), number=90)
    jira = holding(State.SUCCESSFUL, 101)
    jira.hangs_at = other.number

    found = await rebuilt(jira, other, UNDER_WAY)

    assert looptime == PATIENCE.total_seconds()
    assert [each.entry.state.value for each in found.listed] == ["in_progress", "successful"]


async def test_a_person_reads_why_jira_was_asked(caplog: pytest.LogCaptureFixture) -> None:
    await rebuilt(holding(State.SUCCESSFUL, 101), UNDER_WAY)

    assert "the journal, or a page of it, is missing" in caplog.text
    assert "about 1 open deployments on record, has answered about 1, and holds the end of 1" in caplog.text


async def test_nobody_has_lost_a_journal_who_has_nothing_on_record(caplog: pytest.LogCaptureFixture) -> None:
    found = await rebuilt(Jira())

    assert found == Rebuilt((), ())
    assert caplog.text == ""
