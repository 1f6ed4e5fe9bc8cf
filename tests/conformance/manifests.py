"""The objects that scenarios begin with: small ones, since recordings are kept."""

from typing import Any

from conformance.objects import Object

NAME = "shop"
ISSUE_KEYS = "rollout-reporter.dev/issue-keys"
NO_DEADLINE = 2**31 - 1
_LABELS = {"app": NAME}


def template(image: str, *, annotations: dict[str, str] | None = None) -> Object:
    """A pod template; without a token and its volume a pod is half as long."""
    return {
        "metadata": {"labels": _LABELS} | ({"annotations": annotations} if annotations else {}),
        "spec": {"automountServiceAccountToken": False, "containers": [{"name": NAME, "image": image}]},
    }


def deployment(
    image: str = "shop:1",
    *,
    replicas: int = 1,
    annotations: dict[str, str] | None = None,
    template_annotations: dict[str, str] | None = None,
    **spec: Any,
) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(annotations),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": _LABELS},
            "template": template(image, annotations=template_annotations),
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        }
        | spec,
    }


def rollout(
    image: str = "shop:1",
    *,
    strategy: Object,
    replicas: int = 1,
    annotations: dict[str, str] | None = None,
    **spec: Any,
) -> Object:
    pods = (
        {} if "workloadRef" in spec else {"selector": {"matchLabels": _LABELS}, "template": template(image)}
    )
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": _metadata(annotations),
        "spec": {"replicas": replicas, "strategy": strategy} | pods | spec,
    }


def canary(*steps: Object, **more: Any) -> Object:
    return {"canary": ({"steps": list(steps)} if steps else {}) | {"maxSurge": 1, "maxUnavailable": 0} | more}


def blue_green(**more: Any) -> Object:
    """Its Services are `shop-active` and `shop-preview`."""
    return {"blueGreen": {"activeService": f"{NAME}-active", "previewService": f"{NAME}-preview"} | more}


def service(name: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": _LABELS, "ports": [{"port": 80}]},
    }


def _metadata(annotations: dict[str, str] | None) -> Object:
    return {"name": NAME, "annotations": {ISSUE_KEYS: "SHOP-1"} if annotations is None else annotations}
