"""Reading a Deployment.

The rules are those of the Deployment controller (`pkg/controller/deployment/{progress,util}`) and of
`kubectl rollout status`, with what both leave out. Sources: https://github.com/kubernetes/kubernetes/tree/master/pkg/controller/deployment
and https://github.com/kubernetes/kubectl/blob/master/pkg/polymorphichelpers/rollout_status.go
"""

import re
from typing import Final

from .objects import (
    Object,
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

REVISION: Final = "deployment.kubernetes.io/revision"
HASH_LABEL: Final = "pod-template-hash"

_NAMED_REPLICA_SET: Final = re.compile(r'[Rr]eplica ?[Ss]et "([^"]+)"')


def read_deployment(body: Object) -> Snapshot:
    """Read a Deployment (`apps/v1`) as the API server shows it."""
    spec, status = body["spec"], body.get("status") or {}
    return Snapshot(
        ref=ref_of(body, Kind.DEPLOYMENT),
        created=created_of(body),
        deleting="deletionTimestamp" in body["metadata"],
        observed=status.get("observedGeneration", 0) >= body["metadata"].get("generation", 0),
        template=digest(spec["template"], HASH_LABEL),
        revision=revision_of(body, REVISION),
        pod_hash=None,
        reading=_read_status(body),
        selector=selector_of(body),
        images=images_of(spec["template"]),
        wishes=wishes_of(body),
        resource_version=resource_version_of(body),
        shown=shown_condition(body),
        template_wishes=wishes_of(spec["template"]),
    )


def read_replica_set(body: Object, owner: WorkloadRef) -> ReplicaSetFacts | None:
    """Read a ReplicaSet, `None` if it is not this Deployment's."""
    return replica_set_facts(body, owner, hash_label=HASH_LABEL, annotation=REVISION)


def _read_status(body: Object) -> Reading:
    wanted = body["spec"].get("replicas", 1)
    status = body.get("status") or {}
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    progressing = conditions_of(body).get("Progressing", {})
    message = progressing.get("message", "")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Reading(
            Signal.BROKEN,
            f"progress deadline exceeded, {_pods(available, wanted)}",
            since=timestamp(progressing.get("lastTransitionTime")),
            replica_set=_named_replica_set(message),
        )
    if updated >= wanted and status.get("replicas", 0) <= updated and available >= updated:
        return Reading(
            Signal.COMPLETE, _pods(available, wanted), since=timestamp(progressing.get("lastUpdateTime"))
        )
    if body["spec"].get("paused"):
        signal = Signal.MOVING if updated else Signal.WAITING
        return Reading(signal, f"paused, {_pods(min(available, updated), wanted)}")
    return Reading(Signal.MOVING, _pods(min(available, updated), wanted))


def _pods(ready: int, wanted: int) -> str:
    return f"{ready} of {wanted} new {'pod' if wanted == 1 else 'pods'} available"


def _named_replica_set(message: str) -> str | None:
    found = _NAMED_REPLICA_SET.search(message)
    return found.group(1) if found else None
