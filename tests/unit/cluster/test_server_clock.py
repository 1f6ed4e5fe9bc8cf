"""The API server's time, from `Date` headers that are cut to seconds and come late."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.cluster.server_clock import ServerClock

START = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def date(true_seconds: float) -> datetime:
    """What an answer says that was written so many seconds after the start."""
    return START + timedelta(seconds=int(true_seconds))


@given(st.lists(st.tuples(st.floats(0.5, 3), st.floats(0, 0.9)), min_size=1, max_size=50))
def test_time_never_steps_back_and_is_never_ahead(answers: list[tuple[float, float]]) -> None:
    clock = ServerClock(date(0), 0.0)
    written = 0.0
    for pause, late in answers:
        written += pause
        read = written + late
        before = clock.at(read)
        clock = clock.after(date(written), read)
        told = clock.at(read)

        assert told >= before - timedelta(microseconds=2)
        assert told <= START + timedelta(seconds=read) + timedelta(microseconds=2)


def test_of_dates_that_agree_the_one_that_is_ahead_counts() -> None:
    clock = ServerClock(date(0.9), 0.9).after(date(3.05), 3.05)
    assert clock.at(3.05) == date(3.05)
    assert clock.after(date(4.9), 4.9).at(4.9) == START + timedelta(seconds=4.85)


def test_a_clock_that_is_set_is_followed() -> None:
    clock = ServerClock(date(10), 10.0)
    hour = timedelta(hours=1)
    assert clock.after(date(12) - hour, 12.0).at(12.0) == date(12) - hour
    assert clock.after(date(12) + hour, 12.0).at(12.0) == date(12) + hour
