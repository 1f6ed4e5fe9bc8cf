import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.core.numbers import DAY_MS, HEADROOM_MS, LIMIT, CeilingReachedError, UpdateClock

NOW = 1_795_507_200_000


def clock_at(now_ms: int) -> UpdateClock:
    clock = UpdateClock()
    clock.raise_ceiling(clock.next_ceiling(now_ms))
    return clock


def test_a_number_is_the_time_in_milliseconds() -> None:
    assert clock_at(NOW).issue(NOW + 5) == NOW + 5


def test_two_numbers_in_one_millisecond_differ() -> None:
    clock = clock_at(NOW)

    assert [clock.issue(NOW) for _ in range(3)] == [NOW, NOW + 1, NOW + 2]


def test_numbers_go_on_growing_when_the_time_falls() -> None:
    clock = clock_at(NOW)
    clock.issue(NOW)

    assert clock.issue(NOW - 3_600_000) == NOW + 1


def test_nothing_is_issued_before_a_ceiling_is_on_record() -> None:
    with pytest.raises(CeilingReachedError):
        UpdateClock().issue(NOW)


def test_the_ceiling_itself_is_the_last_number_below_it() -> None:
    clock = UpdateClock()
    clock.raise_ceiling(NOW + 1)

    assert [clock.issue(NOW), clock.issue(NOW)] == [NOW, NOW + 1]
    with pytest.raises(CeilingReachedError):
        clock.issue(NOW)


def test_a_number_refused_is_not_used_up() -> None:
    clock = UpdateClock()
    with pytest.raises(CeilingReachedError):
        clock.issue(NOW)
    clock.raise_ceiling(NOW)

    assert clock.issue(NOW) == NOW


def test_a_ceiling_is_raised_by_the_headroom_above_what_is_in_use() -> None:
    clock = clock_at(NOW)
    assert clock.ceiling == NOW + HEADROOM_MS

    clock.start_above([NOW + 5_000], NOW)

    assert clock.next_ceiling(NOW) == NOW + 5_000 + HEADROOM_MS


def test_a_ceiling_on_record_is_never_lowered() -> None:
    clock = clock_at(NOW)
    clock.raise_ceiling(NOW)

    assert clock.ceiling == NOW + HEADROOM_MS
    assert clock.next_ceiling(NOW - DAY_MS) == clock.ceiling


def test_a_new_leader_starts_above_everything_stored() -> None:
    old = clock_at(NOW)
    new = UpdateClock()
    assert new.start_above([old.ceiling, NOW - 7, 0], NOW) == ()
    new.raise_ceiling(new.next_ceiling(NOW))

    assert new.issue(NOW) == old.ceiling + 1


def test_a_stored_number_more_than_a_day_ahead_is_ignored_and_named() -> None:
    clock = clock_at(NOW)

    assert clock.start_above([NOW + DAY_MS + 1, NOW + 3], NOW) == (NOW + DAY_MS + 1,)
    assert clock.issue(NOW) == NOW + 4


def test_a_stored_number_a_day_ahead_is_believed_and_waited_for() -> None:
    clock = UpdateClock()
    assert clock.start_above([NOW + DAY_MS], NOW) == ()
    clock.raise_ceiling(clock.next_ceiling(NOW))

    with pytest.raises(CeilingReachedError):
        clock.issue(NOW)
    clock.raise_ceiling(clock.next_ceiling(NOW + 2_000))
    assert clock.issue(NOW + 2_000) == NOW + DAY_MS + 1


def test_no_number_is_issued_more_than_a_day_ahead_although_the_ceiling_would_allow_it() -> None:
    clock = clock_at(NOW)
    clock.start_above([NOW], NOW)

    with pytest.raises(CeilingReachedError):
        clock.issue(NOW - DAY_MS)


def test_a_write_out_of_turn_is_worth_it_when_a_burst_has_used_up_the_headroom() -> None:
    clock = clock_at(NOW)
    assert not clock.is_worth_raising(NOW)

    clock.start_above([clock.ceiling], NOW)

    assert clock.is_worth_raising(NOW)


def test_a_write_out_of_turn_is_not_worth_it_where_the_day_is_the_limit() -> None:
    clock = UpdateClock()
    clock.start_above([NOW + DAY_MS], NOW)
    clock.raise_ceiling(clock.next_ceiling(NOW))

    assert not clock.is_worth_raising(NOW + 10)


steps = st.tuples(st.sampled_from(["issue", "raise", "restart"]), st.integers(-3_600_000, 3_600_000))


@given(st.lists(steps, max_size=60))
def test_numbers_never_repeat_nor_fall_over_restarts_and_wandering_time(taken: list[tuple[str, int]]) -> None:
    clock, ceiling_on_record, issued = UpdateClock(), 0, [0]
    for what, offset in taken:
        now = NOW + offset
        if what == "restart":
            clock = UpdateClock()
            clock.start_above([ceiling_on_record], now)
        if what == "raise":
            ceiling_on_record = clock.next_ceiling(now)
            clock.raise_ceiling(ceiling_on_record)
        try:
            issued.append(clock.issue(now))
        except CeilingReachedError:
            continue
        assert issued[-2] < issued[-1] <= min(ceiling_on_record, now + DAY_MS) < LIMIT
