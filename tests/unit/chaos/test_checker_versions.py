"""What the checker makes of what was seen: which versions there were, and what became of each."""

from dataclasses import replace

from chaos.versions import End, Outcome, Version, histories
from unit.chaos.happenings import Happenings, moment


def test_a_version_begins_with_its_replica_set_and_ends_with_the_next_one() -> None:
    first, second = versions(Happenings().version(0, "1").completes(2).version(10, "2"))

    assert (first.outcome, first.decided) == (Outcome.SUCCESSFUL, moment(2))
    assert (first.end, first.ended) == (End.SUPERSEDED, moment(10))
    assert (second.revision, second.outcome, second.end) == (2, Outcome.UNDECIDED, End.LIVES)


def test_keys_are_those_that_came_with_the_version_and_its_template_comes_first() -> None:
    happenings = Happenings().version(0, "1", keys="SHOP-1, SHOP-9")
    first, second = versions(happenings.version(5, "2", keys="SHOP-2", in_template=True))

    assert (first.wish.keys, first.wish.in_template) == (("SHOP-1", "SHOP-9"), False)
    assert (second.wish.keys, second.wish.in_template) == (("SHOP-2",), True)


def test_the_way_back_to_an_earlier_replica_set_is_a_rollback() -> None:
    happenings = Happenings().version(0, "1").completes(2).version(5, "2").fails(9)

    _, replaced, way_back = versions(happenings.version(12, "1").completes(13))

    assert (replaced.outcome, replaced.end) == (Outcome.FAILED, End.ROLLED_BACK)
    assert (way_back.revision, way_back.is_way_back) == (3, True)


def test_a_restart_goes_on_with_the_version_that_it_restarts() -> None:
    [version] = versions(Happenings().version(0, "1").version(3, "1", restarted="now").completes(6))

    assert (version.revision, version.outcome) == (1, Outcome.SUCCESSFUL)


def test_a_restart_after_success_leaves_it_a_success() -> None:
    [version] = versions(Happenings().version(0, "1").completes(2).version(5, "1", restarted="now"))

    assert version.outcome is Outcome.SUCCESSFUL


def test_a_deadline_that_names_another_replica_set_is_no_failure() -> None:
    happenings = Happenings().version(0, "1").fails(4)
    stale = happenings.sightings[-1].body["status"]["conditions"]
    happenings.version(6, "2")
    happenings.sightings[-1].body["status"]["conditions"] = stale

    _, second = versions(happenings)

    assert second.outcome is Outcome.UNDECIDED


def test_a_status_of_an_older_generation_says_nothing() -> None:
    first, second = versions(Happenings().version(0, "1").completes(2).asked(4, "2").version(5, "2"))

    assert (first.decided, second.outcome) == (moment(2), Outcome.UNDECIDED)


def test_what_is_deleted_in_the_middle_ends_without_an_outcome() -> None:
    first, again = versions(Happenings().version(0, "1").is_deleted(3).version(8, "2"))

    assert (first.outcome, first.end, first.ended) == (Outcome.UNDECIDED, End.DELETED, moment(3))
    assert (again.revision, again.created, again.end) == (1, moment(3), End.LIVES)


def test_a_replica_set_that_is_made_for_a_workload_that_is_gone_is_no_version() -> None:
    """A controller that lags behind does that."""
    happenings = Happenings().version(0, "1").completes(2).version(4, "2").is_deleted(5)
    *before, replica_set, _, deleted = happenings.sightings
    happenings.sightings = [*before, deleted, replace(replica_set, at=moment(6))]

    [version] = versions(happenings)

    assert (version.revision, version.end) == (1, End.DELETED)


def test_a_replica_set_that_is_seen_before_its_workload_waits_for_it() -> None:
    """As after a gap of the recorder, when the last state of the workload is all that is left."""
    happenings = Happenings().version(0, "1").completes(2)
    asked, replica_set, *later = happenings.sightings
    happenings.sightings = [replica_set, *later]
    del asked

    [version] = versions(happenings)

    assert version.outcome is Outcome.SUCCESSFUL


def test_what_was_asked_for_and_never_begun_is_no_version() -> None:
    happenings = Happenings().version(0, "1").asked(3, "2").version(3.1, "3")

    [history] = histories(happenings.truth())

    assert [each.wish.release.tag for each in history.versions] == ["1", "3"]
    assert [each.release.tag for each in history.wishes] == ["1", "2", "3"]


def test_a_deployment_that_makes_no_progress_is_out_of_time_after_its_deadline() -> None:
    [version] = versions(Happenings().version(3, "1"))

    assert version.overdue == moment(603)


def versions(happenings: Happenings) -> list[Version]:
    [history] = histories(happenings.truth())
    return history.versions
