"""A Namespace with somebody's workloads."""

import json

from controlplane import Cluster
from e2e.workload import PREFIX, SECONDS, Object, Workload


class Images:
    """Images that pods of this cluster can or cannot run."""

    def __init__(self, cluster: Cluster) -> None:
        real = cluster.flavour != "local"
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

    def deployment(  # noqa: PLR0913 (what tests vary)
        self,
        issues: str = "",
        *,
        name: str = "web",
        image: str = "",
        deadline: int = 600,
        ready_for: int = 1,
        spec: Object | None = None,
        **annotations: str,
    ) -> Workload:
        """Create a Deployment; `spec` goes over the usual one.

        A pod counts once it has been `ready_for` seconds, and controllers count whole ones: with 2 a rollout
        takes a second at least, so that it is seen in progress.
        """
        usual = {
            "replicas": 2,
            "minReadySeconds": ready_for,
            "progressDeadlineSeconds": deadline,
            **pods_of(name, image or self.images.first),
        }
        body = usual | (spec or {})
        return self._create("apps/v1", "Deployment", name, _annotations(issues, annotations), body)

    def rollout(
        self,
        issues: str = "",
        *,
        name: str = "canary",
        steps: list[Object] | None = None,
        spec: Object | None = None,
    ) -> Workload:
        """Create a Rollout with a canary that waits for people; `spec` goes over the usual one."""
        waiting: list[Object] = [{"setWeight": 50}, {"pause": {}}]
        pods = pods_of(name, self.images.first)
        usual = {"replicas": 2, "strategy": {"canary": {"steps": steps or waiting}}}
        body = usual | ({} if spec and "workloadRef" in spec else pods) | (spec or {})
        return self._create("argoproj.io/v1alpha1", "Rollout", name, _annotations(issues, {}), body)

    def service(self, name: str, app: str) -> None:
        """Create a Service, as blue-green needs two."""
        spec = {"selector": {"app": app}, "ports": [{"port": 80}]}
        self._post({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})

    def forbid_new_pods(self) -> None:
        """From now on no pod can be created; those that are there stay."""
        self.kubectl("create", "quota", "full", "--hard=pods=0")
        self.kubectl("wait", "quota/full", "--for=jsonpath={.status.hard.pods}=0", f"--timeout={SECONDS}s")

    def allow_new_pods(self) -> None:
        """End what `forbid_new_pods` began.

        Their controller waits for about as long as it has tried in vain, unless it hears of them.
        """
        self.kubectl("delete", "quota", "full")
        self.kubectl("annotate", "replicasets", "--all", "example.com/pods=allowed", "--overwrite")

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Kubectl in this Namespace."""
        return self.cluster.kubectl(*arguments, f"--namespace={self.namespace}", stdin=stdin)

    def _create(
        self, version: str, kind: str, name: str, annotations: dict[str, str], spec: Object
    ) -> Workload:
        meta = {"name": name, "namespace": self.namespace, "annotations": annotations}
        self._post({"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec})
        return Workload(self.cluster, self.namespace, kind.lower(), name)

    def _post(self, body: Object) -> None:
        self.kubectl("create", "--filename=-", stdin=json.dumps(body))


def _annotations(issues: str, others: dict[str, str]) -> dict[str, str]:
    wanted = ({"issue-keys": issues} if issues else {}) | others
    return {f"{PREFIX}/{name.replace('_', '-')}": value for name, value in wanted.items()}


def pods_of(name: str, image: str) -> Object:
    """The part of a spec that says which pods are wanted, with no more than a person writes."""
    return {"selector": {"matchLabels": {"app": name}}, "template": _template(name, image)}


def _template(name: str, image: str) -> Object:
    containers = [{"name": "app", "image": image}]
    spec = {"containers": containers, "terminationGracePeriodSeconds": 1}
    return {"metadata": {"labels": {"app": name}}, "spec": spec}
