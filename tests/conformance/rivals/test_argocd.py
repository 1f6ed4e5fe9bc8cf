import pytest

from conformance.objects import Object
from conformance.rivals import argocd
from conformance.rivals.argocd import DEGRADED, HEALTHY, PROGRESSING, SUSPENDED
from conformance.rivals.objects import condition, conditions, deployment, rollout

EXCEEDED = condition("Progressing", status="False", reason="ProgressDeadlineExceeded")
ABORTED = condition("Progressing", status="False", reason="RolloutAborted")
DELETING = {"deletionTimestamp": "2026-11-24T11:00:00Z"}
ASKED = {"annotations": {"rollout.argoproj.io/workload-generation": "3"}}
BLUE_GREEN: Object = {"strategy": {"blueGreen": {}}}
SWITCHED = {"blueGreen": {"activeSelector": "abc"}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(deployment(), HEALTHY, id="complete"),
        pytest.param(deployment(metadata=DELETING), PROGRESSING, id="pending deletion"),
        pytest.param(deployment(spec={"paused": True}), SUSPENDED, id="paused"),
        pytest.param(deployment(generation=3), PROGRESSING, id="generation not observed"),
        pytest.param(deployment(status=conditions(EXCEEDED)), DEGRADED, id="deadline exceeded"),
        pytest.param(deployment(status={"updatedReplicas": 1}), PROGRESSING, id="too few updated"),
    ],
)
def test_health_of_a_deployment(body: Object, expected: str) -> None:
    assert argocd.deployment(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(rollout(metadata=DELETING), PROGRESSING, id="pending deletion"),
        pytest.param(rollout(generation=3, status={"phase": "Healthy"}), PROGRESSING, id="not observed"),
        pytest.param(rollout() | {"status": {}}, PROGRESSING, id="no hash yet"),
        pytest.param(
            rollout(
                metadata=ASKED,
                spec={"workloadRef": {}},
                status={"phase": "Healthy", "workloadObservedGeneration": "2"},
            ),
            PROGRESSING,
            id="workload generation not observed",
        ),
        pytest.param(
            rollout(
                metadata=ASKED,
                spec={"workloadRef": {}},
                status={"phase": "Healthy", "workloadObservedGeneration": "3"},
            ),
            HEALTHY,
            id="workload generation observed",
        ),
        pytest.param(rollout(status={"phase": "Paused"}), SUSPENDED, id="paused"),
        pytest.param(rollout(status={"phase": "Degraded"}), DEGRADED, id="any other phase as it is"),
    ],
)
def test_health_of_a_rollout(body: Object, expected: str) -> None:
    assert argocd.rollout(body) == expected


def test_a_rollout_without_a_status_is_not_observed() -> None:
    body = rollout()
    del body["status"]

    assert argocd.rollout(body) == PROGRESSING


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(rollout(), HEALTHY, id="complete"),
        pytest.param(rollout(observed="6c5b8d"), HEALTHY, id="of before 0.10: a hash"),
        pytest.param(rollout(status=conditions(condition("InvalidSpec"))), DEGRADED, id="refused"),
        pytest.param(rollout(status=conditions(ABORTED)), DEGRADED, id="aborted"),
        pytest.param(rollout(status=conditions(EXCEEDED)), DEGRADED, id="deadline exceeded"),
        pytest.param(rollout(spec={"paused": True}), SUSPENDED, id="paused by a person"),
        pytest.param(rollout(status={"pauseConditions": [{}]}), SUSPENDED, id="paused at a step"),
        pytest.param(rollout(status={"updatedReplicas": 1}), PROGRESSING, id="too few updated"),
        pytest.param(rollout(status={"availableReplicas": 1}), PROGRESSING, id="too few available"),
        pytest.param(rollout(status={"replicas": 3}), PROGRESSING, id="old ones left"),
        pytest.param(rollout(status={"stableRS": "old"}), PROGRESSING, id="steps left"),
        pytest.param(rollout(spec=BLUE_GREEN), PROGRESSING, id="cutover pending"),
        pytest.param(rollout(spec=BLUE_GREEN, status=SWITCHED), HEALTHY, id="switched"),
        pytest.param(
            rollout(spec=BLUE_GREEN, status={**SWITCHED, "stableRS": "old"}), PROGRESSING, id="analysis left"
        ),
    ],
)
def test_health_of_a_rollout_without_a_phase(body: Object, expected: str) -> None:
    assert argocd.rollout(body) == expected
