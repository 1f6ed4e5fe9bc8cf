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
        ("60s", 60),
        ("60, 60", 60),
        ("5, 60, soon", 60),
        ("Tue, 24 Nov 2026 08:01:00 GMT", 30),
        ("Tue, 24 Nov 2026 08:01:00 -0000", 30),
        ("Tue, 24 Nov 2026 08:01:00 GMT, 5", 30),
        ("Tuesday, 24-Nov-26 08:01:00 GMT", 30),
        ("2026-11-24T08:01:00Z", 30),
        ("99999999999999999999", LONGEST.total_seconds()),
        ("9" * 500, LONGEST.total_seconds()),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_the_longest_of_several(value: str, seconds: float) -> None:
    assert requested_wait({"retry-after": value}, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "0", "-5", "soon", "nan", "Tue, 24 Nov 2026 07:00:00 GMT", "\u0665"])
def test_a_retry_after_that_says_nothing_is_none(value: str) -> None:
    assert requested_wait({"retry-after": value}, NOW) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-11-24T08:02Z", 150),
        ("2026-11-24T10:02+02:00", 150),
        ("2026-11-24T08:02", 150),
        ("2026-11-24T08:00Z", 30),
        ("2026-11-24T08:02:10Z", 100),
        ("2026-11-24T10:02:10+02:00", 100),
    ],
)
def test_a_reset_to_the_minute_means_its_end(value: str, seconds: float) -> None:
    assert requested_wait({"x-ratelimit-reset": value}, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Tue, 24 Nov 2026 08:02:00 GMT", 90),
        (str(int(NOW.timestamp()) + 90), 91),
        (f"{int(NOW.timestamp()) + 90}500", 91),
        ("90", 90),
    ],
)
def test_a_reset_may_be_told_as_gateways_do(value: str, seconds: float) -> None:
    assert requested_wait({"x-ratelimit-reset": value}, NOW) == timedelta(seconds=seconds)


def test_a_reset_in_the_past_is_none() -> None:
    assert requested_wait({"x-ratelimit-reset": "2026-11-24T07:59Z"}, NOW) is None


def test_retry_after_comes_before_the_reset() -> None:
    headers = {"retry-after": "5", "x-ratelimit-reset": "2026-11-24T08:02Z"}
    assert requested_wait(headers, NOW) == timedelta(seconds=5)


@pytest.mark.parametrize("value", ["soon", "0", "-5", "Tue, 24 Nov 2026 07:00:00 GMT"])
def test_the_reset_serves_where_retry_after_says_nothing(value: str) -> None:
    headers = {"retry-after": value, "x-ratelimit-reset": "2026-11-24T08:02:00Z"}
    assert requested_wait(headers, NOW) == timedelta(seconds=90)


@given(st.text() | st.datetimes().map(str) | st.integers().map(str), st.text() | st.datetimes().map(str))
def test_any_values_give_a_bounded_wait_or_none(retry_after: str, reset: str) -> None:
    wait = requested_wait({"retry-after": retry_after, "x-ratelimit-reset": reset}, NOW)
    assert wait is None or timedelta(0) < wait <= LONGEST
