"""Kubernetes objects as they come, and the few questions that are put to them."""

from typing import Any

Object = dict[str, Any]


def name_of(body: Object) -> str:
    name: str = body["metadata"]["name"]
    return name


def version_of(body: Object) -> int:
    return int(body["metadata"]["resourceVersion"])


def is_observed(body: Object) -> bool:
    """Whether its controller has seen this spec; a Rollout says so with a string."""
    observed = (body.get("status") or {}).get("observedGeneration") or 0
    return int(observed) >= int(body["metadata"].get("generation", 0))


def condition_of(body: Object, kind: str) -> Object:
    conditions = (body.get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind), {})


def images_of(template: Object) -> list[str]:
    return [container["image"] for container in template["spec"]["containers"]]


def is_ready(pod: Object) -> bool:
    return condition_of(pod, "Ready").get("status") == "True"


def without_noise(body: Object) -> Object:
    """Leave out what is long and tells nothing of the rollout."""
    meta = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
    notes = meta.get("annotations")
    if notes:
        meta["annotations"] = {
            key: value
            for key, value in notes.items()
            if key != "kubectl.kubernetes.io/last-applied-configuration"
        }
    return body | {"metadata": meta}
