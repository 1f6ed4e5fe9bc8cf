"""Kubernetes objects as they come, and the few questions that are put to them."""

from typing import Any

Object = dict[str, Any]

_NOISE = {
    *("managedFields", "generateName"),
    *("podIP", "podIPs", "hostIP", "hostIPs", "qosClass", "lastProbeTime"),
}
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


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
    """Leave out what is long and tells nothing of the rollout; of a pod only what says how it is."""
    meta = _without(body["metadata"], _NOISE)
    if "annotations" in meta:
        meta["annotations"] = _without(meta["annotations"], {_LAST_APPLIED})
    rest = {"metadata": meta}
    if body["kind"] == "Pod":
        containers = [{key: each[key] for key in ("name", "image")} for each in body["spec"]["containers"]]
        status = _without(body["status"], _NOISE)
        status["conditions"] = [_without(each, _NOISE) for each in status.get("conditions", [])]
        rest |= {"spec": {"containers": containers}, "status": status}
    return body | rest


def _without(fields: Object, names: set[str]) -> Object:
    return {key: value for key, value in fields.items() if key not in names}
