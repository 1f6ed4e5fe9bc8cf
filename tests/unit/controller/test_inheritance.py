"""How a rollout ended, as an earlier leader has told Jira and nobody else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from rollout_reporter.controller import inheritance
from rollout_reporter.controller.book import Tracked
from rollout_reporter.controller.inheritance import PATIENCE, Inheritance, NotToldYetError, honoured
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.core.report import DeploymentKey, State, Update
from rollout_reporter.core.workload import Place
from rollout_reporter.jira.payload import submit_request
from rollout_reporter.jira.schemas import DeploymentData
from unit.controller.fake_jira import DOWN
from unit.core.situations import NOW, entry, ref

SUPERSEDED = entry(state=State.UNKNOWN, because="superseded while nobody looked")
FORBIDDEN = Trouble(TroubleReason.FORBIDDEN, "Jira refuses this credential.")
NO_SITE = Trouble(TroubleReason.SITE_NOT_FOUND, "there is no JiraSite 'default'")


@dataclass
class Jira:
    """Holds something, or nothing, and may take its time to say so."""

    held: DeploymentData | Trouble | None = None
    asked: list[DeploymentKey] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    async def asked_so_often(self, times: int) -> None:
        while len(self.asked) < times:  # noqa: ASYNC110 (nothing else tells)
            await asyncio.sleep(0)

    async def stored(self, key: DeploymentKey) -> DeploymentData | Trouble | None:
        self.asked.append(key)
        await self.answers.wait()
        return self.held


class Leader:
    """A new one, with a clock of its own."""

    def __init__(self, jira: Jira) -> None:
        self.time = NOW
        self.link: Jira | Trouble = jira
        self.tracked = Tracked(ledger=Ledger(ref()), inherited={("default", SUPERSEDED.key)})
        self.told = asyncio.Queue[Place]()
        self.inheritance = Inheritance(lambda _: self.link, self.now, self.told.put_nowait)

    def now(self) -> datetime:
        return self.time

    def closes_now(self, one: Entry) -> Entry | None:
        """What becomes of an entry that is about to be closed."""
        planned = Ledger(ref(), (one,))
        return honoured(planned, self.inheritance.ends(self.tracked, planned)).current

    async def closes(self, one: Entry) -> Entry | None:
        """The same, once Jira has said what it knows."""
        try:
            return self.closes_now(one)
        except NotToldYetError:
            assert await self.told.get() == ref().place
            return self.closes_now(one)


@pytest.fixture
def jira() -> Jira:
    return Jira()


@pytest.fixture
async def leader(jira: Jira) -> AsyncIterator[Leader]:
    leader = Leader(jira)
    asking = asyncio.create_task(leader.inheritance.run())
    yield leader
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking


def told(state: State) -> DeploymentData:
    report = entry(state=state, since=NOW - timedelta(minutes=3)).report
    [sent] = submit_request([Update(report, 100)], site_url="https://example.atlassian.net").deployments
    return DeploymentData.model_validate_json(sent.model_dump_json(by_alias=True))


@pytest.mark.parametrize("guess", [State.UNKNOWN, State.CANCELLED])
@pytest.mark.parametrize("end", [State.SUCCESSFUL, State.FAILED, State.ROLLED_BACK, State.CANCELLED])
async def test_the_end_that_jira_was_told_stands_and_so_does_its_time(
    guess: State, end: State, leader: Leader, jira: Jira
) -> None:
    jira.held = told(end)
    found = await leader.closes(entry(state=guess))

    assert found is not None
    assert found.state is end
    assert found.since == NOW - timedelta(minutes=3)
    assert found.is_due


@pytest.mark.parametrize("held", [None, told(State.IN_PROGRESS)])
async def test_what_jira_does_not_know_either_stays_a_guess(
    held: DeploymentData | None, leader: Leader, jira: Jira
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


async def test_while_jira_cannot_tell_nothing_is_closed_but_not_for_ever(
    leader: Leader, jira: Jira, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inheritance, "AGAIN", timedelta(milliseconds=1))
    jira.held = DOWN
    for asked in range(1, 4):
        with pytest.raises(NotToldYetError):
            leader.closes_now(SUPERSEDED)
        await jira.asked_so_often(asked)
    assert leader.told.empty()

    leader.time += PATIENCE
    assert await leader.told.get() == ref().place
    assert leader.closes_now(SUPERSEDED) == SUPERSEDED


@pytest.mark.parametrize("trouble", [DOWN, FORBIDDEN, NO_SITE])
async def test_whatever_keeps_jira_from_telling_may_pass(
    trouble: Trouble, leader: Leader, jira: Jira, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A JiraSite or its Secret is away for a second while it is replaced."""
    monkeypatch.setattr(inheritance, "AGAIN", timedelta(milliseconds=1))
    jira.held, leader.link = told(State.SUCCESSFUL), trouble
    with pytest.raises(NotToldYetError):
        leader.closes_now(SUPERSEDED)
    await asyncio.sleep(0.01)
    leader.link = jira
    found = await leader.closes(SUPERSEDED)

    assert found is not None
    assert found.state is State.SUCCESSFUL


async def test_nobody_waits_for_a_jira_that_hangs_and_it_is_not_asked_twice(
    leader: Leader, jira: Jira
) -> None:
    jira.held = told(State.SUCCESSFUL)
    jira.answers.clear()
    for _ in range(3):
        with pytest.raises(NotToldYetError):
            leader.closes_now(SUPERSEDED)
        await jira.asked_so_often(1)

    jira.answers.set()
    found = await leader.closes(SUPERSEDED)
    assert found is not None
    assert found.state is State.SUCCESSFUL
    assert jira.asked == [SUPERSEDED.key]
