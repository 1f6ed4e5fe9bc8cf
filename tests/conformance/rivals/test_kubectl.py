import pytest

from conformance.objects import Object
from conformance.rivals import kubectl
from conformance.rivals.kubectl import DEADLINE, DONE, WAITING
from conformance.rivals.objects import condition, conditions, deployment

EXCEEDED = conditions(condition("Progressing", status="False", reason="ProgressDeadlineExceeded"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(deployment(), DONE, id="complete"),
        pytest.param(deployment(generation=3), WAITING, id="generation not observed"),
        pytest.param(deployment(generation=3, status=EXCEEDED), WAITING, id="deadline of another generation"),
        pytest.param(deployment(status=EXCEEDED), DEADLINE, id="deadline exceeded, however complete"),
        pytest.param(deployment(status={"updatedReplicas": 1}), WAITING, id="too few updated"),
        pytest.param(deployment(status={"replicas": 3}), WAITING, id="old ones left"),
        pytest.param(deployment(status={"availableReplicas": 1}), WAITING, id="too few available"),
        pytest.param(deployment(spec={"replicas": None}), DONE, id="no wish"),
        pytest.param(deployment(spec={"paused": True}), DONE, id="paused is not looked at"),
        pytest.param(
            deployment(
                spec={"replicas": 0},
                status={"replicas": 0, "updatedReplicas": 0, "availableReplicas": 0},
            ),
            DONE,
            id="no replicas wanted",
        ),
    ],
)
def test_rollout_status_of_a_deployment(body: Object, expected: str) -> None:
    assert kubectl.deployment(body) == expected
