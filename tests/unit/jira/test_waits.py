from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.jira.waits import LONGEST, requested_wait

NOW = datetime(2026, 11, 24, 8, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5),
        (" 2.5 ", 2.5),
        ("Tue, 24 Nov 2026 08:01:00 GMT", 30),
        ("Tue, 24 Nov 2026 08:01:00 -0000", 30),
        ("99999999999999999999", LONGEST.total_seconds()),
        ("9" * 500, LONGEST.total_seconds()),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float) -> None:
    assert requested_wait({"retry-after": value}, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "0", "-5", "soon", "nan", "Tue, 24 Nov 2026 07:00:00 GMT", "\u0665"])
def test_a_retry_after_that_says_nothing_is_none(value: str) -> None:
    assert requested_wait({"retry-after": value}, NOW) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-11-24T08:02Z", 90),
        ("2026-11-24T08:02:10Z", 100),
        ("2026-11-24T10:02+02:00", 90),
        ("2026-11-24T08:02", 90),
    ],
)
def test_the_reset_of_the_limit_may_lack_seconds(value: str, seconds: float) -> None:
    assert requested_wait({"x-ratelimit-reset": value}, NOW) == timedelta(seconds=seconds)


def test_a_reset_within_the_present_minute_means_its_end() -> None:
    assert requested_wait({"x-ratelimit-reset": "2026-11-24T08:00Z"}, NOW) == timedelta(seconds=30)


def test_a_reset_in_the_past_is_none() -> None:
    assert requested_wait({"x-ratelimit-reset": "2026-11-24T07:59Z"}, NOW) is None


def test_retry_after_comes_before_the_reset() -> None:
    headers = {"retry-after": "5", "x-ratelimit-reset": "2026-11-24T08:02Z"}
    assert requested_wait(headers, NOW) == timedelta(seconds=5)


def test_the_reset_serves_where_retry_after_says_nothing() -> None:
    headers = {"retry-after": "soon", "x-ratelimit-reset": "2026-11-24T08:02Z"}
    assert requested_wait(headers, NOW) == timedelta(seconds=90)


@given(st.text() | st.datetimes().map(str) | st.integers().map(str), st.text() | st.datetimes().map(str))
def test_any_values_give_a_bounded_wait_or_none(retry_after: str, reset: str) -> None:
    wait = requested_wait({"retry-after": retry_after, "x-ratelimit-reset": reset}, NOW)
    assert wait is None or timedelta(0) < wait <= LONGEST
