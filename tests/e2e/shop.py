"""A Namespace with somebody's workloads."""

import json

from controlplane import Cluster
from e2e.workload import PREFIX, Object, Workload


class Images:
    """Images that pods of this cluster can or cannot run."""

    def __init__(self, cluster: Cluster) -> None:
        real = cluster.flavour == "kind"
        self.first = "registry.k8s.io/pause:3.9" if real else "registry.example/app:1"
        self.second = "registry.k8s.io/pause:3.10" if real else "registry.example/app:2"
        self.third = "registry.k8s.io/pause:3.8" if real else "registry.example/app:3"
        self.never_ready = "registry.example/unready:1"


class Shop:
    """A Namespace of its own, so that names cannot meet."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        self.images = Images(cluster)

    def open(self, **labels: str) -> None:
        """Create the Namespace."""
        meta = {"name": self.namespace, "labels": labels}
        self.cluster.kubectl(
            "create",
            "--filename=-",
            stdin=json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": meta}),
        )

    def close(self, *, wait: bool = False) -> None:
        """Delete the Namespace; what is in it goes in its own time."""
        waiting = f"--wait={str(wait).lower()}"
        self.cluster.kubectl("delete", "namespace", self.namespace, waiting, "--ignore-not-found")

    def deployment(
        self,
        issues: str = "",
        *,
        name: str = "web",
        image: str = "",
        deadline: int = 600,
        ready_for: int = 1,
        **annotations: str,
    ) -> Workload:
        """Create a Deployment.

        A pod counts once it has been `ready_for` seconds, and controllers count whole ones: with 2 a rollout
        takes a second at least, so that it is seen in progress.
        """
        spec = {
            "replicas": 2,
            "minReadySeconds": ready_for,
            "progressDeadlineSeconds": deadline,
            "selector": {"matchLabels": {"app": name}},
            "template": _template(name, image or self.images.first),
        }
        return self._create("apps/v1", "Deployment", name, _annotations(issues, annotations), spec)

    def rollout(
        self, issues: str = "", *, name: str = "canary", steps: list[Object] | None = None
    ) -> Workload:
        """Create a Rollout with a canary that waits for people."""
        waiting: list[Object] = [{"setWeight": 50}, {"pause": {}}]
        spec = {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": _template(name, self.images.first),
            "strategy": {"canary": {"steps": steps or waiting}},
        }
        return self._create("argoproj.io/v1alpha1", "Rollout", name, _annotations(issues, {}), spec)

    def _create(
        self, version: str, kind: str, name: str, annotations: dict[str, str], spec: Object
    ) -> Workload:
        meta = {"name": name, "namespace": self.namespace, "annotations": annotations}
        body = {"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec}
        self.cluster.kubectl("create", "--filename=-", stdin=json.dumps(body))
        return Workload(self.cluster, self.namespace, kind.lower(), name)


def _annotations(issues: str, others: dict[str, str]) -> dict[str, str]:
    wanted = ({"issue-keys": issues} if issues else {}) | others
    return {f"{PREFIX}/{name.replace('_', '-')}": value for name, value in wanted.items()}


def _template(name: str, image: str) -> Object:
    containers = [{"name": "app", "image": image}]
    spec = {"containers": containers, "terminationGracePeriodSeconds": 1}
    return {"metadata": {"labels": {"app": name}}, "spec": spec}
