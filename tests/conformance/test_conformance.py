"""That the operator judges every recorded line rightly, whatever else it is shown."""

from pathlib import Path

import pytest

from conformance import recording
from conformance.rivals.page import page
from conformance.rivals.scores import Opinion, Scenario, is_written, scenarios, scored

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"

NEED_PODS = {
    "deployment-crash-looping-for-a-minute",
    "deployment-unpullable-for-a-minute-and-undone",
    "deployment-without-its-configuration-for-a-minute",
    "rollout-crash-looping-canary-for-a-minute",
}
"""Stories in which nothing but the pods tells that the rollout has failed."""

of_each_scenario = pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.name)


def wrong(opinions: list[Opinion]) -> list[str]:
    return [str(opinion) for opinion in opinions if not opinion.is_right]


@of_each_scenario
def test_the_operator_is_right_about_every_line(scenario: Scenario) -> None:
    assert wrong(scenario.ours()) == []


@of_each_scenario
def test_it_is_right_without_replica_sets(scenario: Scenario) -> None:
    assert wrong(scenario.ours(without=["ReplicaSet"])) == []


@of_each_scenario
def test_it_is_right_without_pods_unless_they_alone_can_tell(scenario: Scenario) -> None:
    assert bool(wrong(scenario.ours(without=["Pod"]))) is (scenario.name in NEED_PODS)


@of_each_scenario
def test_it_is_right_with_nothing_but_the_workload_unless_pods_alone_can_tell(scenario: Scenario) -> None:
    assert bool(wrong(scenario.ours(without=["Pod", "ReplicaSet"]))) is (scenario.name in NEED_PODS)


def test_every_recording_has_a_truth_to_be_judged_by() -> None:
    assert [name for name in recording.names() if not is_written(name)] == []


def test_the_page_of_documentation_is_not_stale() -> None:
    results = [scored(scenario) for scenario in scenarios()]

    assert PAGE.read_text() == page(results), "run `make generate`"
