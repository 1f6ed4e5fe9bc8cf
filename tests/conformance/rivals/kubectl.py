"""``kubectl rollout status``, which knows no Rollouts.

`DeploymentStatusViewer.Status`, kubectl of 2026-07 (dee3483), without ``--revision``:
https://github.com/kubernetes/kubectl/blob/dee3483a3d6a64c07fdf746caf80af446dee99ac/pkg/polymorphichelpers/rollout_status.go#L58
"""

from conformance.objects import Object, condition_of

WAITING = "waiting"
DONE = "successfully rolled out"
DEADLINE = "exceeded its progress deadline"


def deployment(body: Object) -> str:
    status, wanted = body.get("status") or {}, body["spec"].get("replicas")
    updated = status.get("updatedReplicas", 0)
    if body["metadata"].get("generation", 0) > status.get("observedGeneration", 0):
        return WAITING  # spec update to be observed
    if condition_of(body, "Progressing").get("reason") == "ProgressDeadlineExceeded":
        return DEADLINE
    if wanted is not None and updated < wanted:
        return WAITING  # new replicas have been updated
    if status.get("replicas", 0) > updated:
        return WAITING  # old replicas are pending termination
    if status.get("availableReplicas", 0) < updated:
        return WAITING  # updated replicas are available
    return DONE
