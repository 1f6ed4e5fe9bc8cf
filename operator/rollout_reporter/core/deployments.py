"""Reading a Deployment.

The rules are those of the Deployment controller and of `kubectl rollout status`, with what both leave out:
https://github.com/kubernetes/kubernetes/tree/master/pkg/controller/deployment
https://github.com/kubernetes/kubectl/blob/master/pkg/polymorphichelpers/rollout_status.go
"""

import re
from datetime import timedelta
from typing import Final

from .objects import (
    RESTARTED_AT,
    Object,
    conditions_of,
    created_of,
    digest,
    images_of,
    new_pods,
    overlaid,
    ref_of,
    replica_set_facts,
    resource_version_of,
    revision_of,
    selector_of,
    shown_condition,
    timestamp,
    wishes_of,
)
from .report import State
from .workload import End, Kind, Reading, ReplicaSetFacts, Signal, Snapshot, WorkloadRef

REVISION: Final = "deployment.kubernetes.io/revision"
REVISION_HISTORY: Final = "deployment.kubernetes.io/revision-history"
HASH_LABEL: Final = "pod-template-hash"

_NO_DEADLINE: Final = 2**31 - 1
_DEFAULT_DEADLINE: Final = 600
_LEAST_MAX_DURATION: Final = timedelta(minutes=30)
_NAMED_REPLICA_SET: Final = re.compile(r'[Rr]eplica ?[Ss]et "([^"]+)"')


def read_deployment(body: Object) -> Snapshot:
    """Read a Deployment (`apps/v1`) as the API server shows it."""
    spec, status, meta = body["spec"], body.get("status") or {}, body["metadata"]
    template = spec["template"]
    is_paused = bool(spec.get("paused"))
    deadline = _deadline(body)
    return Snapshot(
        ref=ref_of(body, Kind.DEPLOYMENT),
        created=created_of(body),
        resource_version=resource_version_of(body),
        generation=meta.get("generation", 0),
        deleting="deletionTimestamp" in meta,
        observed=status.get("observedGeneration", 0) >= meta.get("generation", 0),
        paused=is_paused,
        template=digest(template, hash_label=HASH_LABEL),
        release=digest(template, hash_label=HASH_LABEL, without_annotation=RESTARTED_AT),
        revision=revision_of(body, REVISION),
        revision_lags=is_paused or (spec.get("strategy") or {}).get("type") == "Recreate",
        pod_hash=None,
        counts=tuple(status.get(f"{each}Replicas", 0) for each in ("updated", "ready", "available")),
        replicas=status.get("replicas", 0),
        deadline=deadline,
        default_max_duration=max(3 * deadline, _LEAST_MAX_DURATION),
        reading=_read_status(body),
        selector=selector_of(body),
        images=images_of(template),
        wishes=overlaid(wishes_of(body), wishes_of(template)),
        template_wishes=wishes_of(template),
        shown=shown_condition(body),
    )


def read_replica_set(body: Object, owner: WorkloadRef) -> ReplicaSetFacts | None:
    """Read a ReplicaSet, `None` if it is not this Deployment's."""
    return replica_set_facts(
        body, owner, hash_label=HASH_LABEL, annotation=REVISION, history=REVISION_HISTORY
    )


def _deadline(body: Object) -> timedelta:
    seconds = body["spec"].get("progressDeadlineSeconds", _NO_DEADLINE)
    return timedelta(seconds=_DEFAULT_DEADLINE if seconds == _NO_DEADLINE else seconds)


def _read_status(body: Object) -> Reading:
    wanted = body["spec"].get("replicas", 1)
    status, conditions = body.get("status") or {}, conditions_of(body)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    progressing = conditions.get("Progressing", {})
    reason = progressing.get("reason")
    named = _NAMED_REPLICA_SET.search(progressing.get("message", ""))
    failure = conditions.get("ReplicaFailure", {})

    signal, since, because = Signal.MOVING, None, new_pods(body)
    if wanted == 0 and not status.get("replicas"):
        signal, because = Signal.IDLE, "no replicas are wanted"
    elif reason == "ProgressDeadlineExceeded":
        signal, since = Signal.BROKEN, timestamp(progressing.get("lastTransitionTime"))
        because = f"progress deadline exceeded, {because}"
    elif 0 < wanted <= updated and status.get("replicas", 0) <= updated and available >= updated:
        signal, since = Signal.COMPLETE, timestamp(progressing.get("lastUpdateTime"))
    elif body["spec"].get("paused"):
        because = f"paused, {because}"
    return Reading(
        signal,
        because,
        wants_none=wanted == 0,
        since=since,
        replica_set=named.group(1) if named else None,
        going_on=named.group(1) if named and signal is Signal.MOVING else None,
        deadline_is_lost=reason in {"NewReplicaSetAvailable", "ProgressDeadlineExceeded"},
        has_completed=reason == "NewReplicaSetAvailable" and status.get("replicas", 0) <= updated,
        replica_failure=failure.get("message") if failure.get("status") == "True" else None,
        ends=_ends(status, progressing, named.group(1)) if named else (),
    )


def _ends(status: Object, progressing: Object, replica_set: str) -> tuple[End, ...]:
    """The last word on a ReplicaSet, which stays until its controller has begun with the next one.

    Without any replicas every ReplicaSet is called complete: that is no success.
    """
    match progressing.get("reason"):
        case "NewReplicaSetAvailable" if status.get("replicas"):
            since = timestamp(progressing.get("lastUpdateTime"))
            return (End(replica_set, State.SUCCESSFUL, "all new pods were available", since),)
        case "ProgressDeadlineExceeded":
            since = timestamp(progressing.get("lastTransitionTime"))
            return (End(replica_set, State.FAILED, "progress deadline exceeded", since),)
        case _:
            return ()
