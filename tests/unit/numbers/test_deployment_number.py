from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.core.numbers import LIMIT, NumberOutOfRangeError, deployment_number

CREATED = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)

moments = st.datetimes(datetime(2015, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
revisions = st.integers(0, 5_000_000)


def test_it_is_the_second_of_creation_followed_by_the_revision() -> None:
    assert deployment_number(CREATED, 17, None) == 1_795_507_200_000_017


def test_it_is_the_same_in_every_time_zone() -> None:
    elsewhere = CREATED.astimezone(timezone(timedelta(hours=5, minutes=45)))

    assert deployment_number(elsewhere, 17, None) == deployment_number(CREATED, 17, None)


def test_a_workload_made_again_goes_on_above_the_old_one_although_its_revision_restarts() -> None:
    old = deployment_number(CREATED, 4711, None)

    assert deployment_number(CREATED + timedelta(seconds=1), 1, None) > old


def test_a_revision_that_falls_still_gets_a_higher_number_than_the_record() -> None:
    highest = deployment_number(CREATED, 9, None)

    assert deployment_number(CREATED, 3, highest) == highest + 1


def test_a_record_that_is_behind_changes_nothing() -> None:
    assert deployment_number(CREATED, 9, 5) == deployment_number(CREATED, 9, None)


def test_the_millionth_revision_shares_no_number_with_another_one() -> None:
    numbers = [deployment_number(CREATED, revision, None) for revision in range(999_990, 1_000_010)]

    assert numbers == sorted(set(numbers))


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        deployment_number(CREATED.replace(tzinfo=None), 1, None)


def test_a_negative_revision_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        deployment_number(CREATED, -1, None)


def test_a_time_before_1970_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        deployment_number(datetime(1969, 12, 31, tzinfo=UTC), 1, None)


@pytest.mark.parametrize(("revision", "highest"), [(LIMIT, None), (1, LIMIT - 1)])
def test_a_number_that_would_be_rounded_is_refused(revision: int, highest: int | None) -> None:
    with pytest.raises(NumberOutOfRangeError):
        deployment_number(CREATED, revision, highest)


@given(moments, st.lists(revisions, min_size=1, max_size=20))
def test_recorded_numbers_grow_whatever_the_revisions_do(created: datetime, seen: list[int]) -> None:
    highest: int | None = None
    for revision in seen:
        number = deployment_number(created, revision, highest)

        assert highest is None or number > highest
        assert number < LIMIT
        highest = number
