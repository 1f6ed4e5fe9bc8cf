"""Whether Jira holds what it has accepted."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from rollout_reporter.controller.readback import DELAY, LOOKS, MOST_AGAIN, ReadBack
from rollout_reporter.core.outcome import Trouble
from rollout_reporter.core.report import DeploymentKey, Update
from rollout_reporter.core.workload import Place
from rollout_reporter.jira.payload import submit_request
from rollout_reporter.jira.schemas import DeploymentData
from unit.controller.fake_jira import DOWN, item

pytestmark = pytest.mark.looptime

A_WHILE = DELAY.total_seconds() * (LOOKS + 2)


@dataclass
class Jira:
    """Holds something, or nothing."""

    held: DeploymentData | Trouble | Exception | None = None
    looks: int = 0

    async def stored(self, key: DeploymentKey) -> DeploymentData | Trouble | None:  # noqa: ARG002 (there is one)
        self.looks += 1
        if isinstance(self.held, Exception):
            raise self.held
        return self.held


@dataclass
class Desk:
    """Hears what is to be sent again."""

    again: list[int] = field(default_factory=list)
    above: list[int] = field(default_factory=list)

    def send(self, _: Place, update: Update) -> None:
        self.again.append(update.number)

    async def start_above(self, numbers: Iterable[int]) -> None:
        self.above += numbers


@pytest.fixture
def jira() -> Jira:
    return Jira()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@asynccontextmanager
async def reading(jira: Jira | Trouble, desk: Desk) -> AsyncIterator[ReadBack]:
    read_back = ReadBack(lambda _: jira, desk.send, desk.start_above)
    task = asyncio.create_task(read_back.run())
    try:
        yield read_back
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def update(number: int, **changes: Any) -> Update:
    return Update(item("checkout", 1, **changes).report, number)


def data(number: int) -> DeploymentData:
    [sent] = submit_request([update(number)], site_url="https://example.atlassian.net").deployments
    return DeploymentData.model_validate_json(sent.model_dump_json(by_alias=True))


def expect(read_back: ReadBack, number: int) -> None:
    read_back.expect("default", item().place, update(number))


async def test_what_jira_holds_is_looked_at_once(jira: Jira, desk: Desk) -> None:
    jira.held = data(100)
    async with reading(jira, desk) as read_back:
        expect(read_back, 100)
        await asyncio.sleep(A_WHILE)

    assert jira.looks == 1
    assert desk.again == []


@pytest.mark.parametrize("held", [None, data(99)])
async def test_what_jira_does_not_hold_after_a_while_is_sent_again(
    held: DeploymentData | None, jira: Jira, desk: Desk
) -> None:
    jira.held = held
    async with reading(jira, desk) as read_back:
        expect(read_back, 100)
        await asyncio.sleep(A_WHILE)

    assert jira.looks == LOOKS
    assert desk.again == [100]


async def test_jira_may_take_its_time(jira: Jira, desk: Desk) -> None:
    async with reading(jira, desk) as read_back:
        expect(read_back, 100)
        await asyncio.sleep(1.5 * DELAY.total_seconds())
        jira.held = data(100)
        await asyncio.sleep(A_WHILE)

    assert jira.looks == 2
    assert desk.again == []


async def test_a_higher_number_of_somebody_else_is_passed_before_it_is_sent_again(
    jira: Jira, desk: Desk
) -> None:
    jira.held = data(5000)
    async with reading(jira, desk) as read_back:
        expect(read_back, 100)
        await asyncio.sleep(A_WHILE)

    assert desk.above == [5000]
    assert desk.again == [100]


async def test_a_later_update_of_our_own_is_none_of_somebody_else(jira: Jira, desk: Desk) -> None:
    """Jira holds it before its answer is there; a rollout that goes on is not read back."""
    jira.held = data(101)
    async with reading(jira, desk) as read_back:
        expect(read_back, 100)
        await asyncio.sleep(1.5 * DELAY.total_seconds())
        read_back.forget("default", item().report.key)
        await asyncio.sleep(A_WHILE)

    assert jira.looks == 1
    assert desk.again == []


async def test_what_jira_never_holds_is_given_up_in_the_end(
    jira: Jira, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """A number far ahead is not believed, so it is never passed."""
    jira.held = data(5000)
    async with reading(jira, desk) as read_back:
        for number in range(100, 101 + MOST_AGAIN):
            assert "given up" not in caplog.text
            expect(read_back, number)
            await asyncio.sleep(A_WHILE)

    assert desk.again == list(range(100, 100 + MOST_AGAIN))
    assert "given up" in caplog.text


async def test_only_the_latest_update_of_a_deployment_is_expected(jira: Jira, desk: Desk) -> None:
    jira.held = data(101)
    async with reading(jira, desk) as read_back:
        expect(read_back, 100)
        expect(read_back, 101)
        await asyncio.sleep(A_WHILE)

    assert desk.again == []


@pytest.mark.parametrize("trouble", [DOWN, RuntimeError("never heard of")])
async def test_while_jira_cannot_be_asked_nothing_is_taken_for_lost(
    trouble: Trouble | Exception, jira: Jira, desk: Desk
) -> None:
    jira.held = trouble
    async with reading(jira, desk) as read_back:
        expect(read_back, 100)
        await asyncio.sleep(A_WHILE)
        assert desk.again == []

        jira.held = data(100)
        await asyncio.sleep(100)

    assert desk.again == []
    assert jira.looks == 2


async def test_without_a_way_to_the_site_it_waits(desk: Desk) -> None:
    async with reading(DOWN, desk) as read_back:
        expect(read_back, 100)
        await asyncio.sleep(A_WHILE)

    assert desk.again == []
