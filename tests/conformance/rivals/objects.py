"""Small objects to try rules on."""

from conformance.objects import Object


def deployment(*, generation: int = 2, observed: int | None = 2, **changed: Object) -> Object:
    """A Deployment that is complete, apart from what is changed."""
    counts = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
    status = {
        "observedGeneration": observed,
        "conditions": [
            condition("Progressing", reason="NewReplicaSetAvailable"),
            condition("Available", reason="MinimumReplicasAvailable"),
        ],
        **counts,
        **changed.get("status", {}),
    }
    return {
        "kind": "Deployment",
        "metadata": {"generation": generation, **changed.get("metadata", {})},
        "spec": {"replicas": 2, "progressDeadlineSeconds": 600, **changed.get("spec", {})},
        "status": {key: value for key, value in status.items() if value is not None},
    }


def rollout(*, generation: int = 2, observed: str | None = "2", **changed: Object) -> Object:
    """A Rollout of an old controller, that says no phase; complete, apart from what is changed."""
    counts = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
    status = {
        "observedGeneration": observed,
        "currentPodHash": "abc",
        "stableRS": "abc",
        **counts,
        **changed.get("status", {}),
    }
    return {
        "kind": "Rollout",
        "metadata": {"generation": generation, **changed.get("metadata", {})},
        "spec": {"replicas": 2, "strategy": {"canary": {}}, **changed.get("spec", {})},
        "status": {key: value for key, value in status.items() if value is not None},
    }


def condition(kind: str, *, status: str = "True", reason: str = "") -> Object:
    return {"type": kind, "status": status, "reason": reason}


def conditions(*listed: Object) -> Object:
    """A status with these conditions."""
    return {"conditions": list(listed)}
