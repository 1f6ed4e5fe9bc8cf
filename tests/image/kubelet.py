"""A kubelet of the tests: it really runs pods, as containers in the network of this machine.

Pods come to it by the chart's `nodeSelector`. There is no Node object behind it: the scheduler finds no place
for them, and kwok, which plays the pods of every Node, leaves them alone.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

import yaml

from controlplane import Cluster
from image.picture import Image
from image.pod import Pod
from image.volumes import mounted

NODE = "docker"
PAUSE = 0.2
MOST_SECONDS = 170
DOCKER_FAILED = 125
"""Exit code of `docker run` where there was no container."""

T = TypeVar("T")


@dataclass(frozen=True)
class Ended:
    """A container that has ended."""

    pod: str
    code: int
    output: str

    @property
    def lines(self) -> list[str]:
        """What it printed, without the blanks that make columns."""
        return [" ".join(line.split()) for line in self.output.splitlines()]


class Kubelet:
    """Runs the pods of one release to their ends, one after the other."""

    values: ClassVar = {"nodeSelector__node": NODE}
    """The chart's values that bring its pods here."""

    def __init__(self, cluster: Cluster, namespace: str, image: Image, folder: Path) -> None:
        self._cluster, self._namespace, self._image, self._folder = cluster, namespace, image, folder
        self.ended: list[Ended] = []

    def meanwhile(self, command: Callable[[], T]) -> T:
        """Do what waits for pods, and run these meanwhile; an error comes with what they printed."""
        with ThreadPoolExecutor(max_workers=1) as executor:
            result, earlier = executor.submit(command), len(self.ended)
            while not result.done():
                for pod in self._waiting():
                    self._run(pod)
                wait([result], timeout=PAUSE)
            try:
                return result.result()
            except Exception as error:
                for each in self.ended[earlier:]:
                    error.add_note(f"--- the pod {each.pod} ended with {each.code}:\n{each.output}")
                raise

    def last(self, hook: str) -> Ended:
        """What became of a hook's last pod."""
        return [each for each in self.ended if each.pod.startswith(f"rollout-reporter-{hook}")][-1]

    def _waiting(self) -> list[Pod]:
        fields = "--field-selector=status.phase=Pending,spec.nodeName="
        found = json.loads(self._kubectl("get", "pods", fields, "--output=json"))["items"]
        return [Pod(each) for each in found if each["spec"].get("nodeSelector") == {"node": NODE}]

    def _run(self, pod: Pod) -> None:
        self._take(pod)
        began = _now()
        self._tell(pod, "Running", {"running": {"startedAt": began}})
        ended = self._container(pod)
        self.ended.append(ended)
        how = {"exitCode": ended.code, "reason": "Error" if ended.code else "Completed"}
        state = {"terminated": {**how, "startedAt": began, "finishedAt": _now()}}
        self._tell(pod, "Failed" if ended.code else "Succeeded", state)

    def _take(self, pod: Pod) -> None:
        """What the scheduler does where it finds a place."""
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": pod.name},
            "target": {"kind": "Node", "name": NODE},
        }
        path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/binding"
        self._cluster.kubectl("create", f"--raw={path}", "--filename=-", stdin=json.dumps(binding))

    def _container(self, pod: Pod) -> Ended:
        name, environment = f"{pod.name}-{pod.uid}", pod.environment() | self._api_server()
        flags = [
            "--network=host",
            *(f"--env={key}={value}" for key, value in environment.items()),
            *mounted(self._cluster, pod, self._folder / pod.uid),
            *pod.confinement(),
            *pod.entrypoint(),
        ]
        engine = self._image.engine
        try:
            command = ["run", f"--name={name}", *flags, self._image.name, *pod.arguments()]
            done = engine.call(*command, seconds=MOST_SECONDS)
        finally:
            engine.call("rm", "--force", name)
        if done.returncode == DOCKER_FAILED:
            raise RuntimeError(done.stderr)
        return Ended(pod.name, done.returncode, done.stdout + done.stderr)

    def _api_server(self) -> dict[str, str]:
        """How a pod is told where the API server is."""
        [entry] = yaml.safe_load(self._cluster.kubeconfig.read_text())["clusters"]
        server = urlsplit(entry["cluster"]["server"])
        return {"KUBERNETES_SERVICE_HOST": str(server.hostname), "KUBERNETES_SERVICE_PORT": str(server.port)}

    def _tell(self, pod: Pod, phase: str, state: dict[str, Any]) -> None:
        """Write what `kubectl get pods` shows, and what Jobs and Helm wait for."""
        container = {
            "name": pod.container["name"],
            "image": self._image.name,
            "imageID": self._image.inspected["Id"],
            "ready": phase == "Running",
            "restartCount": 0,
            "state": state,
        }
        ready = {"type": "Ready", "status": str(phase == "Running")}
        status = {"phase": phase, "conditions": [ready], "containerStatuses": [container]}
        self._kubectl(
            "patch", f"pod/{pod.name}", "--subresource=status", f"--patch={json.dumps({'status': status})}"
        )

    def _kubectl(self, *arguments: str) -> str:
        return self._cluster.kubectl(*arguments, f"--namespace={self._namespace}")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
