from rollout_reporter.controller.first_list import PATIENCE, FirstList


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_a_list_is_over_once_all_that_was_counted_is_listed() -> None:
    listed = FirstList(2, Clock())
    listed.see(is_listed=True)
    assert listed.why_not_over() == "the watch has listed 1 of about 2 workloads"

    listed.see(is_listed=True)
    assert listed.why_not_over() is None


def test_a_list_of_nothing_is_over_at_once() -> None:
    assert FirstList(0, Clock()).why_not_over() is None


def test_a_list_that_shows_nothing_more_is_over_too() -> None:
    """What was counted may have been deleted before it was listed."""
    clock = Clock()
    listed = FirstList(3, clock)
    clock.time = PATIENCE.total_seconds() - 1
    listed.see(is_listed=True)
    clock.time += PATIENCE.total_seconds() - 1
    assert listed.why_not_over()

    clock.time += 1
    assert listed.why_not_over() is None


def test_a_list_that_has_shown_nothing_at_all_is_not_over() -> None:
    """As of a watch that cannot connect: a pod that sees nothing must not call itself ready."""
    clock = Clock()
    listed = FirstList(1, clock)
    clock.time = 1000 * PATIENCE.total_seconds()
    assert listed.why_not_over() == "the watch has listed 0 of about 1 workloads"


def test_a_watch_of_which_all_was_deleted_while_it_began_is_open_once_it_shows_something() -> None:
    clock = Clock()
    listed = FirstList(1, clock)
    clock.time = PATIENCE.total_seconds()

    listed.see(is_listed=False)

    assert listed.why_not_over() is None
