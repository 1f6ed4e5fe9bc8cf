"""``kubectl argo rollouts status``, and what else asks argo-rollouts' own library.

`GetRolloutPhase`, argo-rollouts of 2026-08 (9f8d111):
https://github.com/argoproj/argo-rollouts/blob/9f8d111d8f8e3e88b6d7f8bbdf62fd3cd863ef9d/utils/rollout/rolloututil.go#L72

Its third rule, for Rollouts that use a Deployment's template, is left out: it asks for
`TemplateResolvedFromRef`, which is in no JSON, so that no client ever has it.
"""

from conformance.objects import Object

PROGRESSING = "Progressing"
PAUSED = "Paused"
HEALTHY = "Healthy"
DEGRADED = "Degraded"


def rollout(body: Object) -> str:
    status = body.get("status") or {}
    if not _is_generation_observed(body):
        return PROGRESSING  # waiting for rollout spec update to be observed
    if status.get("controllerPause") and not status.get("pauseConditions"):
        return PROGRESSING  # waiting for rollout to unpause
    return str(status.get("phase") or _calculated(body))


def _is_generation_observed(body: Object) -> bool:
    observed, generation = str((body.get("status") or {}).get("observedGeneration", "")), _generation(body)
    return not observed.isdecimal() or int(observed) >= generation


def _generation(body: Object) -> int:
    return int(body["metadata"].get("generation", 0))


def _calculated(body: Object) -> str:
    """`CalculateRolloutPhase`: the controller has not said a phase yet."""
    spec, status = body.get("spec") or {}, body.get("status") or {}
    for condition in status.get("conditions") or []:
        if condition["type"] == "InvalidSpec":
            return DEGRADED
        if condition.get("reason") in {"RolloutAborted", "ProgressDeadlineExceeded"}:
            return DEGRADED
    if spec.get("paused") or status.get("pauseConditions"):
        return PAUSED
    return PROGRESSING if _is_under_way(spec, status) else HEALTHY


def _is_under_way(spec: Object, status: Object) -> bool:
    strategy, updated = spec.get("strategy") or {}, status.get("updatedReplicas", 0)
    current, stable = status.get("currentPodHash", ""), status.get("stableRS", "")
    if spec.get("restartAt") and spec["restartAt"] != status.get("restartedAt"):
        return True
    if updated < spec.get("replicas", 1) or status.get("availableReplicas", 0) < updated:
        return True
    is_promoted = bool(stable) and stable == current
    if "blueGreen" in strategy:
        active = (status.get("blueGreen") or {}).get("activeSelector", "")
        return not active or active != current or not is_promoted
    if "canary" in strategy:
        has_traffic_routing = bool((strategy["canary"] or {}).get("trafficRouting"))
        has_old_pods = status.get("replicas", 0) > updated
        return not is_promoted or (has_old_pods and not has_traffic_routing)
    return False
