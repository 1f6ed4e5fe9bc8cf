"""Deployments by the thousand, of the size that real ones have."""

import json
from collections.abc import Sequence
from typing import Final

from bench.api import MERGE_PATCH, Api, Object, Write

ANNOTATED: Final = "bench=annotated"
"""Label of those with issue keys."""
_PREFIX: Final = "rollout-reporter.dev"
_VARIABLES: Final = 36
"""Enough of them to make an object of 7 KiB, as the API server holds it."""


def issue_of(namespace: str, name: str) -> str:
    """The only issue that a Deployment names, and no other does."""
    return f"{namespace.upper()}-{name.rpartition('-')[2].lstrip('0')}"


def names(count: int) -> list[str]:
    """`app-00001` and so on."""
    return [f"app-{number:05}" for number in range(1, count + 1)]


def create_namespace(api: Api, namespace: str) -> None:
    api.write_all([Write("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})])


def create_unannotated(api: Api, namespace: str, count: int) -> None:
    """Deployments that nobody wants reported; paused, so that no controller works on them."""
    api.write_all(_creation(namespace, name, {}, {"replicas": 0, "paused": True}) for name in names(count))


def create_annotated(api: Api, namespace: str, count: int) -> None:
    """Deployments with issue keys and one pod; their rollouts take a second, so that they are seen."""
    create_namespace(api, namespace)
    api.write_all(
        _creation(
            namespace,
            name,
            {f"{_PREFIX}/issue-keys": issue_of(namespace, name)},
            {"replicas": 1, "minReadySeconds": 1},
        )
        for name in names(count)
    )


def roll(api: Api, namespace: str, chosen: Sequence[str], stamp: str) -> None:
    """Give them a new template, at once."""
    template = {"metadata": {"annotations": {"bench/stamp": stamp}}}
    body: Object = {"spec": {"template": template}}
    api.write_all(Write("PATCH", f"{collection(namespace)}/{name}", body, MERGE_PATCH) for name in chosen)


def size_of(api: Api, namespace: str, name: str) -> int:
    """Bytes of one of them as JSON."""
    return len(api.get(f"{collection(namespace)}/{name}"))


def is_observed(api: Api, namespace: str, name: str) -> bool:
    """Whether the Deployment controller has looked at it."""
    return "observedGeneration" in json.loads(api.get(f"{collection(namespace)}/{name}"))["status"]


def are_available(api: Api, namespace: str) -> bool:
    """Whether all in a Namespace have the pods that they want."""
    items = json.loads(api.get(collection(namespace)))["items"]
    return all(each["status"].get("availableReplicas") == each["spec"]["replicas"] for each in items)


def _creation(namespace: str, name: str, annotations: dict[str, str], spec: Object) -> Write:
    labels = {"app": name}
    marks = {"bench": "annotated"} if annotations else {}
    body: Object = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels | marks, "annotations": annotations},
        "spec": {"selector": {"matchLabels": labels}, "template": _template(labels), **spec},
    }
    return Write("POST", collection(namespace), body)


def _template(labels: dict[str, str]) -> Object:
    variables = [{"name": f"SETTING_{number}", "value": "of some length"} for number in range(_VARIABLES)]
    container = {
        "name": "app",
        "image": "registry.example/app:1",
        "env": variables,
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
        "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}},
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 1}
    return {"metadata": {"labels": labels}, "spec": spec}


def collection(namespace: str) -> str:
    """Path of a Namespace's Deployments."""
    return f"/apis/apps/v1/namespaces/{namespace}/deployments"
