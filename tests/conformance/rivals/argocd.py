"""Argo CD's health.

`getAppsv1DeploymentHealth` and the Lua of Rollouts, argo-cd of 2026-08 (37ee009):
https://github.com/argoproj/argo-cd/blob/37ee0097cf851bc2dd7665fc081bbce61a7e836e/gitops-engine/pkg/health/health.go#L70
https://github.com/argoproj/argo-cd/blob/37ee0097cf851bc2dd7665fc081bbce61a7e836e/gitops-engine/pkg/health/health_deployment.go#L31
https://github.com/argoproj/argo-cd/blob/37ee0097cf851bc2dd7665fc081bbce61a7e836e/resource_customizations/argoproj.io/Rollout/health.lua
"""

from conformance.objects import Object, condition_of
from conformance.rivals import kubectl

PROGRESSING = "Progressing"
HEALTHY = "Healthy"
DEGRADED = "Degraded"
SUSPENDED = "Suspended"

_OF_KUBECTL = {kubectl.WAITING: PROGRESSING, kubectl.DONE: HEALTHY, kubectl.DEADLINE: DEGRADED}


def deployment(body: Object) -> str:
    if body["metadata"].get("deletionTimestamp"):
        return PROGRESSING  # pending deletion
    if body["spec"].get("paused"):
        return SUSPENDED
    return _OF_KUBECTL[kubectl.deployment(body)]  # "borrowed at" it, as the source says


def rollout(body: Object) -> str:
    status = body.get("status") or {}
    if body["metadata"].get("deletionTimestamp"):
        return PROGRESSING  # pending deletion
    if not _is_generation_observed(body) or not _is_workload_generation_observed(body):
        return PROGRESSING
    if phase := status.get("phase"):
        return SUSPENDED if phase == "Paused" else str(phase)
    return _of_old_versions(body)


def _is_generation_observed(body: Object) -> bool:
    if "status" not in body:
        return False
    observed = str(body["status"].get("observedGeneration", ""))
    return not observed.isdecimal() or int(observed) >= int(body["metadata"].get("generation", 0))


def _is_workload_generation_observed(body: Object) -> bool:
    notes = body["metadata"].get("annotations")
    if "workloadRef" not in body["spec"] or notes is None:
        return True
    observed: object = body["status"].get("workloadObservedGeneration")
    return bool(notes.get("rollout.argoproj.io/workload-generation") == observed)


def _of_old_versions(body: Object) -> str:
    """Rules from before Argo Rollouts 1.0, which a Rollout meets while it has no phase."""
    spec, status = body["spec"], body["status"]
    if condition_of(body, "InvalidSpec"):
        return DEGRADED
    if condition_of(body, "Progressing").get("reason") in {"RolloutAborted", "ProgressDeadlineExceeded"}:
        return DEGRADED
    if status.get("pauseConditions") or spec.get("paused"):
        return SUSPENDED
    current = status.get("currentPodHash")
    if current is None:
        return PROGRESSING  # status has not been reconciled
    updated = status.get("updatedReplicas", 0)
    if updated < spec.get("replicas", 1) or status.get("availableReplicas", 0) < updated:
        return PROGRESSING
    stable = status.get("stableRS") or (status.get("canary") or {}).get("stableRS") or ""
    return PROGRESSING if _is_to_be_promoted(spec, status, current, stable) else HEALTHY


def _is_to_be_promoted(spec: Object, status: Object, current: str, stable: str) -> bool:
    if "blueGreen" in spec["strategy"]:
        active = (status.get("blueGreen") or {}).get("activeSelector")
        return active != current or stable not in {"", current}
    if "canary" in spec["strategy"]:
        return status.get("replicas", 0) > status.get("updatedReplicas", 0) or stable != current
    return False
