"""Reading an Argo Rollout.

The rules are those of argo-rollouts' `CalculateRolloutPhase` and `GetRolloutPhase`, with what both leave out:
https://github.com/argoproj/argo-rollouts/blob/master/utils/rollout/rolloututil.go
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from .objects import (
    RESTARTED_AT,
    Object,
    annotations_of,
    conditions_of,
    counted_new_pods,
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

REVISION: Final = "rollout.argoproj.io/revision"
REVISION_HISTORY: Final = "rollout.argoproj.io/revision-history"
WORKLOAD_GENERATION: Final = "rollout.argoproj.io/workload-generation"
HASH_LABEL: Final = "rollouts-pod-template-hash"

_DEFAULT_DEADLINE: Final = 600
_NAMED: Final = re.compile(r'ReplicaSet "([^"]+)"')
_OF_THE_NEXT: Final = frozenset({"NewReplicaSetCreated", "FoundNewReplicaSet"})
"""Reasons by which a status speaks of another ReplicaSet than it names."""


def read_rollout(body: Object) -> Snapshot:
    """Read a Rollout (`argoproj.io/v1alpha1`) as the API server shows it.

    One that uses a Deployment's template has none of its own, see `with_reference`.
    """
    spec, status, meta = body.get("spec") or {}, body.get("status") or {}, body["metadata"]
    template = spec.get("template") or {}
    workload_generation = annotations_of(body).get(WORKLOAD_GENERATION, "")
    return Snapshot(
        ref=ref_of(body, Kind.ROLLOUT),
        created=created_of(body),
        resource_version=resource_version_of(body),
        generation=meta.get("generation", 0),
        deleting="deletionTimestamp" in meta,
        observed=_is_observed(body),
        paused=bool(spec.get("paused")) or bool(status.get("pauseConditions")),
        template=digest(template, hash_label=HASH_LABEL),
        release=digest(template, hash_label=HASH_LABEL, without_annotation=RESTARTED_AT),
        revision=revision_of(body, REVISION),
        revision_lags=True,
        pod_hash=status.get("currentPodHash") or None,
        counts=tuple(status.get(f"{each}Replicas", 0) for each in ("updated", "ready", "available")),
        replicas=status.get("replicas", 0),
        deadline=timedelta(seconds=spec.get("progressDeadlineSeconds") or _DEFAULT_DEADLINE),
        default_max_duration=None,
        reading=replace(_read_status(body), ends=tuple(_ends(body)), wants_none=_wanted(body) == 0),
        selector=selector_of(body),
        images=images_of(template),
        wishes=overlaid(wishes_of(body), wishes_of(template)),
        template_wishes=wishes_of(template),
        shown=shown_condition(body),
        workload_ref=referenced_deployment(body),
        workload_generation=int(workload_generation) if workload_generation.isdecimal() else None,
    )


def referenced_deployment(body: Object) -> str | None:
    """Name of the Deployment whose template a Rollout uses, if it is not its own, or that of another kind."""
    reference = (body.get("spec") or {}).get("workloadRef") or {}
    return reference.get("name") if reference.get("kind", "Deployment") == "Deployment" else None


def with_reference(rollout: Snapshot, deployment: Snapshot | None) -> Snapshot:
    """A Rollout with the template of the Deployment that it refers to.

    Its own issue keys come first, else the Deployment's. The status is about this template only once the
    controller has taken note of the Deployment's present generation.
    """
    if deployment is None:
        return replace(rollout, observed=False, template="", release="")
    own = rollout.wishes
    keys = own.issue_keys if own.issue_keys.given else deployment.wishes.issue_keys
    wishes = replace(overlaid(own, deployment.template_wishes), issue_keys=keys)
    return replace(
        rollout,
        observed=rollout.observed and rollout.workload_generation == deployment.generation,
        template=deployment.template,
        release=deployment.release,
        selector=rollout.selector or deployment.selector,
        images=deployment.images,
        wishes=wishes,
        template_wishes=deployment.template_wishes,
    )


def read_replica_set(body: Object, owner: WorkloadRef) -> ReplicaSetFacts | None:
    """Read a ReplicaSet, `None` if it is not this Rollout's."""
    return replica_set_facts(
        body, owner, hash_label=HASH_LABEL, annotation=REVISION, history=REVISION_HISTORY
    )


def _is_observed(body: Object) -> bool:
    """Compare as numbers: `status.observedGeneration` of a Rollout is a string.

    Where the ReplicaSet of a new version is refused, all else stays the status of the version before. Where a
    Rollout gives up its reference, the annotation of it stays for a while.
    """
    if _foreign_template(body):
        return True  # nothing is to be awaited
    status = body.get("status") or {}
    observed = str(status.get("observedGeneration", ""))
    if not observed.isdecimal() or int(observed) < body["metadata"].get("generation", 0):
        return False
    if conditions_of(body).get("Progressing", {}).get("reason") == "ReplicaSetCreateError":
        return False
    workload_generation = annotations_of(body).get(WORKLOAD_GENERATION)
    if workload_generation is None or not (body.get("spec") or {}).get("workloadRef"):
        return True
    return workload_generation == status.get("workloadObservedGeneration")


def _read_status(body: Object) -> Reading:
    status, conditions = body.get("status") or {}, conditions_of(body)
    phase, is_stable = status.get("phase"), status.get("stableRS") == status.get("currentPodHash")
    wanted = _wanted(body)
    because, step = _progress(body), _at_step(body)
    if foreign := _foreign_template(body):
        return Reading(Signal.REFUSED, foreign)
    if "InvalidSpec" in conditions:
        return Reading(Signal.REFUSED, f"invalid spec: {conditions['InvalidSpec'].get('message', '')}")
    if wanted == 0 and not status.get("replicas"):
        return Reading(Signal.IDLE, "no replicas are wanted")
    is_left_over = _is_of_another(status, conditions)
    if _is_broken(status, conditions):
        since = _when(conditions, "Progressing", "lastTransitionTime")
        # Healthy once, and the stable version since: what is broken now broke after its success.
        has_completed = is_stable and "Healthy" in conditions
        return Reading(Signal.BROKEN, _cause(status), since, status.get("currentPodHash"), has_completed)
    if (phase == "Healthy" or _is_paused_after_its_success(body)) and is_stable and wanted:
        return Reading(Signal.COMPLETE, because, _when(conditions, "Healthy", "lastTransitionTime"))
    because = f"paused{step}, {because}" if phase == "Paused" else f"{because}{step}"
    # Of the next version it speaks before it names it.
    is_next = conditions.get("Progressing", {}).get("reason") in _OF_THE_NEXT
    going_on = None if is_next or is_left_over else status.get("currentPodHash")
    return Reading(Signal.MOVING, because, going_on=going_on, deadline_is_lost=is_left_over)


def _foreign_template(body: Object) -> str:
    """Why its versions cannot be told from each other; empty if they can."""
    reference = (body.get("spec") or {}).get("workloadRef")
    if not reference or referenced_deployment(body):
        return ""
    kind = reference.get("kind")
    return f"its template is that of a {kind}: refer to a Deployment, or write the template into the Rollout"


def _is_paused_after_its_success(body: Object) -> bool:
    """Whether nothing is left to do of what is paused: its phase does not tell that."""
    status, wanted = body.get("status") or {}, _wanted(body)
    counts = {status.get(each, 0) for each in ("replicas", "updatedReplicas", "availableReplicas")}
    return status.get("phase") == "Paused" and "Healthy" in conditions_of(body) and counts == {wanted}


def _progress(body: Object) -> str:
    """The progress in words; of a blue-green one the status counts the pods of the active version alone."""
    status, strategy = body.get("status") or {}, (body.get("spec") or {}).get("strategy") or {}
    if strategy.get("blueGreen") is None:
        return new_pods(body)
    wanted, current = _wanted(body), status.get("currentPodHash")
    if (status.get("blueGreen") or {}).get("activeSelector") != current:
        return f"{status.get('updatedReplicas', 0)} of {counted_new_pods(wanted)} there, not active yet"
    return f"{status.get('availableReplicas', 0)} of {counted_new_pods(wanted)} available"


def _wanted(body: Object) -> int:
    wanted = (body.get("spec") or {}).get("replicas")
    return 1 if wanted is None else int(wanted)


def _ends(body: Object) -> Iterator[End]:
    """The promotion of a version, or what broke one before that.

    The first version is called stable from its beginning: to have been healthy is what proves it. Without any
    pods everything is healthy: that is no success.
    """
    status, conditions = body.get("status") or {}, conditions_of(body)
    current, stable = status.get("currentPodHash"), status.get("stableRS")
    promoted = stable if "Healthy" in conditions else None
    if promoted and status.get("replicas"):
        since = _when(conditions, "Healthy", "lastTransitionTime")
        yield End(promoted, State.SUCCESSFUL, "promoted to be the stable version", since, is_kept=True)
    if current and current != promoted and _is_broken(status, conditions) and "InvalidSpec" not in conditions:
        since = _when(conditions, "Progressing", "lastTransitionTime")
        yield End(current, State.FAILED, _cause(status), since)


def _is_broken(status: Object, conditions: dict[str, Object]) -> bool:
    return _is_aborted(status) or (
        status.get("phase") == "Degraded" and not _is_of_another(status, conditions)
    )


def _is_of_another(status: Object, conditions: dict[str, Object]) -> bool:
    """Whether a deadline was that of another ReplicaSet: the word stays until the present one has a pod.

    https://github.com/argoproj/argo-rollouts/blob/master/rollout/sync.go (`calculateRolloutConditions`)
    """
    progressing, current = conditions.get("Progressing", {}), status.get("currentPodHash")
    named = _NAMED.search(progressing.get("message", ""))
    if progressing.get("reason") != "ProgressDeadlineExceeded" or named is None or not current:
        return False
    return not named.group(1).endswith(f"-{current}")


def _is_aborted(status: Object) -> bool:
    """Whether a version was given up; the phase may say otherwise for a while, as when pods are missing."""
    stable = status.get("stableRS")
    return status.get("abort") is True and bool(stable) and stable != status.get("currentPodHash")


def _cause(status: Object) -> str:
    if status.get("phase") != "Degraded":
        return "the rollout was aborted"
    return str(status.get("message") or "degraded")


def _when(conditions: dict[str, Object], kind: str, field: str) -> datetime | None:
    return timestamp(conditions.get(kind, {}).get(field))


def _at_step(body: Object) -> str:
    strategy = (body.get("spec") or {}).get("strategy") or {}
    steps = (strategy.get("canary") or {}).get("steps") or []
    index = (body.get("status") or {}).get("currentStepIndex")
    if not steps or index is None or index >= len(steps):
        return ""
    return f" at step {index + 1} of {len(steps)}"
