import pytest

from conformance.objects import Object
from conformance.rivals import kstatus
from conformance.rivals.kstatus import CURRENT, FAILED, IN_PROGRESS, TERMINATING, NotAnIntegerError
from conformance.rivals.objects import condition, conditions, deployment, rollout

AVAILABLE = condition("Available")
MOVING = condition("Progressing", reason="ReplicaSetUpdated")
EXCEEDED = condition("Progressing", status="False", reason="ProgressDeadlineExceeded")
DELETING = {"deletionTimestamp": "2026-11-24T11:00:00Z"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(deployment(), CURRENT, id="complete"),
        pytest.param(deployment(metadata=DELETING), TERMINATING, id="terminating"),
        pytest.param(deployment(generation=3), IN_PROGRESS, id="generation not observed"),
        pytest.param(deployment(observed=None), CURRENT, id="no generation to observe"),
        pytest.param(deployment(status=conditions(condition("Reconciling"))), IN_PROGRESS, id="reconciling"),
        pytest.param(deployment(status=conditions(condition("Stalled"))), FAILED, id="stalled"),
        pytest.param(deployment(status=conditions(EXCEEDED)), FAILED, id="deadline exceeded"),
        pytest.param(deployment(status={"replicas": 1}), IN_PROGRESS, id="too few"),
        pytest.param(deployment(status={"updatedReplicas": 1}), IN_PROGRESS, id="too few updated"),
        pytest.param(deployment(status={"replicas": 3}), IN_PROGRESS, id="too many"),
        pytest.param(deployment(status={"availableReplicas": 1}), IN_PROGRESS, id="too few available"),
        pytest.param(deployment(status={"readyReplicas": 1}), IN_PROGRESS, id="too few ready"),
        pytest.param(deployment(status=conditions(AVAILABLE, MOVING)), IN_PROGRESS, id="not progressed"),
        pytest.param(
            deployment(spec={"progressDeadlineSeconds": 2**31 - 1}, status=conditions(AVAILABLE)),
            CURRENT,
            id="no deadline",
        ),
        pytest.param(
            deployment(status=conditions(condition("Progressing", reason="NewReplicaSetAvailable"))),
            IN_PROGRESS,
            id="not available",
        ),
    ],
)
def test_status_of_a_deployment(body: Object, expected: str) -> None:
    assert kstatus.deployment(body) == expected


def test_a_rollout_cannot_be_judged_because_its_observed_generation_is_a_string() -> None:
    with pytest.raises(NotAnIntegerError, match="expected int64"):
        kstatus.rollout(rollout())


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param({}, CURRENT, id="nothing said"),
        pytest.param(conditions(condition("Ready")), CURRENT, id="ready"),
        pytest.param(conditions(condition("Ready", status="False")), IN_PROGRESS, id="unready"),
    ],
)
def test_a_rollout_that_its_controller_has_not_seen_is_judged_like_any_object(
    status: Object, expected: str
) -> None:
    assert kstatus.rollout(rollout(observed=None, status=status)) == expected
