import pytest

from conformance.objects import Object
from conformance.rivals import rollouts_plugin
from conformance.rivals.objects import condition, conditions, rollout
from conformance.rivals.rollouts_plugin import DEGRADED, HEALTHY, PAUSED, PROGRESSING

EXCEEDED = condition("Progressing", status="False", reason="ProgressDeadlineExceeded")
ABORTED = condition("Progressing", status="False", reason="RolloutAborted")
BLUE_GREEN: Object = {"strategy": {"blueGreen": {}}}
SWITCHED = {"blueGreen": {"activeSelector": "abc"}}
STALE = {"phase": "Healthy", "workloadObservedGeneration": "2"}
ASKED = {"annotations": {"rollout.argoproj.io/workload-generation": "3"}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(rollout(status={"phase": "Paused"}), PAUSED, id="the phase as it is"),
        pytest.param(rollout(generation=3, status={"phase": "Healthy"}), PROGRESSING, id="not observed"),
        pytest.param(rollout(observed="99", status={"phase": "Healthy"}), HEALTHY, id="a hash of digits"),
        pytest.param(
            rollout(status={"phase": "Paused", "controllerPause": True}), PROGRESSING, id="unpausing"
        ),
        pytest.param(
            rollout(status={"phase": "Paused", "controllerPause": True, "pauseConditions": [{}]}),
            PAUSED,
            id="paused by the controller",
        ),
        pytest.param(
            rollout(metadata=ASKED, spec={"workloadRef": {}}, status=STALE),
            HEALTHY,
            id="workload generation is not looked at",
        ),
    ],
)
def test_phase(body: Object, expected: str) -> None:
    assert rollouts_plugin.rollout(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(rollout(), HEALTHY, id="complete"),
        pytest.param(rollout(observed=None, status={"replicas": None}), HEALTHY, id="nothing to observe"),
        pytest.param(rollout(status=conditions(condition("InvalidSpec"))), DEGRADED, id="refused"),
        pytest.param(rollout(status=conditions(ABORTED)), DEGRADED, id="aborted"),
        pytest.param(rollout(status=conditions(EXCEEDED)), DEGRADED, id="deadline exceeded"),
        pytest.param(rollout(spec={"paused": True}), PAUSED, id="paused by a person"),
        pytest.param(rollout(status={"pauseConditions": [{}]}), PAUSED, id="paused at a step"),
        pytest.param(rollout(spec={"restartAt": "2026-11-24T11:00:00Z"}), PROGRESSING, id="restarting"),
        pytest.param(rollout(status={"updatedReplicas": 1}), PROGRESSING, id="too few updated"),
        pytest.param(rollout(status={"availableReplicas": 1}), PROGRESSING, id="too few available"),
        pytest.param(rollout(status={"replicas": 3}), PROGRESSING, id="old ones left"),
        pytest.param(
            rollout(spec={"strategy": {"canary": {"trafficRouting": {"smi": {}}}}}, status={"replicas": 3}),
            HEALTHY,
            id="old ones left behind a router",
        ),
        pytest.param(rollout(status={"stableRS": "old"}), PROGRESSING, id="steps left"),
        pytest.param(rollout(spec=BLUE_GREEN), PROGRESSING, id="cutover pending"),
        pytest.param(rollout(spec=BLUE_GREEN, status={**SWITCHED, "replicas": 4}), HEALTHY, id="switched"),
        pytest.param(
            rollout(spec=BLUE_GREEN, status={**SWITCHED, "stableRS": "old"}), PROGRESSING, id="analysis left"
        ),
        pytest.param(rollout(spec={"strategy": {}}), HEALTHY, id="no strategy"),
    ],
)
def test_phase_that_the_controller_has_not_said(body: Object, expected: str) -> None:
    assert rollouts_plugin.rollout(body) == expected
