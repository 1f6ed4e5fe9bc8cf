"""How a rollout ended, as an earlier leader has told Jira and nobody else."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from rollout_reporter.cluster.api import UnavailableError
from rollout_reporter.controller.book import Tracked
from rollout_reporter.controller.inheritance import PATIENCE, Inheritance, honoured
from rollout_reporter.core.ledger import Entry, Ledger
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.core.report import DeploymentKey, State, Update
from rollout_reporter.jira.payload import submit_request
from rollout_reporter.jira.schemas import DeploymentData
from unit.controller.fake_jira import DOWN
from unit.core.situations import NOW, entry, ref

SUPERSEDED = entry(state=State.UNKNOWN, because="superseded while nobody looked")
FORBIDDEN = Trouble(TroubleReason.FORBIDDEN, "Jira refuses this credential.")


@dataclass
class Jira:
    """Holds something, or nothing."""

    held: DeploymentData | Trouble | None = None
    asked: list[DeploymentKey] = field(default_factory=list)

    async def stored(self, key: DeploymentKey) -> DeploymentData | Trouble | None:
        self.asked.append(key)
        return self.held


class Leader:
    """A new one, with a clock of its own."""

    def __init__(self, jira: Jira) -> None:
        self.time = NOW
        self.tracked = Tracked(ledger=Ledger(ref()), inherited={("default", SUPERSEDED.key)})
        self._inheritance = Inheritance(lambda _: jira, self.now)

    def now(self) -> datetime:
        return self.time

    async def closes(self, one: Entry) -> Entry | None:
        """What becomes of an entry that is about to be closed."""
        planned = Ledger(ref(), (one,))
        return honoured(planned, await self._inheritance.ends(self.tracked, planned)).current


@pytest.fixture
def jira() -> Jira:
    return Jira()


@pytest.fixture
def leader(jira: Jira) -> Leader:
    return Leader(jira)


def told(state: State) -> DeploymentData:
    report = entry(state=state, since=NOW - timedelta(minutes=3)).report
    return submit_request([Update(report, 100)], site_url="https://example.atlassian.net").deployments[0]


@pytest.mark.parametrize("guess", [State.UNKNOWN, State.CANCELLED])
@pytest.mark.parametrize("end", [State.SUCCESSFUL, State.FAILED])
async def test_the_end_that_jira_was_told_stands_and_so_does_its_time(
    guess: State, end: State, leader: Leader, jira: Jira
) -> None:
    jira.held = told(end)
    found = await leader.closes(entry(state=guess))

    assert found is not None
    assert found.state is end
    assert found.since == NOW - timedelta(minutes=3)
    assert found.is_due


@pytest.mark.parametrize("held", [None, told(State.IN_PROGRESS), FORBIDDEN])
async def test_what_jira_does_not_know_either_stays_a_guess(
    held: DeploymentData | Trouble | None, leader: Leader, jira: Jira
) -> None:
    jira.held = held
    assert await leader.closes(SUPERSEDED) == SUPERSEDED


async def test_jira_is_asked_once_and_only_about_what_is_closed_without_having_been_seen(
    leader: Leader, jira: Jira
) -> None:
    for state in (State.IN_PROGRESS, State.SUCCESSFUL, State.ROLLED_BACK):
        await leader.closes(entry(state=state))
    assert jira.asked == []

    for _ in range(2):
        await leader.closes(SUPERSEDED)
    assert jira.asked == [SUPERSEDED.key]


async def test_what_this_leader_has_begun_itself_is_not_asked_about(leader: Leader, jira: Jira) -> None:
    leader.tracked.inherited.clear()
    await leader.closes(SUPERSEDED)

    assert jira.asked == []


async def test_while_jira_cannot_tell_nothing_is_closed_but_not_for_ever(leader: Leader, jira: Jira) -> None:
    jira.held = DOWN
    with pytest.raises(UnavailableError, match="cannot tell yet"):
        await leader.closes(SUPERSEDED)

    leader.time += PATIENCE
    assert await leader.closes(SUPERSEDED) == SUPERSEDED
