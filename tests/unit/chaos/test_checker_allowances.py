"""What Jira may hold of each version: one true answer, unless nobody could see what happened."""

import pytest

from chaos.checker import unsettled
from chaos.claims import said_too_early
from chaos.evidence import Wrong
from unit.chaos.happenings import Happenings, deployment, moment, record


def settled() -> Happenings:
    """A Deployment whose first version has long succeeded."""
    return Happenings().version(0, "1").completes(2).holds(1, "1", "successful")


def superseded() -> Happenings:
    return settled().version(10, "2").version(20, "3").completes(22).holds(3, "3", "successful")


def failed() -> Happenings:
    return settled().version(10, "2").fails(14)


def succeeded() -> Happenings:
    return settled().version(10, "2").completes(14)


def superseded_after_success() -> Happenings:
    return succeeded().version(20, "3").completes(22).holds(3, "3", "successful")


def superseded_after_failure() -> Happenings:
    return failed().version(20, "3").completes(22).holds(3, "3", "successful")


def rolled_back() -> Happenings:
    return settled().version(10, "2").version(20, "1").completes(22).holds(3, "1", "successful")


def rolled_back_after_success() -> Happenings:
    return succeeded().version(20, "1").completes(22).holds(3, "1", "successful")


def deleted() -> Happenings:
    return settled().version(10, "2").is_deleted(20)


def deleted_after_success() -> Happenings:
    return succeeded().is_deleted(20)


ALL = (
    (superseded, "cancelled"),
    (superseded_after_success, "successful"),
    (superseded_after_failure, "failed"),
    (rolled_back, "rolled_back"),
    (rolled_back_after_success, "rolled_back"),
    (deleted, "cancelled"),
    (deleted_after_success, "successful"),
)
STATES = ("pending", "in_progress", "successful", "failed", "cancelled", "rolled_back", "unknown")


@pytest.mark.parametrize(("story", "truth"), ALL)
def test_what_was_seen_has_one_true_answer(story: type[Happenings], truth: str) -> None:
    assert allowed(story()) == {truth}


@pytest.mark.parametrize(
    ("story", "answers"),
    [
        (superseded, {"cancelled", "unknown"}),
        (superseded_after_success, {"successful", "unknown"}),
        (superseded_after_failure, {"failed", "unknown"}),
        (rolled_back, {"rolled_back", "unknown"}),
        (rolled_back_after_success, {"rolled_back", "successful", "unknown"}),
        (deleted, {"cancelled", "unknown"}),
        (deleted_after_success, {"successful", "cancelled", "unknown"}),
    ],
)
def test_of_what_began_in_sight_and_ended_while_nobody_looked_nothing_is_guessed(
    story: type[Happenings], answers: set[str]
) -> None:
    assert allowed(story().nobody_looks(12, 25)) == answers


@pytest.mark.parametrize(("story", "truth"), ALL)
def test_an_absence_before_or_after_it_excuses_nothing(story: type[Happenings], truth: str) -> None:
    assert allowed(story().nobody_looks(4, 9).nobody_looks(27, 60)) == {truth}


@pytest.mark.parametrize("story", [superseded_after_success, superseded_after_failure])
def test_an_absence_after_which_the_outcome_was_still_to_be_seen_excuses_nothing(
    story: type[Happenings],
) -> None:
    assert len(allowed(story().nobody_looks(11, 17))) == 1


@pytest.mark.parametrize("story", [failed, succeeded])
def test_the_last_version_of_a_living_workload_has_to_be_exact_whatever_was_not_seen(
    story: type[Happenings],
) -> None:
    assert len(allowed(story().nobody_looks(9, 60))) == 1


def test_a_version_that_came_and_went_unseen_may_be_missing_if_its_keys_are_not_in_its_template() -> None:
    assert unsettled(superseded().nobody_looks(9, 25).evidence()) == []
    [missing] = unsettled(superseded().evidence())
    assert "SHOP-2" in missing


@pytest.mark.parametrize(("seconds", "is_excused"), [(1, True), (3, False)])
def test_an_operator_that_dies_at_once_may_not_have_told_what_it_has_seen(
    seconds: float, *, is_excused: bool
) -> None:
    happenings = superseded().nobody_looks(10 + seconds, 25)

    assert (unsettled(happenings.evidence()) == []) == is_excused


def test_keys_in_its_template_are_certain_so_it_may_not_be_missing() -> None:
    happenings = settled().version(10, "2", in_template=True).version(20, "3").completes(22)
    happenings.holds(3, "3", "successful").nobody_looks(9, 25)

    [missing] = unsettled(happenings.evidence())

    assert "SHOP-2" in missing


@pytest.mark.parametrize(("in_template", "is_excused"), [(False, True), (True, False)])
def test_a_version_first_seen_when_the_next_was_asked_for_may_be_missing_if_its_keys_were_overwritten(
    *, in_template: bool, is_excused: bool
) -> None:
    happenings = settled().version(10, "2", in_template=in_template).completes(14).asked(16, "3")
    happenings.version(30, "3").completes(32).holds(3, "3", "successful").nobody_looks(9, 20)

    assert (unsettled(happenings.evidence()) == []) == is_excused


def test_a_version_seen_before_the_next_was_asked_for_may_not_be_missing() -> None:
    happenings = settled().version(10, "2").completes(14).asked(22, "3")
    happenings.version(30, "3").completes(32).holds(3, "3", "successful").nobody_looks(9, 20)

    [missing] = unsettled(happenings.evidence())

    assert "SHOP-2" in missing


@pytest.mark.parametrize(("seconds", "is_early"), [(8, True), (12, False)])
def test_what_waits_is_told_under_its_own_issues_before_the_next_one_takes_its_deployment(
    seconds: float, *, is_early: bool
) -> None:
    happenings = settled().asked(10, "2").version(15, "3").completes(22).holds(2, "3", "successful")
    evidence = happenings.evidence()
    told = record(
        deployment(happenings.deployments[-1]["deploymentSequenceNumber"], "2", "pending", "SHOP-2")
    )
    evidence.jira_state["history"].append(told | {"received": moment(seconds).isoformat()})

    assert [each.kind for each in said_too_early(evidence)] == [Wrong.EARLY] * is_early


def test_of_a_workload_that_came_and_went_unseen_nobody_can_know() -> None:
    happenings = Happenings().version(10, "2", in_template=True).is_deleted(20).nobody_looks(5, 30)

    assert unsettled(happenings.evidence()) == []


def test_a_workload_that_is_gone_when_somebody_looks_again_leaves_its_last_known_version_cancelled() -> None:
    happenings = superseded_after_success().is_deleted(30)

    assert allowed(happenings.nobody_looks(12, 35)) == {"successful", "unknown", "cancelled"}


def test_a_rollback_that_nobody_saw_succeed_may_leave_what_it_replaced_a_success() -> None:
    happenings = succeeded().version(20, "1").completes(22).version(30, "3").completes(32)
    happenings.holds(3, "1", "successful").holds(4, "3", "successful")

    assert allowed(happenings.nobody_looks(21, 35)) == {"rolled_back", "successful"}


def test_a_rollback_that_never_succeeded_leaves_what_it_replaced_as_it_was() -> None:
    happenings = failed().version(20, "1").version(30, "3").completes(32)
    happenings.holds(3, "1", "cancelled").holds(4, "3", "successful")

    assert allowed(happenings) == {"failed"}


def test_a_success_in_the_last_moment_may_be_overlooked() -> None:
    happenings = settled().version(10, "2").completes(19.9).version(20, "3").completes(22)

    assert allowed(happenings.holds(3, "3", "successful")) == {"successful", "cancelled", "unknown"}


def test_a_deployment_that_is_out_of_time_has_failed_though_its_controller_says_nothing() -> None:
    happenings = settled().within(4).version(10, "2")

    assert allowed(happenings) == {"failed"}
    assert allowed(settled().within(90).version(10, "2")) == {"in_progress"}


def test_one_that_was_out_of_time_when_it_was_replaced_may_have_failed() -> None:
    happenings = settled().within(4).version(10, "2").version(20, "3").completes(22)

    assert allowed(happenings.holds(3, "3", "successful")) == {"cancelled", "failed"}


def allowed(happenings: Happenings) -> set[str]:
    """States that the second version may have in Jira."""
    kept = [each for each in happenings.deployments if each["label"] != "2"]
    found = set()
    for state in STATES:
        happenings.deployments = list(kept)
        happenings.created = happenings.sightings[0].at
        happenings.holds(2, "2", state)
        if not unsettled(happenings.evidence()):
            found.add(state)
    return found
