"""A wait that Jira asks for is kept to by everybody."""

from datetime import timedelta

import httpx
import pytest

from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.jira.patience import Patience
from rollout_reporter.jira.wire import Call, Reply, Wire, http_client

CALL = Call("GET", "https://example.atlassian.net/_edge/tenant_info")


class Clock:
    """Monotonic seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Jira:
    """Answers what it is told to, and counts."""

    def __init__(self) -> None:
        self.answer = httpx.Response(200)
        self.asked = 0

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        return self.answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jira() -> Jira:
    return Jira()


def limited(seconds: float | None) -> Trouble:
    wait = None if seconds is None else timedelta(seconds=seconds)
    return Trouble(TroubleReason.RATE_LIMITED, "Jira asks for fewer requests.", wait)


def test_what_is_left_of_a_wait_is_told_until_it_is_over(clock: Clock) -> None:
    patience = Patience(clock)
    patience.wait(limited(60))
    clock.now += 20
    found = patience.trouble()
    clock.now += 40

    assert found == limited(40)
    assert patience.trouble() is None


def test_the_deadline_only_moves_forward(clock: Clock) -> None:
    patience = Patience(clock)
    for seconds in (60, 5, None):
        patience.wait(limited(seconds))
    assert patience.trouble() == limited(60)

    patience.wait(limited(90))
    assert patience.trouble() == limited(90)


@pytest.mark.parametrize("status", [429, 503])
async def test_nobody_asks_a_site_again_before_the_time_that_it_has_named(
    status: int, clock: Clock, jira: Jira
) -> None:
    patience = Patience(clock)
    one, other = (Wire(http_client(transport=httpx.MockTransport(jira)), patience=patience) for _ in range(2))
    jira.answer = httpx.Response(status, headers={"Retry-After": "30"})
    assert isinstance(await one.exchange(CALL), Reply)
    jira.answer = httpx.Response(200)
    clock.now += 29
    waiting = await other.exchange(CALL)

    assert isinstance(waiting, Trouble)
    assert waiting.retry_after == timedelta(seconds=1)
    assert jira.asked == 1

    clock.now += 1
    assert isinstance(await other.exchange(CALL), Reply)


async def test_without_a_named_time_the_caller_decides_when_to_ask_again(clock: Clock, jira: Jira) -> None:
    wire = Wire(http_client(transport=httpx.MockTransport(jira)), patience=Patience(clock))
    jira.answer = httpx.Response(429)
    for _ in range(2):
        await wire.exchange(CALL)

    assert jira.asked == 2


async def test_a_time_of_day_is_read_by_the_clock_of_the_answer(clock: Clock, jira: Jira) -> None:
    """Ours may be hours off."""
    patience = Patience(clock)
    jira.answer = httpx.Response(
        429,
        headers={
            "Date": "Tue, 01 Jan 2030 10:00:00 GMT",
            "Retry-After": "Tue, 01 Jan 2030 10:00:30 GMT",
        },
    )
    await Wire(http_client(transport=httpx.MockTransport(jira)), patience=patience).exchange(CALL)

    assert patience.trouble() is not None
    clock.now += 30
    assert patience.trouble() is None
