from dataclasses import replace
from typing import Any

import pytest

from rollout_reporter.controller.sightings import MOST_UNTOLD, Gone, Hidden, Sightings
from rollout_reporter.core.workload import Kind, Place, Reading, Signal, Snapshot
from unit.core.situations import ref, snapshot


def seen(uid: str = "uid-1", **changes: Any) -> Snapshot:
    return snapshot(ref=ref(uid=uid), **changes)


@pytest.fixture
def sightings() -> Sightings:
    return Sightings()


@pytest.fixture
def listened_to(sightings: Sightings) -> Sightings:
    sightings.listen(lambda _: None)
    return sightings


def test_the_newest_sighting_replaces_the_older_one(sightings: Sightings) -> None:
    sightings.put(seen(resource_version=1))
    sightings.put(seen(resource_version=2))

    assert sightings.get(ref().place) == seen(resource_version=2)


def test_that_no_replicas_were_wanted_of_a_version_outlives_the_sighting_that_showed_it(
    sightings: Sightings,
) -> None:
    """It may be replaced before it is judged, and what the controller said meanwhile stays in the status."""
    sightings.put(seen(reading=Reading(Signal.IDLE, "no replicas are wanted", wants_none=True)))
    for _ in range(2):
        sightings.put(seen())
        assert sightings.get(ref().place) == seen(was_idle=True)

    sightings.put(seen(template="another"))
    assert sightings.get(ref().place) == seen(template="another")


def test_a_workload_that_is_gone_is_remembered_as_gone(listened_to: Sightings) -> None:
    listened_to.put(seen())
    listened_to.put(Gone(ref()))

    assert listened_to.get(ref().place) == Gone(ref())


def test_of_a_workload_that_ends_while_nobody_listens_nothing_is_left(sightings: Sightings) -> None:
    sightings.put(seen(), after_gap=True)
    sightings.put(Gone(ref()))

    assert sightings.get(ref().place) is None
    assert not sightings.take_gap(ref().place)


def test_who_listens_no_more_leaves_no_ends_behind(listened_to: Sightings) -> None:
    listened_to.put(Gone(ref()))
    listened_to.put(snapshot(ref=ref("cart")))
    listened_to.listen(None)

    assert listened_to.get(ref().place) is None
    assert listened_to.get(ref("cart").place) is not None


def test_the_end_of_a_workload_loses_against_its_namesake(sightings: Sightings) -> None:
    sightings.put(seen("uid-1"))
    sightings.put(seen("uid-2"))
    sightings.put(Gone(ref(uid="uid-1")))

    assert sightings.get(ref().place) == seen("uid-2")


def test_the_end_of_a_workload_that_was_never_seen_is_news(listened_to: Sightings) -> None:
    listened_to.put(Gone(ref()))

    assert listened_to.get(ref().place) == Gone(ref())


def test_a_namesake_wins_against_the_end_of_an_earlier_workload(listened_to: Sightings) -> None:
    listened_to.put(Gone(ref(uid="uid-1")))
    listened_to.put(seen("uid-2"))

    assert listened_to.get(ref().place) == seen("uid-2")


def test_an_earlier_workload_that_is_seen_after_its_namesake_is_no_news(sightings: Sightings) -> None:
    """Each is watched by itself, so their order is not certain."""
    newer = seen("uid-2", resource_version=9)
    sightings.put(newer)
    sightings.put(seen(resource_version=4))
    sightings.put(Gone(ref()))

    assert sightings.get(ref().place) is newer


def test_places_of_different_kinds_are_different(sightings: Sightings) -> None:
    sightings.put(seen())
    sightings.put(Gone(ref(kind=Kind.ROLLOUT)))

    assert sightings.get(ref().place) == seen()


def test_a_listener_hears_of_what_was_seen_before_and_of_all_news(sightings: Sightings) -> None:
    heard: list[Place] = []
    sightings.put(seen())
    sightings.listen(heard.append)
    other = snapshot(ref=ref("cart"))
    sightings.put(other)

    assert heard == [ref().place, ref("cart").place]


def test_a_late_end_is_no_news(sightings: Sightings) -> None:
    heard: list[Place] = []
    sightings.put(seen("uid-2"))
    sightings.listen(heard.append)
    sightings.put(Gone(ref(uid="uid-1")))

    assert heard == [ref().place]


def test_who_listens_no_more_hears_nothing_but_what_happens_is_kept(sightings: Sightings) -> None:
    heard: list[Place] = []
    sightings.listen(heard.append)
    sightings.listen(None)
    sightings.put(seen())

    assert heard == []
    assert sightings.get(ref().place) == seen()


def test_what_is_forgotten_leaves_nothing(listened_to: Sightings) -> None:
    listened_to.put(Gone(ref()))
    listened_to.forget(ref())

    assert listened_to.get(ref().place) is None


def test_forgetting_a_workload_does_not_forget_its_namesake(sightings: Sightings) -> None:
    sightings.put(seen("uid-2"))
    sightings.forget(ref(uid="uid-1"))

    assert sightings.get(ref().place) == seen("uid-2")


# Versions that follow each other faster than they are looked at.


def test_the_last_sighting_of_each_version_waits_for_its_turn(sightings: Sightings) -> None:
    sightings.listen(lambda _: None)
    begun, complete, next_one = (
        seen(resource_version=version, template=template)
        for version, template in [(1, "a"), (2, "a"), (3, "b")]
    )
    for each in (begun, complete, next_one, Gone(ref())):
        sightings.put(each)
    told = []
    is_more = True
    while is_more:
        sighting = sightings.next(ref().place)
        assert sighting is not None
        told.append(sighting)
        is_more = sightings.done(ref().place, sighting)

    assert told == [complete, next_one, Gone(ref())]
    assert sightings.next(ref().place) == Gone(ref())


COMPLETE = Reading(Signal.COMPLETE, "3 of 3 new pods available")
NOTHING_WANTED = Reading(Signal.IDLE, "no replicas are wanted", wants_none=True)


@pytest.mark.parametrize(
    "later", [seen(reading=NOTHING_WANTED), seen(observed=False, generation=9, reading=COMPLETE)]
)
def test_so_does_the_last_one_before_its_controller_has_more_to_see_or_nothing_is_wanted(
    listened_to: Sightings, later: Snapshot
) -> None:
    """What it may show of the end, the next one of the same version hides."""
    complete = seen(reading=COMPLETE)
    listened_to.put(seen(observed=False))
    listened_to.put(complete)
    listened_to.put(later)
    first = listened_to.next(ref().place)
    assert first == complete

    assert listened_to.done(ref().place, first)
    assert listened_to.next(ref().place) == later


def test_versions_whose_template_stands_elsewhere_are_told_apart_by_their_replica_sets(
    listened_to: Sightings,
) -> None:
    """A Rollout with a `workloadRef` has no template of its own."""
    idle = Reading(Signal.IDLE, "no replicas are wanted", wants_none=True)
    first = replace(user_of_its_template(), pod_hash="one", reading=idle)
    second = replace(user_of_its_template(), pod_hash="two")
    listened_to.put(first)
    listened_to.put(second)

    assert listened_to.next(first.ref.place) == first
    assert listened_to.get(first.ref.place) == second


def test_one_that_changed_while_it_was_looked_at_has_its_turn_again(sightings: Sightings) -> None:
    sightings.listen(lambda _: None)
    before, after = seen(resource_version=1), seen(resource_version=2)
    sightings.put(before)
    looked_at = sightings.next(ref().place)
    sightings.put(after)

    assert looked_at is before
    assert sightings.done(ref().place, before)
    assert sightings.next(ref().place) is after
    assert not sightings.done(ref().place, after)


def test_while_nobody_listens_only_the_newest_is_kept(sightings: Sightings) -> None:
    sightings.put(seen(resource_version=1, template="a"))
    sightings.put(seen(resource_version=2, template="b"))
    sightings.listen(lambda _: None)
    newest = sightings.next(ref().place)

    assert newest == seen(resource_version=2, template="b")
    assert not sightings.done(ref().place, newest)


def test_however_fast_versions_come_memory_stays_bounded(sightings: Sightings) -> None:
    sightings.listen(lambda _: None)
    for number in range(1000):
        sightings.put(seen(resource_version=number, template=str(number)))
    count = 1
    while (one := sightings.next(ref().place)) and sightings.done(ref().place, one):
        count += 1

    assert count == MOST_UNTOLD
    assert one == seen(resource_version=999, template="999")


def test_a_gap_in_the_watch_is_told_once(sightings: Sightings) -> None:
    sightings.put(seen())
    assert not sightings.take_gap(ref().place)

    sightings.put(seen(resource_version=2), after_gap=True)
    sightings.put(seen(resource_version=3))
    assert sightings.take_gap(ref().place)
    assert not sightings.take_gap(ref().place)


def test_what_waits_since_before_a_gap_leaves_it_to_what_was_seen_after_it(listened_to: Sightings) -> None:
    """Else the version that a gap has hidden the end of would be closed as if all had been seen."""
    before, after = seen(template="one"), seen(template="two", resource_version=20)
    listened_to.put(before)
    listened_to.put(after, after_gap=True)

    assert not listened_to.take_gap(ref().place)
    listened_to.done(ref().place, before)
    assert listened_to.take_gap(ref().place)


def test_a_standby_does_not_count_gaps(sightings: Sightings) -> None:
    """It may stand by for months."""
    for version in range(1, 100):
        sightings.put(seen(resource_version=version), after_gap=True)

    assert len(sightings._gaps[ref().place]) == 1


def test_a_gap_is_told_of_the_last_sighting_of_a_version(listened_to: Sightings) -> None:
    before, after = seen(template="one"), seen(template="two", resource_version=20)
    newest = seen(template="two", resource_version=21)
    listened_to.put(before)
    listened_to.put(after, after_gap=True)
    listened_to.put(newest)

    assert not listened_to.take_gap(ref().place)
    listened_to.done(ref().place, before)
    assert listened_to.take_gap(ref().place)


def test_a_sighting_that_is_replaced_while_it_is_worked_on_was_seen_after_the_gap(
    listened_to: Sightings,
) -> None:
    listened_to.put(seen(), after_gap=True)
    listened_to.put(seen(resource_version=20))

    assert listened_to.take_gap(ref().place)


DEPLOYMENT = ref().place


def user_of_its_template(name: str = "canary") -> Snapshot:
    return snapshot(ref=ref(name, kind=Kind.ROLLOUT), workload_ref=DEPLOYMENT.name)


def test_a_rollout_that_may_not_be_read_for_a_while_uses_its_template_still(listened_to: Sightings) -> None:
    """Else Jira would be told of the Deployment, too, which only holds the template."""
    user = user_of_its_template()
    listened_to.put(user)
    listened_to.put(Hidden(user.ref))

    assert listened_to.referrer(DEPLOYMENT) == user.ref.place


@pytest.mark.parametrize("hidden", [False, True])
def test_a_rollout_that_is_gone_uses_no_template(listened_to: Sightings, *, hidden: bool) -> None:
    user = user_of_its_template()
    listened_to.put(user)
    if hidden:
        listened_to.put(Hidden(user.ref))
    listened_to.put(Gone(user.ref))

    assert listened_to.referrer(DEPLOYMENT) is None


def test_a_rollout_that_is_given_up_unseen_uses_its_template_still(listened_to: Sightings) -> None:
    """The watch that shows it may go on once the rights are back, and have nothing new of it."""
    user = user_of_its_template()
    listened_to.put(user)
    listened_to.put(Hidden(user.ref))
    listened_to.forget(user.ref)

    assert listened_to.referrer(DEPLOYMENT) == user.ref.place


def test_a_template_that_two_rollouts_use_is_used_until_both_are_gone(listened_to: Sightings) -> None:
    one, other = user_of_its_template("blue"), user_of_its_template("red")
    listened_to.put(one)
    listened_to.put(other)
    listened_to.put(Gone(one.ref))

    assert listened_to.referrer(DEPLOYMENT) == other.ref.place
