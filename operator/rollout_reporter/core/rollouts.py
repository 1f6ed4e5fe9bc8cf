"""Reading an Argo Rollout.

The rules are those of argo-rollouts' `CalculateRolloutPhase` and `GetRolloutPhase`, with what both leave out:
https://github.com/argoproj/argo-rollouts/blob/master/utils/rollout/rolloututil.go
"""

from datetime import datetime
from typing import Final

from .objects import (
    Object,
    annotations_of,
    conditions_of,
    created_of,
    digest,
    images_of,
    ref_of,
    replica_set_facts,
    resource_version_of,
    revision_of,
    selector_of,
    shown_condition,
    timestamp,
    wishes_of,
)
from .workload import Kind, Reading, ReplicaSetFacts, Signal, Snapshot, WorkloadRef

REVISION: Final = "rollout.argoproj.io/revision"
WORKLOAD_GENERATION: Final = "rollout.argoproj.io/workload-generation"
HASH_LABEL: Final = "rollouts-pod-template-hash"


def read_rollout(body: Object) -> Snapshot:
    """Read a Rollout (`argoproj.io/v1alpha1`) as the API server shows it."""
    spec, status = body.get("spec") or {}, body.get("status") or {}
    template = spec.get("template") or {}
    return Snapshot(
        ref=ref_of(body, Kind.ROLLOUT),
        created=created_of(body),
        deleting="deletionTimestamp" in body["metadata"],
        observed=_is_observed(body) and bool(status.get("currentPodHash")),
        template=digest(template, HASH_LABEL),
        revision=revision_of(body, REVISION),
        pod_hash=status.get("currentPodHash"),
        reading=_read_status(body),
        selector=selector_of(body),
        images=images_of(template),
        wishes=wishes_of(body),
        resource_version=resource_version_of(body),
        shown=shown_condition(body),
        template_wishes=wishes_of(template),
        workload_ref=(spec.get("workloadRef") or {}).get("name"),
    )


def read_replica_set(body: Object, owner: WorkloadRef) -> ReplicaSetFacts | None:
    """Read a ReplicaSet, `None` if it is not this Rollout's."""
    return replica_set_facts(body, owner, hash_label=HASH_LABEL, annotation=REVISION)


def _is_observed(body: Object) -> bool:
    """Compare as numbers: `status.observedGeneration` of a Rollout is a string."""
    status = body.get("status") or {}
    observed = str(status.get("observedGeneration", ""))
    if not observed.isdecimal() or int(observed) < body["metadata"].get("generation", 0):
        return False
    workload_generation = annotations_of(body).get(WORKLOAD_GENERATION)
    return workload_generation is None or workload_generation == status.get("workloadObservedGeneration")


def _read_status(body: Object) -> Reading:
    status = body.get("status") or {}
    conditions = conditions_of(body)
    phase, current = status.get("phase"), status.get("currentPodHash")
    if "InvalidSpec" in conditions:
        return Reading(Signal.REFUSED, f"invalid spec: {conditions['InvalidSpec'].get('message', '')}")
    if phase == "Degraded":
        cause = status.get("message") or "degraded"
        return Reading(Signal.BROKEN, cause, since=_when(conditions, "Progressing", "lastTransitionTime"))
    if phase == "Healthy" and status.get("stableRS") == current:
        since = _when(conditions, "Healthy", "lastTransitionTime")
        return Reading(Signal.COMPLETE, _pods(body), since=since)
    if phase == "Paused":
        return Reading(Signal.MOVING, f"paused{_at_step(body)}, {_pods(body)}")
    return Reading(Signal.MOVING, f"{_pods(body)}{_at_step(body)}")


def _when(conditions: dict[str, Object], kind: str, field: str) -> datetime | None:
    return timestamp(conditions.get(kind, {}).get(field))


def _pods(body: Object) -> str:
    status = body.get("status") or {}
    wanted = (body.get("spec") or {}).get("replicas", 1)
    ready = min(status.get("availableReplicas", 0), status.get("updatedReplicas", 0))
    return f"{ready} of {wanted} new {'pod' if wanted == 1 else 'pods'} available"


def _at_step(body: Object) -> str:
    strategy = (body.get("spec") or {}).get("strategy") or {}
    steps = (strategy.get("canary") or {}).get("steps") or []
    index = (body.get("status") or {}).get("currentStepIndex")
    if not steps or index is None or index >= len(steps):
        return ""
    return f" at step {index + 1} of {len(steps)}"
