"""The end of a rollout that nobody saw, told by what came after it."""

from dataclasses import replace

import pytest

from rollout_reporter.core.workload import PENDING_GRACE
from unit.core.story import Story, Version


def test_a_success_that_was_not_seen_is_told_as_soon_as_the_next_version_is_asked_for() -> None:
    story = Story().runs("web:1").begins("web:2").completes_unseen()
    completed = story.now

    story.asked_for("web:3")

    assert story.states == ["successful", "successful"]
    assert story.current.because == "all new pods were available"
    assert story.current.since == completed
    assert story.taken_up().states == ["successful", "successful", "in_progress"]


@pytest.mark.parametrize("end", ["completes_unseen", "exceeds_its_deadline_unseen"])
def test_the_end_of_a_second_time_that_began_unseen_is_not_that_of_the_first_one(end: str) -> None:
    """web:2 was given up for web:3, and had an end only when it came back."""
    story = Story().runs("web:1").begins("web:2").unseen().begins_unseen("web:3").begins_unseen("web:2")
    getattr(story, end)()

    story.asked_for("web:4").taken_up()
    [first_time] = [each for each in story.ledger.entries if each.revision == 2]
    assert first_time.state.value == "unknown"


def test_a_success_stays_one_when_the_next_version_waits_for_long() -> None:
    story = Story().runs("web:1").begins("web:2").completes_unseen().asked_for("web:3")
    story.now += story.last.keys_quiet_time

    assert story.seen(observed=False).states == ["successful", "successful", "pending"]


def test_the_success_of_the_first_version_is_told_though_only_its_wish_was_seen() -> None:
    story = Story().asked_for("web:1").later(seconds=2)
    story.versions.append(Version("web-0", story._template(), 1, story.now, noted_keys="SHOP-1"))
    story.completes_unseen()
    story.course = replace(story.course, is_remembered=True)
    story.asked_for("web:2", keys="SHOP-2")

    assert story.taken_up().states == ["successful", "in_progress"]
    assert [each.issue_keys for each in story.ledger.entries] == [("SHOP-1",), ("SHOP-2",)]


def test_what_was_replaced_while_nobody_looked_is_unknown_though_the_next_version_still_waits() -> None:
    """It may have failed before: the word on it was overwritten before anybody saw it (seed 40008)."""
    story = Story().runs("web:1").begins("web:2").unseen()
    story.image = "web:3"
    story.versions.append(Version("web-2", story._template(), 3, story.now))
    story._condition("NewReplicaSetCreated").seen(observed=False)
    story.now += PENDING_GRACE

    assert story.seen(observed=False).states == ["successful", "unknown", "pending"]
    assert "while nobody looked" in story.ledger.entries[1].because


def test_what_its_controller_calls_under_way_when_it_is_replaced_was_given_up_for_that() -> None:
    story = Story().runs("web:1").begins("web:2").unseen().asked_for("web:3")

    assert story.later(seconds=2).states == ["successful", "cancelled", "pending"]


def test_a_gap_after_the_next_version_was_asked_for_hides_no_end() -> None:
    story = Story().runs("web:1").begins("web:2").asked_for("web:3")
    story.course = replace(story.course, is_remembered=True)
    story._conditions = []

    assert story.later(seconds=2).states == ["successful", "cancelled", "pending"]


def test_what_was_under_way_after_the_gap_and_was_replaced_then_was_given_up_for_that() -> None:
    """Nobody saw it taken up, but its controller spoke of it while the next one waited (seed 40005)."""
    story = Story().runs("web:1").begins("web:2").asked_for("web:3", keys="SHOP-3")
    story.versions.append(Version("web-2", story._template(), 3, story.now, noted_keys="SHOP-3"))
    story._condition("ReplicaSetUpdated")
    story.course = replace(story.course, is_remembered=True)
    story.asked_for("web:4", keys="SHOP-4")

    assert story.taken_up().states == ["successful", "cancelled", "cancelled", "in_progress"]


def test_of_what_it_has_replaced_during_the_gap_nobody_knows_the_end() -> None:
    story = Story().runs("web:1").begins("web:2")
    story.course = replace(story.course, is_remembered=True)
    story.image, story.keys = "web:3", "SHOP-3"
    story.versions.append(Version("web-2", story._template(), 3, story.now, noted_keys="SHOP-3"))
    story._condition("ReplicaSetUpdated").seen(observed=False)
    story.asked_for("web:4", keys="SHOP-4")

    assert story.taken_up().states == ["successful", "unknown", "cancelled", "in_progress"]


def test_what_nobody_heard_of_after_the_gap_is_unknown() -> None:
    story = Story().runs("web:1").begins("web:2").asked_for("web:3", keys="SHOP-3")
    story.versions.append(Version("web-2", story._template(), 3, story.now, noted_keys="SHOP-3"))
    story.course = replace(story.course, is_remembered=True)
    story._conditions = []
    story.asked_for("web:4", keys="SHOP-4")

    assert story.taken_up().states == ["successful", "unknown", "unknown", "in_progress"]


def test_a_late_success_of_a_failed_rollout_is_told() -> None:
    story = Story().runs("web:1").begins("web:2").exceeds_its_deadline().completes_unseen()
    assert story.asked_for("web:3").states == ["successful", "successful"]


def test_a_failure_that_was_not_seen_stays_one() -> None:
    story = Story().runs("web:1").begins("web:2").exceeds_its_deadline_unseen().begins("web:3")
    assert story.states == ["successful", "failed", "in_progress"]
    assert story.ledger.entries[1].because == "progress deadline exceeded"


def test_a_success_that_was_not_seen_is_rolled_back_only_once_the_way_back_has_succeeded() -> None:
    story = Story().runs("web:1").begins("web:2").completes_unseen().begins("web:1")
    assert story.states == ["successful", "successful", "in_progress"]

    story.completes()

    assert story.states == ["successful", "rolled_back", "successful"]
    assert "was successful" in story.ledger.entries[1].because


def test_the_word_that_is_left_when_an_old_replica_set_is_taken_up_tells_of_the_success_before() -> None:
    """The way back needs no new ReplicaSet, so nothing is said of one yet."""
    story = Story().runs("web:1").begins("web:2").completes_unseen()
    last_word, story.image = story._conditions, "web:1"
    story.versions[0].come_back(3)
    story._counts, story._conditions = (0, 3), last_word

    assert story.seen().states == ["successful", "successful", "in_progress"]


def test_a_way_back_that_succeeds_unseen_is_a_success_too() -> None:
    story = Story().runs("web:1").begins("web:2").exceeds_its_deadline().begins("web:1").completes_unseen()
    assert story.begins("web:3").states == ["successful", "rolled_back", "successful", "in_progress"]


def test_what_is_left_in_mid_rollout_is_cancelled_whatever_is_said_of_the_version_before() -> None:
    story = Story().runs("web:1")
    word_on_the_first = story._conditions
    story.begins("web:2")
    story._conditions = word_on_the_first

    assert story.begins("web:3").states == ["successful", "cancelled", "in_progress"]


def test_a_rollout_left_without_replicas_is_no_success() -> None:
    """Without replicas every ReplicaSet is called complete."""
    story = Story().runs("web:1").begins("web:2")
    story.replicas = 0

    assert story.completes_unseen().begins("web:3").states == ["successful", "cancelled"]


def test_a_success_is_known_even_if_an_earlier_process_left_it_open() -> None:
    story = Story().runs("web:1").begins("web:2").completes_unseen().unseen().begins("web:3")
    assert story.states == ["successful", "successful", "in_progress"]


def test_a_restart_after_a_success_that_was_not_seen_leaves_it_settled() -> None:
    story = Story().runs("web:1").begins("web:2").completes_unseen().begins("web:2", restarted="now")
    assert story.states == ["successful", "successful"]


def test_a_success_that_was_not_seen_before_the_keys_were_removed_is_one() -> None:
    story = Story().runs("web:1").begins("web:2").completes_unseen()
    story.keys = ""

    assert story.seen(observed=False).states == ["successful", "successful"]


def test_a_success_that_was_not_seen_before_the_workload_was_deleted_is_one() -> None:
    story = Story().runs("web:1").begins("web:2").completes_unseen()
    assert story.deleted(observed=False).states == ["successful", "successful"]


def test_a_restart_and_its_undoing_that_were_not_seen_open_nothing() -> None:
    story = Story().begins("web:1")
    story.restarted = "now"
    story.versions.append(Version("web-b", story._template(), 2, story.now))
    story.restarted = ""
    story.versions[0].come_back(3)

    assert story.completes().states == ["successful"]


def test_another_version_and_the_way_back_that_were_not_seen_are_no_restart() -> None:
    story = Story().begins("web:1")
    story.image = "web:2"
    story.versions.append(Version("web-b", story._template(), 2, story.now, noted_keys="SHOP-1"))
    story.image = "web:1"
    story.versions[0].come_back(3)

    assert story.completes().states == ["unknown", "rolled_back", "successful"]
