"""kstatus, by which Flux, Helm 4 (``--wait``) and kpt judge.

`Compute`, cli-utils of 2025-10 (5895ad6):
https://github.com/kubernetes-sigs/cli-utils/blob/5895ad6c17dd06b99c1e5c8af17e2b12a3504fad/pkg/kstatus/status/status.go
https://github.com/kubernetes-sigs/cli-utils/blob/5895ad6c17dd06b99c1e5c8af17e2b12a3504fad/pkg/kstatus/status/generic.go
https://github.com/kubernetes-sigs/cli-utils/blob/5895ad6c17dd06b99c1e5c8af17e2b12a3504fad/pkg/kstatus/status/core.go
"""

from collections.abc import Callable

from conformance.objects import Object, condition_of

IN_PROGRESS = "InProgress"
FAILED = "Failed"
CURRENT = "Current"
TERMINATING = "Terminating"

_NO_DEADLINE = 2**31 - 1


class NotAnIntegerError(TypeError):
    """The status has a string where kstatus wants an int64, as that of every Rollout has.

    https://github.com/fluxcd/flux2/issues/4632, https://github.com/argoproj/argo-rollouts/issues/4672
    """


def deployment(body: Object) -> str:
    return _compute(body, _deployment)


def rollout(body: Object) -> str:
    """No rule of its own: the generic one."""
    return _compute(body, _ready)


def _compute(body: Object, of_its_kind: Callable[[Object], str]) -> str:
    if body["metadata"].get("deletionTimestamp"):
        return TERMINATING
    generation, observed = body["metadata"].get("generation"), _observed_generation(body)
    if None not in {generation, observed} and observed != generation:
        return IN_PROGRESS  # latest generation not observed
    for condition in (body.get("status") or {}).get("conditions") or []:
        if condition["type"] == "Reconciling" and condition["status"] == "True":
            return IN_PROGRESS
        if condition["type"] == "Stalled" and condition["status"] == "True":
            return FAILED
    return of_its_kind(body)


def _observed_generation(body: Object) -> int | None:
    observed = (body.get("status") or {}).get("observedGeneration")
    if observed is not None and not isinstance(observed, int):
        raise NotAnIntegerError(f"observedGeneration is {observed!r}, expected int64")
    return observed


def _deployment(body: Object) -> str:
    spec, progressing = body["spec"], condition_of(body, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return FAILED
    if _are_replicas_missing(body):
        return IN_PROGRESS
    has_progressed = progressing.get("status") == "True" and (
        progressing.get("reason") == "NewReplicaSetAvailable"
    )
    if not has_progressed and spec.get("progressDeadlineSeconds", _NO_DEADLINE) != _NO_DEADLINE:
        return IN_PROGRESS  # ReplicaSet not available
    return CURRENT if condition_of(body, "Available").get("status") == "True" else IN_PROGRESS


def _are_replicas_missing(body: Object) -> bool:
    status, wanted = body.get("status") or {}, body["spec"].get("replicas", 1)
    replicas, updated = status.get("replicas", 0), status.get("updatedReplicas", 0)
    return bool(
        wanted > replicas
        or wanted > updated
        or replicas > wanted
        or updated > status.get("availableReplicas", 0)
        or wanted > status.get("readyReplicas", 0)
    )


def _ready(body: Object) -> str:
    return CURRENT if condition_of(body, "Ready").get("status", "True") == "True" else IN_PROGRESS
