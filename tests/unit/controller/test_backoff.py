import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.controller.backoff import Backoff, Backoffs

SECOND = timedelta(seconds=1)
JITTER = 1.3


def test_delays_double_up_to_a_minute_and_jitter_is_only_added() -> None:
    backoff = Backoff()
    for least in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        assert least <= backoff.next() / SECOND <= least * JITTER


def test_after_a_success_they_begin_anew() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.next()
    backoff.reset()

    assert backoff.next() <= JITTER * SECOND


def test_two_do_not_come_back_in_step() -> None:
    assert len({Backoff().next() for _ in range(20)}) > 1


@given(st.integers(0, 200), st.timedeltas(timedelta(0), timedelta(hours=25)))
def test_no_delay_is_shorter_than_what_was_asked_for(failures: int, least: timedelta) -> None:
    backoff = Backoff()
    for _ in range(failures):
        backoff.next()
    delay = backoff.next(at_least=least)

    assert least <= delay <= max(least, timedelta(minutes=1)) * JITTER


@pytest.mark.parametrize("failures", [1, 100, 5000])
def test_however_often_it_fails_there_is_a_next_delay(failures: int) -> None:
    backoff = Backoff(first=timedelta(milliseconds=1), most=timedelta(seconds=3))
    delays = [backoff.next() for _ in range(failures)]

    assert max(delays) <= 3 * JITTER * SECOND


@pytest.mark.looptime
async def test_many_attempts_at_once_make_the_next_one_no_later() -> None:
    """As when a workload's status changes ten times in the second in which all is forbidden."""
    backoffs: Backoffs[str] = Backoffs()

    assert max(backoffs.next("cart") for _ in range(20)) <= JITTER * SECOND


@pytest.mark.looptime
async def test_what_fails_for_long_is_attempted_seldom_until_it_succeeds() -> None:
    backoffs: Backoffs[str] = Backoffs()
    for least in (1, 1, 2, 4, 8, 16, 32, 60, 60, 60):
        assert least <= backoffs.next("cart") / SECOND <= least * JITTER
        await asyncio.sleep(least)

    assert backoffs.next("shop") <= JITTER * SECOND
    backoffs.reset("cart")
    assert backoffs.next("cart") <= JITTER * SECOND


def test_a_long_wait_that_was_asked_for_is_made_longer_by_seconds_only() -> None:
    hour = timedelta(hours=1)

    assert max(Backoff().next(at_least=hour) for _ in range(50)) <= hour + timedelta(seconds=9)
