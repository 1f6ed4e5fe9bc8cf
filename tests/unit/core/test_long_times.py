"""Rules that depend on hours: what counts as time under way, and what ends a failure."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rollout_reporter.core.judgement import wants_pods
from rollout_reporter.core.outcome import Accepted
from rollout_reporter.core.pods import read_pod_trouble
from rollout_reporter.core.report import Environment, EnvironmentType, State, Update
from rollout_reporter.core.workload import PodTrouble
from unit.core.story import TARGET, Story


def scaled_to_nothing(story: Story) -> Story:
    story.replicas = 0
    return story.completes()


def scaled_up(story: Story) -> Story:
    story.replicas = 3
    return story.seen()


def test_a_version_that_waited_paused_for_an_hour_begins_when_it_is_resumed() -> None:
    story = Story().runs("web:1")
    story.paused = True
    story.asked_for("web:2").later(hours=1)
    story.paused = False
    story.seen(observed=False).taken_up()

    assert story.states == ["successful", "in_progress"]


def test_so_does_one_whose_controller_was_away_or_drained_old_pods_for_long() -> None:
    story = Story().runs("web:1").asked_for("web:2").later(minutes=40).taken_up()

    assert story.states == ["successful", "in_progress"]


@pytest.mark.parametrize("has_begun", [True, False])
def test_a_night_without_replicas_is_no_time_under_way(has_begun: bool) -> None:  # noqa: FBT001 (pytest's way)
    story = Story().runs("web:1")
    if has_begun:
        story.begins("web:2")
        scaled_to_nothing(story)
    else:
        scaled_to_nothing(story)
        story.begins("web:2").completes()
    story.later(hours=10)
    story.loses_its_pods()
    scaled_up(story)

    assert story.states[-1] == "in_progress"


def test_a_restart_gives_a_failed_version_all_its_time_again() -> None:
    story = Story().runs("web:1").begins("web:2").exceeds_its_deadline().later(hours=2)
    story.begins("web:2", restarted="now")

    assert story.states == ["successful", "in_progress"]


def test_a_rollout_that_runs_for_too_long_has_failed_all_the_same() -> None:
    story = Story().runs("web:1").begins("web:2").later(hours=1)

    assert story.states == ["successful", "failed"]


# A crash loop.


def crashing(story: Story, *, is_running: bool) -> Story:
    """A pod that has not been ready for more than a minute."""
    since = story.now - timedelta(seconds=70)
    story.troubles = (PodTrouble("web-1-x", "1", "CrashLoopBackOff", "web:2", since, is_running=is_running),)
    return story.later(seconds=1)


def acknowledged(story: Story) -> Story:
    for number, each in enumerate(story.ledger.due, start=1):
        before = each.acknowledged.update_number if each.acknowledged else 0
        story.ledger = story.ledger.settle(Update(each.report, before + number), Accepted(), story.now)
    return story


def test_a_pod_that_crashes_again_and_again_has_failed_also_while_it_runs_in_between() -> None:
    story = Story().runs("web:1").begins("web:2")
    crashing(story, is_running=False)
    assert story.states == ["successful", "failed"]
    acknowledged(story)
    crashing(story, is_running=True)
    assert story.ledger.due == ()
    story.troubles = ()
    story.begins("web:3")

    assert story.states == ["successful", "failed", "in_progress"]


def test_one_that_has_crashed_once_and_runs_has_not_failed() -> None:
    story = Story().runs("web:1").begins("web:2")
    crashing(story, is_running=True)

    assert story.states == ["successful", "in_progress"]


def test_one_that_becomes_ready_ends_the_failure() -> None:
    story = Story().runs("web:1").begins("web:2")
    crashing(story, is_running=False)
    story.troubles = ()
    story.completes()

    assert story.states == ["successful", "successful"]


def pod(*, ready: str = "False", **status: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "web-1-x",
            "creationTimestamp": "2026-11-24T08:00:00Z",
            "labels": {"pod-template-hash": "1"},
        },
        "status": {
            "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": "2026-11-24T08:00:09Z"}],
            "containerStatuses": [{"image": "web:2", **status}],
        },
    }


CRASHED: dict[str, Any] = {"lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}}


@pytest.mark.parametrize(
    ("found", "is_running"),
    [
        (pod(state={"waiting": {"reason": "CrashLoopBackOff"}}, **CRASHED), False),
        (pod(state={"running": {}}, **CRASHED), True),
        (pod(state={"terminated": {"exitCode": 137}}, **CRASHED), True),
        (pod(state={"running": {}}), None),
        (pod(state={"running": {}}, ready="True", **CRASHED), None),
        (pod(state={"terminated": {"exitCode": 0}}, **CRASHED), None),
    ],
)
def test_what_a_pod_tells_of_its_crashes(found: dict[str, Any], is_running: bool | None) -> None:  # noqa: FBT001 (pytest's way)
    trouble = read_pod_trouble(found)

    assert (trouble.is_running if trouble else None) is is_running


# Numbers, and what a template reads like.


def test_numbers_go_on_in_their_order_when_the_environment_changes() -> None:
    """They ran ahead of the revision by what was withdrawn."""
    story = Story().runs("web:1")
    for _ in range(3):
        story.paused = True
        story.asked_for("web:2").seen().later(seconds=2)
        story.asked_for("web:1").seen().later(seconds=2)
        story.paused = False
        story.seen()
    staging = Environment("staging", "staging", EnvironmentType.STAGING)
    story.target = replace(TARGET, environment=staging)
    story.paused = True
    story.asked_for("web:3").seen().later(seconds=2).later(seconds=2)

    assert [each.state for each in story.ledger.entries if each.environment == staging] == [State.PENDING]
    assert story.ledger.waiting is not None


def test_a_template_that_reads_otherwise_since_the_cluster_was_upgraded_is_no_new_version() -> None:
    """The newer API server fills in what the older one did not know."""
    story = Story().runs("web:1").runs("web:2")
    told = story.states
    story.filled_in = {"newField": "Default"}
    for version in story.versions:
        version.template["spec"].update(story.filled_in)
    story.seen()

    assert story.states == told == ["successful", "successful"]


def test_what_may_have_been_complete_before_it_was_scaled_to_nothing_is_unknown_also_while_its_pods_go() -> (
    None
):
    story = Story().runs("web:1").begins("web:2").unseen()
    story.replicas, story.going = 0, 3
    assert story.seen().states == ["successful", "in_progress"]

    story.going = 0
    assert story.loses_its_pods().seen().states == ["successful", "unknown"]


def at_rest_without_replicas(story: Story) -> Story:
    """For an hour since its watch was cut."""
    story.replicas = 0
    return story.loses_its_pods().later(minutes=5).gap().later(minutes=1).later(hours=1)


def test_a_version_that_waited_without_replicas_and_was_replaced_then_gives_its_deployment_to_the_next() -> (
    None
):
    story = at_rest_without_replicas(Story().runs("web:1"))
    story.paused, story.image = True, "web:2"
    assert story.seen().later(minutes=2).states == ["successful", "pending"]

    story.paused, story.replicas = False, 3
    assert story.begins_unseen("web:3").seen().states == ["successful", "in_progress"]


def test_a_version_that_was_seen_to_be_asked_for_without_replicas_and_was_replaced_is_cancelled() -> None:
    story = at_rest_without_replicas(Story().runs("web:1")).asked_for("web:2").taken_up_unseen()
    story.replicas = 3

    assert story.begins_unseen("web:3").seen().states == ["successful", "cancelled", "in_progress"]


def test_a_template_that_waits_is_told_soon_though_the_clock_was_set_back() -> None:
    story = Story().runs("web:1")
    story.paused = True
    story.asked_for("web:2").later(hours=-1).later(seconds=1)

    assert story.states == ["successful", "pending"]


def test_pods_are_looked_at_soon_though_the_clock_was_set_back() -> None:
    story = Story().runs("web:1").begins("web:2").later(hours=-1).later(seconds=5)

    assert wants_pods(story.last.snapshot, story.course, story.now)


def test_time_in_a_pause_is_not_counted_backwards_when_the_clock_was_set_back() -> None:
    story = Story().runs("web:1").begins("web:2")
    story.paused = True
    story.seen().later(hours=-1)
    story.paused = False
    story.seen().later(minutes=29)
    assert story.states[-1] == "in_progress"
    assert story.later(minutes=2).states[-1] == "failed"
