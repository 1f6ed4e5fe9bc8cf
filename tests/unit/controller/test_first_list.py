from rollout_reporter.controller.first_list import PATIENCE, FirstList


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_a_list_is_over_once_all_that_was_counted_is_listed() -> None:
    listed = FirstList(2, Clock())
    listed.count()
    assert listed.why_not_over() == "the watch has listed 1 of about 2 workloads"

    listed.count()
    assert listed.why_not_over() is None


def test_a_list_of_nothing_is_over_at_once() -> None:
    assert FirstList(0, Clock()).why_not_over() is None


def test_a_list_that_shows_nothing_more_is_over_too() -> None:
    """What was counted may have been deleted before it was listed."""
    clock = Clock()
    listed = FirstList(3, clock)
    clock.time = PATIENCE.total_seconds() - 1
    listed.count()
    clock.time += PATIENCE.total_seconds() - 1
    assert listed.why_not_over()

    clock.time += 1
    assert listed.why_not_over() is None
