"""The checker finds nothing in a true run, and whatever is made wrong in it."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chaos.checker import Evidence, Wrong, unsettled, violations
from chaos.passages import Kind, Passage
from chaos.script import SMALL
from unit.chaos.recorded import Recorded

Mutation = Callable[[Recorded], None]

MUTATIONS: list[tuple[Wrong, Mutation]] = []

LAST, FAILED, SUPERSEDED, FIRST = "4", "2", "7", "3"
"""Tags of versions in `SMALL`: two of one workload that succeeded, and two that did not."""


def makes(kind: Wrong) -> Callable[[Mutation], Mutation]:
    """Say what a mutation has to be found as."""

    def note(mutation: Mutation) -> Mutation:
        MUTATIONS.append((kind, mutation))
        return mutation

    return note


# What Jira holds.


@makes(Wrong.STATE)
def a_success_is_called_a_failure(run: Recorded) -> None:
    run.held(LAST)["state"] = "failed"


@makes(Wrong.STATE)
def an_outcome_that_was_seen_is_called_unknown(run: Recorded) -> None:
    run.held(FIRST)["state"] = "unknown"


@makes(Wrong.STATE)
def a_rollback_is_not_noticed(run: Recorded) -> None:
    run.held(FAILED)["state"] = "failed"


@makes(Wrong.STATE)
def what_was_superseded_is_called_a_success(run: Recorded) -> None:
    run.held(SUPERSEDED)["state"] = "successful"


@makes(Wrong.LEFT_OPEN)
def a_version_is_left_in_progress(run: Recorded) -> None:
    run.held(SUPERSEDED)["state"] = "in_progress"


@makes(Wrong.MISSING)
def a_version_is_missing(run: Recorded) -> None:
    run.jira["deployments"] = [e for e in run.jira["deployments"] if e["deployment"] is not run.held(LAST)]


@makes(Wrong.PHANTOM)
def a_version_is_there_twice(run: Recorded) -> None:
    again = copy.deepcopy(run.held(LAST))
    again["deploymentSequenceNumber"] += 1
    run.jira["deployments"].append({"deployment": again})


@makes(Wrong.PHANTOM)
def a_version_that_never_was_is_there(run: Recorded) -> None:
    invented = copy.deepcopy(run.held(LAST))
    invented["deploymentSequenceNumber"] += 1
    invented["associations"][0]["values"] = ["CHAOS-99"]
    run.jira["deployments"].append({"deployment": invented})


@makes(Wrong.PHANTOM)
def a_workload_that_never_was_is_there(run: Recorded) -> None:
    invented = copy.deepcopy(run.held(LAST))
    invented["pipeline"]["id"] += "-2"
    run.jira["deployments"].append({"deployment": invented})


@makes(Wrong.KEYS)
def a_version_has_the_keys_of_the_one_before(run: Recorded) -> None:
    run.held(LAST)["associations"] = run.held(FIRST)["associations"]


@makes(Wrong.KEYS)
def a_version_has_a_key_too_many(run: Recorded) -> None:
    run.held(LAST)["associations"][0]["values"].append("CHAOS-99")


@makes(Wrong.NAME)
def a_version_is_called_by_another_one(run: Recorded) -> None:
    run.held(LAST)["label"] = "5"


@makes(Wrong.NAME)
def a_version_is_in_another_environment(run: Recorded) -> None:
    run.held(LAST)["environment"]["id"] = "production"


@makes(Wrong.ORDER)
def a_later_version_has_a_lower_number(run: Recorded) -> None:
    first, last = run.held(FIRST), run.held(LAST)
    first["deploymentSequenceNumber"], last["deploymentSequenceNumber"] = (
        last["deploymentSequenceNumber"],
        first["deploymentSequenceNumber"],
    )


# How it came to hold that.


@makes(Wrong.EARLY)
def a_success_is_told_before_it_came_true(run: Recorded) -> None:
    told = datetime.fromisoformat(run.stored(LAST)[0]["received"])
    run.stored(LAST)[-1]["received"] = (told - timedelta(seconds=2)).isoformat()


@makes(Wrong.EARLY)
def a_failure_is_told_that_never_was(run: Recorded) -> None:
    run.jira["history"].append(after(run.stored(SUPERSEDED)[0], state="failed"))


@makes(Wrong.EARLY)
def an_end_is_told_of_a_version_that_lives(run: Recorded) -> None:
    run.jira["history"].append(after(run.stored(LAST)[0], state="cancelled"))


@makes(Wrong.REGRESSION)
def a_success_becomes_unfinished_again(run: Recorded) -> None:
    run.jira["history"].append(after(run.stored(LAST)[-1], state="in_progress"))


@makes(Wrong.REGRESSION)
def the_time_of_a_version_goes_back(run: Recorded) -> None:
    run.jira["history"].append(after(run.stored(LAST)[-1], lastUpdated="2020-01-01T00:00:00.000Z"))


@makes(Wrong.REGRESSION)
def an_older_update_replaces_a_newer_one(run: Recorded) -> None:
    run.jira["history"].append(after(run.stored(LAST)[-1], updateSequenceNumber=1))


@makes(Wrong.REGRESSION)
def an_update_has_the_number_of_the_one_before(run: Recorded) -> None:
    last = run.stored(LAST)[-1]
    number = last["deployment"]["updateSequenceNumber"]
    run.jira["history"].append(after(last, updateSequenceNumber=number))


@makes(Wrong.SHARED_NUMBER)
def two_versions_have_one_number(run: Recorded) -> None:
    run.jira["history"].append(after(run.stored(LAST)[-1], displayName="success 99"))


@makes(Wrong.SHARED_NUMBER)
def a_version_loses_a_key(run: Recorded) -> None:
    others = [{"associationType": "issueIdOrKeys", "values": ["CHAOS-99"]}]
    run.jira["history"].append(after(run.stored(LAST)[-1], associations=others))


@makes(Wrong.DROPPED)
def an_update_comes_too_late(run: Recorded) -> None:
    run.jira["dropped"].append(run.stored(LAST)[0])


# What was sent.


@makes(Wrong.TWICE)
def one_request_has_a_deployment_twice(run: Recorded) -> None:
    deployments = run.submissions[-1]["request"]["deployments"]
    deployments.append(deployments[0])


@makes(Wrong.TOO_MANY)
def one_request_has_more_than_a_hundred(run: Recorded) -> None:
    request = run.submissions[-1]["request"]
    [one, *_] = request["deployments"]
    request["deployments"] = [one | {"deploymentSequenceNumber": number} for number in range(1, 102)]


@makes(Wrong.TOO_MANY)
def one_request_has_none(run: Recorded) -> None:
    run.submissions[-1]["request"]["deployments"] = []


@makes(Wrong.REPEATED)
def a_report_is_sent_again_for_no_reason(run: Recorded) -> None:
    again = copy.deepcopy(run.submissions[-1])
    for each in again["request"]["deployments"]:
        each["updateSequenceNumber"] += 1000
    run.requests.append(again)


# What was recorded.


@makes(Wrong.BLIND)
def the_recorder_has_missed_a_workload(run: Recorded) -> None:
    run.truth = [each for each in run.truth if "success" not in each["object"]["metadata"]["name"]]


FIELDS: dict[str, list[Any]] = {
    "deploymentSequenceNumber": ["7", 0, 2**60, None],
    "updateSequenceNumber": ["7", True, None],
    "displayName": ["", "x" * 256, None],
    "url": ["", "x" * 2001, None],
    "description": ["", "x" * 256, None],
    "lastUpdated": ["yesterday", "2026-11-24T08:00:00", None],
    "state": ["canceled", None],
    "pipeline": [{}, None],
    "environment": [{"id": "a", "displayName": "a", "type": "prod"}, None],
    "associations": [[], [{"associationType": "issueIdOrKeys", "values": []}], None],
}


def test_nothing_is_wrong_in_a_true_run() -> None:
    run = Recorded()

    assert violations(run.evidence()) == []
    assert unsettled(run.evidence()) == []
    assert len(run.jira["deployments"]) == 8
    assert run.submissions


@pytest.mark.parametrize(
    ("kind", "mutation"), [pytest.param(*each, id=each[1].__name__) for each in MUTATIONS]
)
def test_what_is_made_wrong_is_found(kind: Wrong, mutation: Mutation) -> None:
    run = Recorded()
    mutation(run)

    assert kind in kinds(run.evidence())


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in FIELDS.items() for value in values]
)
def test_a_field_that_jira_would_refuse_is_found(field: str, value: Any) -> None:
    run = Recorded()
    run.submissions[-1]["request"]["deployments"][0][field] = value

    assert kinds(run.evidence()) == {Wrong.INCOMPLETE}


def test_each_kind_of_violation_is_made_by_some_test() -> None:
    elsewhere = {Wrong.INCOMPLETE, Wrong.HASTY, Wrong.OTHER_THAN_UNDISTURBED}

    assert {*Wrong} - {kind for kind, _ in MUTATIONS} == elsewhere


@pytest.mark.parametrize("fault", ["frozen", "jira-slow"])
def test_what_a_frozen_leader_or_a_slow_jira_brings_too_late_may_be_dropped(fault: str) -> None:
    run = Recorded()
    an_update_comes_too_late(run)

    assert violations(run.evidence(faults=frozenset({fault}))) == []


def test_a_lost_answer_does_not_explain_a_dropped_update() -> None:
    run = Recorded()
    an_update_comes_too_late(run)

    assert kinds(run.evidence(faults=frozenset({"jira-answer-lost"}))) == {Wrong.DROPPED}


def test_a_new_leader_may_repeat_what_an_old_one_has_said() -> None:
    run = Recorded()
    a_report_is_sent_again_for_no_reason(run)
    again = run.requests[-1]
    at = datetime.fromisoformat(again["time"])
    again["time"] = (at + timedelta(seconds=9)).isoformat()

    absence = (at + timedelta(seconds=1), at + timedelta(seconds=5))
    assert violations(run.evidence(absences=[absence])) == []


def test_a_report_whose_answer_was_lost_has_to_be_repeated() -> None:
    run = Recorded()
    a_report_is_sent_again_for_no_reason(run)
    run.submissions[-2]["status"] = None

    assert violations(run.evidence()) == []


def test_a_version_that_waits_may_give_its_number_to_another() -> None:
    run = Recorded()
    first = run.stored(LAST)[0]
    waited = copy.deepcopy(first)
    waited["deployment"] |= {"state": "pending", "displayName": "success 99", "updateSequenceNumber": 1}
    run.jira["history"].insert(0, waited)

    assert violations(run.evidence()) == []


# Waiting when Jira has asked for it.


def post(seconds: float, *, told: int = 202, retry_after: float | None = None) -> Passage:
    """A submission, so many seconds after the first one."""
    came = datetime(2026, 11, 24, 8, 0, tzinfo=UTC) + timedelta(seconds=seconds)
    path = "/jira/deployments/0.1/cloud/1/bulk"
    left = came + timedelta(seconds=0.1)
    passage = Passage(1, "operator", Kind.POST, "POST", path, "", "", came, seconds, retry_after=retry_after)
    passage.told, passage.left = told, left
    return passage


@pytest.mark.parametrize("seconds", [0.5, 3, 4])
def test_a_request_before_the_time_that_jira_named_is_found(seconds: float) -> None:
    passages = [post(0, told=429, retry_after=4), post(seconds)]

    assert kinds(Recorded().evidence(passages=passages)) == {Wrong.HASTY}


@pytest.mark.parametrize(
    "passages",
    [
        [post(0, told=429, retry_after=4), post(4.2)],
        [post(0, told=429, retry_after=4), post(0.05, told=429, retry_after=4), post(4.2)],
        [post(0, told=429), post(1)],
        [post(0, told=503, retry_after=4), post(1)],
    ],
    ids=["in time", "on its way already", "no time named", "another refusal"],
)
def test_other_requests_are_not_too_early(passages: list[Passage]) -> None:
    assert violations(Recorded().evidence(passages=passages)) == []


def test_the_script_is_held_against_what_was_recorded() -> None:
    without_one = replace(SMALL, tracks=SMALL.tracks[:-1])
    run = Recorded()

    assert violations(replace(run.evidence(), script=without_one)) == []


def after(record: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The next update of a deployment, with changes."""
    following = copy.deepcopy(record)
    following["deployment"]["updateSequenceNumber"] += 1
    following["deployment"] |= changes
    return following


def kinds(evidence: Evidence) -> set[Wrong]:
    return {each.kind for each in violations(evidence)}
