"""A kubelet of the tests: it really runs pods, as containers in the network of this machine.

Pods come to it by the chart's `nodeSelector`. There is no Node object behind it: the scheduler finds no place
for them, and kwok, which plays the pods of every Node, leaves them alone.
"""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

import httpx
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

LOOPBACK = {"ROLLOUT_REPORTER_HOST": "127.0.0.1"}
"""A pod has a network of its own; in the machine's it answers nobody from outside."""

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


@dataclass
class Running:
    """A container that goes on."""

    pod: Pod
    container: str
    began: float
    is_ready: bool = False
    took: float | None = None
    """Seconds until it was ready for the first time."""


class Kubelet:
    """Runs the pods of one release: those of Jobs to their ends, one after the other, others in between."""

    values: ClassVar = {"nodeSelector__node": NODE}
    """The chart's values that bring its pods here."""

    def __init__(self, cluster: Cluster, namespace: str, image: Image, folder: Path) -> None:
        self._cluster, self._namespace, self._image, self._folder = cluster, namespace, image, folder
        self.ended: list[Ended] = []
        self.running: list[Running] = []

    def close(self) -> None:
        """End what still runs."""
        for each in self.running:
            self._image.engine.call("rm", "--force", each.container)

    def meanwhile(self, command: Callable[[], T]) -> T:
        """Do what waits for pods, and run these meanwhile; an error comes with what they printed."""
        with ThreadPoolExecutor(max_workers=1) as executor:
            result, earlier = executor.submit(command), len(self.ended)
            while not result.done():
                for pod in self._waiting():
                    (self._start if pod.goes_on else self._run)(pod)
                for each in list(self.running):
                    self._tend(each)
                wait([result], timeout=PAUSE)
            try:
                return result.result()
            except Exception as error:
                for ended in self.ended[earlier:]:
                    error.add_note(f"--- the pod {ended.pod} ended with {ended.code}:\n{ended.output}")
                for running in self.running:
                    error.add_note(f"--- the pod {running.pod.name} says:\n{self.log(running)}")
                raise

    def last(self, hook: str) -> Ended:
        """What became of a hook's last pod."""
        return [each for each in self.ended if each.pod.startswith(f"rollout-reporter-{hook}")][-1]

    def log(self, running: "Running") -> str:
        """What it has printed so far."""
        done = self._image.engine.call("logs", running.container)
        return done.stdout + done.stderr

    def _waiting(self) -> list[Pod]:
        fields = "--field-selector=status.phase=Pending,spec.nodeName="
        found = json.loads(self._kubectl("get", "pods", fields, "--output=json"))["items"]
        return [Pod(each) for each in found if each["spec"].get("nodeSelector") == {"node": NODE}]

    def _run(self, pod: Pod) -> None:
        self._take(pod)
        began = _now()
        self._tell(pod, "Running", {"running": {"startedAt": began}}, is_ready=True)
        ended = self._container(pod)
        self.ended.append(ended)
        how = {"exitCode": ended.code, "reason": "Error" if ended.code else "Completed"}
        state = {"terminated": {**how, "startedAt": began, "finishedAt": _now()}}
        self._tell(pod, "Failed" if ended.code else "Succeeded", state)

    def _start(self, pod: Pod) -> None:
        self._take(pod)
        running = Running(pod, f"{pod.name}-{pod.uid}", began=time.monotonic())
        self._image.engine("run", "--detach", *self._command(pod, running.container))
        self.running.append(running)
        self._tell(pod, "Running", {"running": {"startedAt": _now()}})

    def _tend(self, running: "Running") -> None:
        """Say whether it is ready, and end it where somebody waits for that."""
        pod = Pod(json.loads(self._kubectl("get", f"pod/{running.pod.name}", "--output=json")))
        if pod.is_leaving:
            self._end(running)
        elif is_ready(pod) != running.is_ready:
            running.is_ready = not running.is_ready
            running.took = running.took or time.monotonic() - running.began
            state = {"running": {"startedAt": pod.body["status"]["startTime"]}}
            self._tell(pod, "Running", state, is_ready=running.is_ready)

    def _end(self, running: "Running") -> None:
        engine, name = self._image.engine, running.container
        engine("stop", f"--time={running.pod.grace}", name)
        code = int(engine("inspect", "--format={{.State.ExitCode}}", name))
        self.ended.append(Ended(running.pod.name, code, self.log(running)))
        engine("rm", name)
        self.running.remove(running)
        self._kubectl("delete", f"pod/{running.pod.name}", "--grace-period=0", "--force")

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

    def _command(self, pod: Pod, name: str) -> list[str]:
        """What follows `docker run`."""
        environment = pod.environment() | self._api_server() | LOOPBACK
        return [
            f"--name={name}",
            "--network=host",
            *(f"--env={key}={value}" for key, value in environment.items()),
            *mounted(self._cluster, pod, self._folder / pod.uid),
            *pod.confinement(),
            *pod.entrypoint(),
            self._image.name,
            *pod.arguments(),
        ]

    def _container(self, pod: Pod) -> Ended:
        engine, name = self._image.engine, f"{pod.name}-{pod.uid}"
        try:
            done = engine.call("run", *self._command(pod, name), seconds=MOST_SECONDS)
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

    def _tell(self, pod: Pod, phase: str, state: dict[str, Any], *, is_ready: bool = False) -> None:
        """Write what `kubectl get pods` shows, and what Jobs and Helm wait for."""
        container = {
            "name": pod.container["name"],
            "image": self._image.name,
            "imageID": self._image.inspected["Id"],
            "ready": is_ready,
            "restartCount": 0,
            "state": state,
        }
        ready = {"type": "Ready", "status": str(is_ready)}
        status = {
            "phase": phase,
            "startTime": pod.body["status"].get("startTime") or _now(),
            "conditions": [ready],
            "containerStatuses": [container],
        }
        self._kubectl(
            "patch", f"pod/{pod.name}", "--subresource=status", f"--patch={json.dumps({'status': status})}"
        )

    def _kubectl(self, *arguments: str) -> str:
        return self._cluster.kubectl(*arguments, f"--namespace={self._namespace}")


def is_ready(pod: Pod) -> bool:
    """What its own probe says."""
    try:
        return httpx.get(pod.probe("readinessProbe")).is_success
    except httpx.TransportError:
        return False


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
