"""What Jira should hold, told as stories of a Deployment."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_reporter.core.access import AccessRule
from rollout_reporter.core.keys import keys_gained
from rollout_reporter.core.ledger import MOST
from rollout_reporter.core.names import DESCRIPTION, DISPLAY_NAME, IGNORE
from rollout_reporter.core.outcome import Accepted, Rejected
from rollout_reporter.core.report import State, Update
from rollout_reporter.core.workload import Signal
from unit.core.story import CREATED, Story, Version

FIRST = int(CREATED.timestamp()) * 1_000_000 + 1


def test_the_present_rollout_is_reported_when_its_workload_is_first_annotated() -> None:
    story = Story(keys="").runs("web:1")
    assert story.states == []

    story.annotated("SHOP-1")

    assert story.states == ["successful"]
    assert story.current.number == FIRST


def test_an_update_is_a_deployment_of_its_own_under_the_next_number() -> None:
    story = Story().runs("web:1").begins("web:2")
    assert story.states == ["successful", "in_progress"]

    story.completes()

    assert story.states == ["successful", "successful"]
    assert [entry.number for entry in story.ledger.entries] == [FIRST, FIRST + 1]


def test_a_template_that_waits_is_pending_only_after_a_second() -> None:
    story = Story().runs("web:1").asked_for("web:2")
    assert story.states == ["successful"]

    story.now += timedelta(seconds=1)
    story.seen(observed=False)

    assert story.states == ["successful", "pending"]


def test_a_pending_deployment_keeps_its_number_when_it_begins() -> None:
    story = Story().runs("web:1").asked_for("web:2")
    story.now += timedelta(seconds=2)
    number = story.seen(observed=False).current.number

    story.taken_up().completes()

    assert story.states == ["successful", "successful"]
    assert story.current.number == number


def test_a_pending_deployment_whose_template_is_put_back_is_cancelled() -> None:
    story = Story().runs("web:1").asked_for("web:2")
    story.now += timedelta(seconds=2)
    story.seen(observed=False)

    story.image = "web:1"
    story.seen()

    assert story.states == ["successful", "cancelled"]


def test_a_superseded_rollout_is_cancelled_before_the_next_one_opens() -> None:
    story = Story().runs("web:1").begins("web:2").begins("web:3")
    assert story.states == ["successful", "cancelled", "in_progress"]
    assert story.ledger.entries[1].because == "superseded by revision 3"


def test_a_failed_rollout_that_a_newer_version_replaces_stays_failed() -> None:
    story = Story().runs("web:1").begins("web:2").exceeds_its_deadline().runs("web:3")
    assert story.states == ["successful", "failed", "successful"]


def test_a_rollout_whose_deadline_its_controller_has_lost_fails_all_the_same() -> None:
    """A conflict of writes can make it forget to speak of the new ReplicaSet; then it counts no deadline."""
    story = Story().runs("web:1")
    last_word = story._conditions
    story.begins("web:2")
    story._conditions = last_word

    assert story.later(minutes=9).states == ["successful", "in_progress"]
    assert story.later(minutes=2).states == ["successful", "failed"]
    assert "progress deadline exceeded" in story.current.because

    assert story.completes().states == ["successful", "successful"]


def test_late_recovery_continues_the_failed_deployment() -> None:
    story = Story().runs("web:1").begins("web:2").exceeds_its_deadline()
    number = story.current.number

    story.completes()

    assert story.states == ["successful", "successful"]
    assert story.current.number == number


def test_a_success_stays_one_when_pods_crash_and_when_it_is_scaled() -> None:
    story = Story().runs("web:1")
    story._counts = (3, 1)
    story.seen()
    story.replicas = 9
    story.seen()
    assert story.states == ["successful"]


def test_a_rollout_that_is_rolled_back_in_its_middle_is_rolled_back_at_once() -> None:
    story = Story().runs("web:1").begins("web:2").begins("web:1")
    assert story.states == ["successful", "rolled_back", "in_progress"]


def test_a_failed_rollout_is_rolled_back_once_the_way_back_has_succeeded() -> None:
    story = Story().runs("web:1").begins("web:2").exceeds_its_deadline().begins("web:1")
    assert story.states == ["successful", "failed", "in_progress"]

    story.completes()

    assert story.states == ["successful", "rolled_back", "successful"]
    assert "was failed: progress deadline exceeded" in story.ledger.entries[1].because


def test_a_rollback_is_reported_under_the_keys_of_the_version_that_comes_back() -> None:
    story = Story().runs("web:1").runs("web:2", keys="SHOP-2").begins("web:1")
    assert story.current.issue_keys == ("SHOP-1",)

    story.completes().later(minutes=5)

    assert story.current.issue_keys == ("SHOP-1",), "the keys of the version that was left do not follow"


def test_keys_in_the_template_come_before_those_of_the_workload() -> None:
    story = Story().runs("web:1", template_keys="SHOP-7")
    assert story.current.issue_keys == ("SHOP-7",)


def test_changed_keys_of_a_settled_workload_are_gained_after_a_quiet_minute() -> None:
    story = Story().runs("web:1").annotated("SHOP-1 SHOP-2")
    assert list(story.current.issue_keys) == ["SHOP-1"]

    story.later(seconds=61)

    assert list(story.current.issue_keys) == ["SHOP-1", "SHOP-2"]


def test_changed_keys_belong_to_a_rollout_that_begins_within_the_quiet_minute() -> None:
    story = Story().runs("web:1").annotated("SHOP-2").later(seconds=20).runs("web:2").later(minutes=5)
    assert [entry.issue_keys for entry in story.ledger.entries] == [("SHOP-1",), ("SHOP-2",)]


def test_a_deployment_never_loses_a_key() -> None:
    story = Story(keys="SHOP-1 SHOP-2").runs("web:1").annotated("SHOP-2").later(minutes=2)
    assert story.current.issue_keys == ("SHOP-1", "SHOP-2")


def test_keys_that_jira_refused_are_replaced_ten_seconds_after_their_correction() -> None:
    story = Story(keys="SHIP-1").runs("web:1")
    update = Update(story.current.report, 1)
    story.ledger = story.ledger.settle(update, Rejected(("No",), ("SHIP-1",)), story.now)

    story.annotated("SHOP-1")
    assert list(story.current.issue_keys) == ["SHIP-1"]

    story.later(seconds=11)
    assert list(story.current.issue_keys) == ["SHOP-1"]


def test_a_refused_key_that_is_still_named_is_sent_with_those_that_come_to_it() -> None:
    """Its issue may be created yet."""
    story = Story(keys="SHOP-1 SHIP-9").runs("web:1")
    update = Update(story.current.report, 1)
    story.ledger = story.ledger.settle(update, Rejected(("No",), ("SHOP-1", "SHIP-9")), story.now)

    story.annotated("SHOP-1 SHOP-2").later(seconds=11)

    assert list(story.current.issue_keys) == ["SHOP-1", "SHOP-2"]


def test_keys_that_the_site_does_not_allow_are_left_out() -> None:
    story = Story(keys="SHOP-1 PAY-2", rules=(AccessRule(projects=("SHOP",)),)).runs("web:1")
    assert list(story.current.issue_keys) == ["SHOP-1"]

    story.annotated("SHOP-1 PAY-2 PAY-3 SHOP-4").later(minutes=2)
    assert list(story.current.issue_keys) == ["SHOP-1", "SHOP-4"]


def test_nothing_is_reported_from_a_namespace_that_the_site_does_not_allow() -> None:
    assert Story(rules=(AccessRule(namespaces=("other-*",)),)).runs("web:1").states == []


def test_keys_that_come_to_be_allowed_are_added_to_the_present_deployment() -> None:
    story = Story(keys="SHOP-1 PAY-2", rules=(AccessRule(projects=("SHOP",)),)).runs("web:1")
    story.rules = (AccessRule(projects=("SHOP", "PAY")),)
    story.later(minutes=5)

    assert story.ledger.current
    assert story.ledger.current.issue_keys == ("SHOP-1", "PAY-2")


def test_what_an_earlier_process_left_open_beside_the_present_rollout_is_closed() -> None:
    """It closed the one and opened the other, and died before either was recorded."""
    story = Story().begins("web:1").begins("web:2")
    first, second = story.ledger.entries
    still_open = replace(first, state=State.IN_PROGRESS, because="0 of 3")
    story.ledger = replace(story.ledger, entries=(still_open, second))

    story.unseen().seen()

    assert story.states == ["cancelled", "in_progress"]


def test_keys_gained_after_a_restart_leave_the_version_in_the_name() -> None:
    story = Story().runs("web:7").unseen().annotated("SHOP-1 SHOP-2").later(seconds=61)
    assert story.current.display_name == "web 7"
    assert story.current.label == "7"


def test_keys_beyond_jiras_limit_are_not_awaited_for_ever() -> None:
    story = Story(keys=" ".join(f"SHOP-{n}" for n in range(1, 502))).runs("web:1").later(minutes=5)
    assert keys_gained(story.last, story.ledger) is None


def test_texts_longer_than_jira_takes_do_not_fill_the_cluster() -> None:
    story = Story(notes={DESCRIPTION: "d" * 10_000, DISPLAY_NAME: "n" * 10_000}).runs("web:1")
    assert len(story.current.description) == 255
    assert len(story.current.display_name) == 255


def test_what_the_template_wishes_comes_before_what_the_workload_wishes() -> None:
    story = Story(notes={DISPLAY_NAME: "shop"}, template_notes={DISPLAY_NAME: "shop, winter edition"})
    assert story.runs("web:1").current.display_name == "shop, winter edition"


def test_removing_the_keys_in_mid_rollout_cancels_it() -> None:
    story = Story().runs("web:1").begins("web:2").annotated("")
    assert story.states == ["successful", "cancelled"]


@pytest.mark.parametrize("end", ["completes", "exceeds_its_deadline"])
def test_the_way_back_to_a_version_from_before_the_annotation_is_told(end: str) -> None:
    """`kubectl rollout undo` takes the annotation away with the version that brought it."""
    story = Story(keys="").runs("web:1").begins("web:2", keys="SHOP-2")
    getattr(story, end)().begins("web:1", keys="")
    assert story.states == ["successful" if end == "completes" else "failed"]

    assert story.completes().states == ["rolled_back"]


def test_a_way_back_that_does_not_succeed_rolls_nothing_back_that_was_given_up_before() -> None:
    story = Story().runs("web:1").begins("web:2", keys="SHOP-2").annotated("")
    assert story.states == ["successful", "cancelled"]

    story.later(days=7).begins("web:1").exceeds_its_deadline()

    assert story.states == ["successful", "cancelled"]


def test_of_a_workload_that_is_to_be_ignored_not_even_the_way_back_is_told() -> None:
    story = Story().runs("web:1").runs("web:2", keys="SHOP-2")
    story.notes = {IGNORE: "true"}

    story.seen().runs("web:1")

    assert story.states == ["successful", "successful"]


def test_keys_that_come_back_go_on_with_the_same_deployment() -> None:
    story = Story().begins("web:1").annotated("").annotated("SHOP-1").completes()
    assert story.states == ["successful"]


def test_deleting_the_workload_in_mid_rollout_cancels_it() -> None:
    assert Story().begins("web:1").deleted().states == ["cancelled"]


def test_deleting_a_settled_workload_changes_nothing() -> None:
    assert Story().runs("web:1").deleted().states == ["successful"]


def test_a_restart_continues_the_deployment_before_and_a_settled_one_stays_settled() -> None:
    story = Story().runs("web:1").begins("web:1", restarted="now")
    assert story.states == ["successful"]
    assert story.current.revision == 2


def test_a_restart_in_mid_rollout_goes_on_under_the_same_number() -> None:
    story = Story().begins("web:1").begins("web:1", restarted="now")
    assert story.states == ["in_progress"]

    story.completes()

    assert story.states == ["successful"]
    assert story.current.number == FIRST


def test_undoing_a_restart_is_no_rollback() -> None:
    story = Story().runs("web:1").runs("web:1", restarted="now").runs("web:1", restarted="")
    assert story.states == ["successful"]


def test_a_version_after_a_restart_is_a_new_deployment() -> None:
    story = Story().runs("web:1").runs("web:1", restarted="now").runs("web:2")
    assert story.states == ["successful", "successful"]
    assert story.current.number > story.ledger.entries[0].number


def test_a_revision_that_falls_changes_neither_number_nor_rollout() -> None:
    story = Story().runs("web:1").runs("web:2").runs("web:3")
    number = story.current.number
    story.versions = [story.versions[2]]
    story.versions[0].revision = 1

    story.seen()

    assert story.current.number == number
    assert story.states == ["successful"] * 3

    story.runs("web:4")

    assert story.current.number > number


def test_a_workload_made_again_begins_above_its_namesake() -> None:
    story = Story().runs("web:1").runs("web:2")
    number = story.current.number
    later = CREATED + timedelta(minutes=1)
    story.uid, story.created, story.versions, story.course = "uid-2", later, [], type(story.course)()

    story.runs("web:2")

    assert story.current.number > number


def test_a_workload_without_replicas_is_not_reported() -> None:
    story = Story(replicas=0)
    story.begins("web:1")
    story._counts = (0, 0)
    assert story.seen().states == []


def test_a_waiting_rollout_that_is_scaled_to_zero_is_given_up_and_goes_on_when_scaled_up() -> None:
    story = Story(paused=True).asked_for("web:1")
    story.now += timedelta(seconds=2)
    assert story.seen(observed=False).states == ["pending"]
    number = story.current.number

    story.replicas, story.paused = 0, False
    story.taken_up()
    story._counts = (0, 0)
    assert story.seen().states == ["cancelled"]

    story.replicas = 3
    assert story.seen().states == ["in_progress"]
    assert story.current.number == number


def scaled_to_nothing_and_up_again() -> Story:
    """A version of which no pod was ever available, and that its controller has called complete."""
    story = Story().runs("web:1").begins("web:2")
    story.replicas, story._counts = 0, (0, 0)
    assert story._condition("NewReplicaSetAvailable").seen().states == ["successful", "cancelled"]
    story.replicas = 3
    return story


def test_what_was_complete_without_replicas_is_no_success_once_some_are_wanted() -> None:
    story = scaled_to_nothing_and_up_again()

    assert story.seen().states == ["successful", "in_progress"]
    story._counts = (3, 2)
    assert story.seen().states == ["successful", "in_progress"]
    assert story.completes().states == ["successful", "successful"]


def test_nor_is_it_for_an_operator_that_has_only_its_record() -> None:
    story = scaled_to_nothing_and_up_again().seen()

    assert story.unseen().seen().states == ["successful", "in_progress"]


@pytest.mark.parametrize("away", [Story.unseen, Story.gap])
def test_what_may_have_ended_unseen_before_it_was_scaled_to_nothing_is_unknown(
    away: Callable[[Story], Story],
) -> None:
    story = away(Story().runs("web:1").begins("web:2"))
    story.replicas = 0
    assert story.loses_its_pods()._condition("NewReplicaSetAvailable").seen().states == [
        "successful",
        "unknown",
    ]

    story.replicas = 3
    assert story.seen().states == ["successful", "in_progress"]
    assert story.completes().states == ["successful", "successful"]


def test_nor_when_the_next_version_replaces_it() -> None:
    story = scaled_to_nothing_and_up_again().seen()

    assert story.begins("web:3").states == ["successful", "cancelled", "in_progress"]


def test_while_no_replicas_are_wanted_the_pods_that_are_left_prove_nothing() -> None:
    story = Story().runs("web:1").begins("web:2")
    story.replicas, story._counts = 0, (3, 3)
    snapshot = story._snapshot(observed=True, deleting=False)

    assert snapshot.reading.signal is not Signal.COMPLETE


def test_a_failure_that_is_scaled_to_nothing_keeps_its_cause() -> None:
    story = Story().runs("web:1").begins("web:2").exceeds_its_deadline()
    cause = story.current.because

    story.replicas = 0
    story.loses_its_pods().seen()

    assert (story.current.state, story.current.because) == (State.FAILED, cause)


def test_a_way_back_that_waits_while_paused_and_goes_on_with_no_replicas_is_given_up() -> None:
    story = Story(paused=False).runs("web:1").runs("web:2")
    story.paused = True
    story.asked_for("web:1").taken_up().loses_its_pods().later(seconds=5)
    assert story.current.state is State.PENDING

    story.replicas, story.paused = 0, False
    story.completes()

    assert not story.current.state.is_open


def test_a_failure_stays_one_until_it_goes_on_although_it_was_scaled_to_nothing() -> None:
    story = Story().runs("web:1").begins("web:2").exceeds_its_deadline()
    story.replicas, story._counts = 0, (0, 0)
    assert story._condition("NewReplicaSetAvailable").seen().states == ["successful", "failed"]

    story.replicas = 3
    assert story.seen().states == ["successful", "in_progress"]


def test_a_rollout_that_came_and_went_unseen_is_unknown_and_keeps_its_number() -> None:
    story = Story().runs("web:1").unseen()
    story.image = "web:2"
    story.versions.append(_version(story, "web-b", revision=2))
    story.image = "web:3"
    story.versions.append(_version(story, "web-c", revision=3))

    story._condition("ReplicaSetUpdated")
    story.completes()

    assert story.states == ["successful", "unknown", "successful"]
    assert [entry.number - FIRST for entry in story.ledger.entries] == [0, 1, 2]


def test_a_rollout_that_was_open_when_nobody_looked_ends_unknown() -> None:
    story = Story().runs("web:1").begins("web:2").unseen().runs("web:3")
    assert story.states == ["successful", "unknown", "successful"]


def test_a_missed_rollout_whose_keys_are_uncertain_is_skipped() -> None:
    story = Story().runs("web:1").unseen()
    story.image = "web:2"
    story.versions.append(_version(story, "web-b", revision=2, keys="SHOP-9"))
    story.image = "web:3"
    story.versions.append(_version(story, "web-c", revision=3))

    story._condition("ReplicaSetUpdated")
    story.completes()

    assert story.states == ["successful", "successful"]


def test_nothing_that_was_there_before_the_annotation_is_invented() -> None:
    story = Story(keys="").runs("web:1").runs("web:2").runs("web:3").unseen().annotated("SHOP-1")
    assert story.states == ["successful"]


def test_more_keys_than_jira_takes_are_left_out_and_counted() -> None:
    story = Story(keys=" ".join(f"SHOP-{n}" for n in range(1, 601))).runs("web:1").later(minutes=5)
    assert len(story.current.issue_keys) == 500
    assert story.current.left_out == 100


def test_in_a_long_outage_the_ledger_stays_bounded_and_keeps_what_jira_has_heard_of() -> None:
    story = Story().begins("web:0")
    heard = Update(story.current.report, 1)
    story.ledger = story.ledger.settle(heard, Accepted(), story.now)
    for number in range(1, 100):
        story.begins(f"web:{number}")

    assert len(story.states) <= MOST + 2  # what Jira has heard of, and the present one
    assert story.ledger.entries[0].key == heard.report.key
    assert story.states[-1] == "in_progress"


def test_what_was_replaced_unseen_is_unknown_even_if_its_successor_is_seen_to_wait_first() -> None:
    """A successor that waits is not reported in its first second; till then nothing is closed."""
    story = Story().begins("web:1").unseen()
    story.image, story.paused = "web:2", True
    story.taken_up()
    assert (story.states, story.course.state) == (["in_progress"], State.PENDING)

    story.paused = False
    story.completes()
    assert story.states == ["unknown", "successful"]


def _version(story: Story, name: str, *, revision: int, keys: str = "SHOP-1") -> Version:
    return Version(name, story._template(), revision, story.now, noted_keys=keys)
