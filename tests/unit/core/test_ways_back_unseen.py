"""Ways back that began while nobody looked, and the time of what is closed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from rollout_reporter.core.closing import close
from rollout_reporter.core.course import Course
from rollout_reporter.core.judgement import judge
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.report import State
from rollout_reporter.core.rollouts import read_rollout
from rollout_reporter.core.workload import Signal
from unit.core.situations import NOW, accepted, entry, moved_on, pod_template, ref
from unit.core.story import Story, Version


def version(story: Story, name: str, revision: int, keys: str) -> Version:
    return Version(name, story._template(), revision, story.now, noted_keys=keys)


def test_the_version_that_a_way_back_leads_to_is_not_rolled_back_by_it() -> None:
    """Between the two was a version that nobody saw; whose it was is not certain, so it is not reported."""
    story = Story().begins("web:1").unseen()
    first = story.versions[0]
    story.image = "web:2"
    story.versions.append(version(story, "web-b", revision=2, keys="SHOP-9"))
    story.image = "web:1"
    first.come_back(3)
    story._condition("ReplicaSetUpdated")
    story.seen().completes()

    assert story.states == ["unknown", "successful"]
    assert "while nobody looked" in story.ledger.entries[0].because


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(milliseconds=700)])
def test_what_is_closed_ends_no_earlier_than_it_came_to_its_last_state(ahead: timedelta) -> None:
    begun = entry(state=State.IN_PROGRESS, since=NOW + ahead)
    closed = close(Ledger(ref(), (begun,)), "superseded", NOW).current

    assert closed is not None
    assert closed.since == NOW + ahead


@pytest.mark.parametrize("phase", ["Progressing", "Paused", "Degraded"])
def test_an_aborted_version_has_failed_whatever_the_phase_says(phase: str) -> None:
    reading = read_rollout(
        canary(phase=phase, abort=True, message="more replicas need to be updated")
    ).reading

    assert reading.signal is Signal.BROKEN


def test_abort_says_nothing_of_the_stable_version() -> None:
    body = canary(phase="Healthy", abort=True, currentPodHash="old")
    assert read_rollout(body).reading.signal is not Signal.BROKEN


def canary(**status: object) -> dict[str, object]:
    usual = {"currentPodHash": "new", "stableRS": "old", "replicas": 2, "observedGeneration": "2"}
    return {
        "metadata": {
            "name": "cart",
            "namespace": "shop",
            "uid": "uid-2",
            "generation": 2,
            "resourceVersion": "10",
            "creationTimestamp": "2026-11-01T12:00:00Z",
        },
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "cart"}},
            "template": pod_template("cart"),
            "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}},
        },
        "status": usual | status,
    }


def test_a_snapshot_that_comes_late_is_not_taken_for_the_way_back_that_has_come_since() -> None:
    """The ReplicaSets are looked up now, and the first one was taken up again."""
    late = Story().runs("web:1").last.snapshot
    story = Story().runs("web:1").runs("web:2").runs("web:1")
    replica_sets = story._replica_sets(late)
    assert [each.revision for each in replica_sets] == [3, 2]

    rollout = judge(late, Course(), NOW, replica_sets=replica_sets).taken_up
    assert rollout is not None
    assert (rollout.revision, rollout.replica_set, rollout.state) == (1, "web-0", State.SUCCESSFUL)


def test_without_a_record_a_restarted_version_has_the_number_that_it_had_before() -> None:
    story = Story().runs("web:1").runs("web:2")
    number = story.current.number
    story.runs("web:2", restarted="2026-11-24T09:00:00Z")
    assert story.current.number == number

    story.course, story.ledger = Course(), Ledger(story.ledger.ref)
    story.seen()
    assert [each.number for each in story.ledger.entries] == [number]
    assert story.current.revision == 3


def test_a_success_that_is_merged_with_the_deletion_is_still_told() -> None:
    assert Story().begins("web:1").completes_unseen().deleted().states == ["successful"]


def test_a_success_that_is_merged_with_a_pause_is_still_told() -> None:
    story = Story().begins("web:1").completes_unseen()
    story.paused = True
    story.seen(observed=False)
    story._conditions = []

    assert story.asked_for("web:2").states == ["successful"]


def test_a_version_that_is_undone_as_soon_as_it_is_taken_up_is_rolled_back() -> None:
    """Its controller had made its ReplicaSet already, and nobody saw a status of it."""
    story = Story().runs("web:1").asked_for("web:2", keys="SHOP-2").later(seconds=2)
    story.versions.append(version(story, "web-b", revision=2, keys="SHOP-2"))
    story.asked_for("web:1")
    assert story.states == ["successful", "pending"]

    story.taken_up().completes()
    assert story.states == ["successful", "rolled_back", "successful"]


def test_a_version_that_is_undone_before_it_is_taken_up_is_cancelled_once_its_controller_knows() -> None:
    story = Story().runs("web:1").asked_for("web:2", keys="SHOP-2").later(seconds=2)
    story.asked_for("web:1")
    assert story.states == ["successful", "pending"]

    story.seen()
    assert story.states == ["successful", "cancelled"]
    assert story.ledger.entries[-1].because == "the change was withdrawn"


def test_versions_that_were_asked_for_faster_than_they_could_be_taken_up_are_told_with_their_keys() -> None:
    story = Story().runs("web:1").begins("web:2", keys="SHOP-2")
    story.asked_for("web:3", keys="SHOP-3")
    story.versions.append(version(story, "web-c", revision=3, keys="SHOP-3"))
    story.asked_for("web:4", keys="SHOP-4")
    story.taken_up().completes()

    assert story.states == ["successful", "cancelled", "cancelled", "successful"]
    assert [each.issue_keys for each in story.ledger.entries] == [
        ("SHOP-1",),
        ("SHOP-2",),
        ("SHOP-3",),
        ("SHOP-4",),
    ]
    assert [each.revision for each in story.ledger.entries] == [1, 2, 3, 4]


def test_of_those_the_one_that_has_succeeded_all_the_same_is_told_so() -> None:
    """Its status is only seen when the next version is asked for already."""
    story = Story().runs("web:1").asked_for("web:2", keys="SHOP-2")
    story.versions.append(version(story, "web-b", revision=2, keys="SHOP-2"))
    story.completes_unseen().asked_for("web:3", keys="SHOP-3")
    story.taken_up().completes()

    assert story.states == ["successful", "successful", "successful"]
    assert story.ledger.entries[1].issue_keys == ("SHOP-2",)


@pytest.mark.parametrize(
    ("told", "end"), [(State.FAILED, State.FAILED), (State.IN_PROGRESS, State.CANCELLED)]
)
def test_a_failure_that_jira_knows_stands_if_nothing_newer_was_told_before_the_end(
    told: State, end: State
) -> None:
    """Pods vanish before their workload does, and its controller begins to make new ones."""
    known = accepted(entry(state=told, since=NOW))
    reopened = moved_on(known, State.IN_PROGRESS, "0 of 2 new pods available")
    closed = close(Ledger(ref(), (reopened,)), "the workload was deleted", NOW).current

    assert closed is not None
    assert closed.state is end
    assert "the workload was deleted" in closed.because


def waiting(story: Story) -> Story:
    """Reported as pending: no controller has taken it up for a while."""
    return story.later(seconds=2)


def test_a_version_that_waited_and_came_and_went_unseen_keeps_its_keys_and_its_number() -> None:
    story = waiting(Story().runs("web:1").asked_for("web:2", keys="SHOP-2"))
    assert story.states == ["successful", "pending"]
    story.unseen()
    story.versions.append(version(story, "web-b", revision=2, keys="SHOP-9"))
    story.begins("web:3", keys="SHOP-3")
    story.completes()

    assert story.states == ["successful", "unknown", "successful"]
    assert [each.issue_keys for each in story.ledger.entries] == [("SHOP-1",), ("SHOP-2",), ("SHOP-3",)]


def test_the_first_version_that_waited_does_not_become_a_later_one() -> None:
    story = Story(keys="SHOP-1").asked_for("web:1")
    assert waiting(story).states == ["pending"]
    story.unseen()
    story.versions.append(version(story, "web-a", revision=1, keys="SHOP-1"))
    story.begins("web:2", keys="SHOP-2")
    story.completes()

    assert story.states[-1] == "successful"
    assert story.current.issue_keys == ("SHOP-2",)
    assert story.ledger.entries[0].issue_keys == ("SHOP-1",)
    assert not any(each.state.is_open for each in story.ledger.entries)


def test_a_first_version_that_waited_and_was_replaced_in_a_gap_of_the_watch_has_an_unknown_end() -> None:
    """It may have succeeded in the gap."""
    story = waiting(Story(keys="SHOP-1").asked_for("web:1"))
    story.gap()
    story.versions.append(version(story, "web-a", revision=1, keys="SHOP-1"))
    story.image, story.keys = "web:2", "SHOP-2"
    story.taken_up()

    assert story.states == ["unknown", "in_progress"]


def paused(story: Story) -> Story:
    story.paused = True
    return story


@pytest.mark.parametrize("unwatched", [Story.unseen, Story.gap])
def test_a_version_that_is_seen_to_wait_still_gives_its_deployment_to_the_one_that_replaces_it(
    unwatched: Callable[[Story], Story],
) -> None:
    story = waiting(paused(Story().runs("web:1")).asked_for("web:2", keys="SHOP-2"))
    unwatched(story).seen(again=True)
    waiting(story.asked_for("web:3", keys="SHOP-3"))

    assert story.states == ["successful", "pending"]
    assert story.current.issue_keys == ("SHOP-3",)


@pytest.mark.parametrize("unwatched", [Story.unseen, Story.gap])
def test_a_version_that_is_not_seen_to_wait_still_keeps_its_deployment(
    unwatched: Callable[[Story], Story],
) -> None:
    """It may have been taken up while nobody looked."""
    story = waiting(paused(Story().runs("web:1")).asked_for("web:2", keys="SHOP-2"))
    unwatched(story)
    for image, keys in [("web:3", "SHOP-3"), ("web:4", "SHOP-4")]:
        waiting(story.asked_for(image, keys=keys))

    assert story.current.issue_keys == ("SHOP-2",)


def test_what_waits_now_leaves_its_number_to_the_version_that_was_taken_up_before_it() -> None:
    story = waiting(Story().runs("web:1").asked_for("web:2", keys="SHOP-2").asked_for("web:3", keys="SHOP-3"))
    assert story.current.issue_keys == ("SHOP-3",)
    waited_since = story.current.since
    story.image = "web:2"
    story.versions.append(version(story, "web-b", revision=2, keys="SHOP-2"))
    story.image = "web:3"
    story.taken_up().completes()

    assert story.states == ["successful", "cancelled", "successful"]
    assert [each.issue_keys for each in story.ledger.entries] == [("SHOP-1",), ("SHOP-2",), ("SHOP-3",)]
    assert story.ledger.entries[1].since >= waited_since


@pytest.mark.parametrize("before", [[], ["web:0"]])
def test_a_version_that_waited_and_came_back_later_was_there_twice(before: list[str]) -> None:
    """All of that happened while nobody looked."""
    story = Story(template_keys="SHOP-0")
    for image in before:
        story.runs(image)
    waiting(story.asked_for("web:1", template_keys="SHOP-1")).unseen()
    revision = len(before) + 1
    story.versions.append(version(story, "web-a", revision=revision, keys="SHOP-1"))
    story.image, story.template_keys = "web:2", "SHOP-2"
    story.versions.append(version(story, "web-b", revision=revision + 1, keys="SHOP-2"))
    story.image, story.template_keys = "web:1", "SHOP-1"
    story.taken_up().completes()

    entries = story.ledger.entries[len(before) :]
    assert [each.state for each in entries] == [State.UNKNOWN, State.ROLLED_BACK, State.SUCCESSFUL]
    assert [each.issue_keys for each in entries] == [("SHOP-1",), ("SHOP-2",), ("SHOP-1",)]
    assert len({each.number for each in entries}) == 3


def test_a_version_that_waited_and_came_back_later_was_not_rolled_back_by_itself() -> None:
    """Whose the one between was is not certain, so it is not reported."""
    story = waiting(Story(keys="SHOP-1").asked_for("web:1")).unseen()
    story.versions.append(version(story, "web-a", revision=1, keys="SHOP-1"))
    story.image = "web:2"
    story.versions.append(version(story, "web-b", revision=2, keys="SHOP-2"))
    story.image = "web:1"
    story.taken_up().completes()

    assert story.states == ["unknown", "successful"]


def test_a_version_that_waited_and_was_restarted_unseen_was_there_once() -> None:
    story = waiting(Story().asked_for("web:1")).unseen()
    story.versions.append(version(story, "web-a", revision=1, keys="SHOP-1"))
    story.begins("web:1", restarted="2026-11-24T09:00:00Z").completes()

    assert story.states == ["successful"]


def test_a_version_that_waited_for_another_one_to_be_taken_up_first_was_there_once() -> None:
    """Another one, which nobody saw being asked for, was given the revision that it was expected to have."""
    story = waiting(Story().runs("web:1").asked_for("web:2", keys="SHOP-2")).unseen()
    story.image = "web:9"
    story.versions.append(version(story, "web-z", revision=2, keys="SHOP-9"))
    story.begins("web:2").completes()

    assert story.states == ["successful", "successful"]
    assert story.current.issue_keys == ("SHOP-2",)


def away(story: Story, *images: str) -> Story:
    """All of these roll out while nobody looks."""
    story.unseen()
    kept = story.course, story.ledger
    for image in images:
        story.runs(image)
    story.course, story.ledger = kept
    return story.seen()


def test_ways_back_and_forth_that_nobody_saw_are_each_told() -> None:
    """The ReplicaSets have come back since, under other revisions than they had then."""
    story = away(Story(keys="", template_keys="SHOP-1").runs("web:1"), "web:2", "web:1", "web:2")

    assert [each.revision for each in story.ledger.entries] == [1, 2, 3, 4]
    assert story.states == ["successful", "unknown", "rolled_back", "successful"]


def test_what_is_said_of_a_replica_set_is_not_said_of_an_earlier_time_of_it() -> None:
    story = away(Story(keys="", template_keys="SHOP-1").runs("web:1"), "web:2", "web:1", "web:2", "web:3")

    assert story.states == ["successful", "unknown", "unknown", "unknown", "successful"]


def test_a_restart_that_was_undone_unseen_is_no_way_back() -> None:
    story = Story(keys="", template_keys="SHOP-1").runs("web:1")
    story.unseen()
    kept = story.course, story.ledger
    story.runs("web:1", restarted="2026-11-24T09:00:00Z").runs("web:1", restarted="")
    story.course, story.ledger = kept

    assert story.seen().states == ["successful"]


RESTARTED = "2026-11-24T09:00:00Z"


def test_a_new_version_whose_restart_was_undone_unseen_rolls_nothing_back() -> None:
    """Its ReplicaSet had a revision before, but after the version that it has replaced."""
    story = Story().runs("web:1").unseen()
    story.begins_unseen("web:2").begins_unseen("web:2", restarted=RESTARTED).begins_unseen("web:2")

    assert story.completes().states == ["successful", "successful"]


def test_nor_does_one_that_came_back_from_a_version_whose_replica_set_is_gone() -> None:
    story = Story().runs("web:1").unseen()
    story.begins_unseen("web:2").begins_unseen("web:3").begins_unseen("web:2")
    del story.versions[2]

    assert story.completes().states[0] == "successful"


def test_a_missed_version_is_not_rolled_back_by_the_next_one_whose_restart_was_undone() -> None:
    story = Story().runs("web:1").unseen().begins_unseen("web:2")
    story.begins_unseen("web:3").begins_unseen("web:3", restarted=RESTARTED).begins_unseen("web:3")

    assert story.completes().states == ["successful", "unknown", "successful"]
