"""Handles of the workload on a stage: what can be done to it, and what can be waited for."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from conformance.manifests import NAME
from conformance.objects import Object, condition_of, images_of, is_observed, is_ready, name_of, version_of
from conformance.stage import Stage
from conformance.stream import now


@dataclass(frozen=True)
class Workload:
    """Every action returns when the stream has shown what it did."""

    kind: ClassVar[str]
    stage: Stage
    name: str = NAME

    @property
    def ref(self) -> str:
        return f"{self.kind.lower()}/{self.name}"

    @property
    def body(self) -> Object:
        body = self.stage.stream.find(self.kind, self.name)
        return body if body is not None else {"metadata": {}, "spec": {}}

    @property
    def status(self) -> Object:
        status: Object = self.body.get("status") or {}
        return status

    def kubectl(self, verb: str, *args: str) -> None:
        """``kubectl VERB kind/name …``; a verb may have two words."""
        self.stage.kubectl(*verb.split(), self.ref, *args)
        self._until_shown()

    def apply(self, body: Object) -> None:
        self.stage.apply(body)
        self._until_shown()

    def patch(self, patch: Object | list[Object], *, kind: str = "merge", of_status: bool = False) -> None:
        extra = ["--subresource=status"] if of_status else []
        self.kubectl("patch", *extra, f"--type={kind}", f"--patch={json.dumps(patch)}")

    def annotate(self, *notes: str) -> None:
        self.kubectl("annotate", "--overwrite", *notes)

    def touch(self) -> None:
        """A label makes a new event and changes nothing."""
        self.kubectl("label", "--overwrite", f"looked-at=event-{len(self.stage.stream.lines)}")

    def scale(self, replicas: int) -> None:
        self.kubectl("scale", f"--replicas={replicas}")

    def delete(self, *args: str) -> None:
        self.stage.kubectl("delete", self.ref, *args)
        self.until("it is gone", lambda body: not body["metadata"])

    def until(self, what: str, holds: Callable[[Object], bool], *, seconds: float = 90) -> None:
        self.stage.until(f"{self.ref}: {what}", lambda: holds(self.body), seconds=seconds)

    def until_status(self, seconds: float = 90, **wanted: Any) -> None:
        """Fields of a status that is up to date; a missing one counts as 0."""

        def holds(body: Object) -> bool:
            status = body.get("status") or {}
            return is_observed(body) and all(status.get(key, 0) == value for key, value in wanted.items())

        self.until(f"status shows {wanted}", holds, seconds=seconds)

    def pods(self, image: str) -> list[Object]:
        pods = self.stage.stream.all("Pod")
        return [
            pod for pod in pods if images_of(pod) == [image] and "deletionTimestamp" not in pod["metadata"]
        ]

    def until_pods(self, image: str, count: int, *, ready: bool | None = None) -> list[Object]:
        def found() -> list[Object]:
            return [
                pod
                for pod in self.pods(image)
                if pod.get("status", {}).get("containerStatuses") and ready in {None, is_ready(pod)}
            ]

        self.stage.until(f"{count} pods of {image}, ready: {ready}", lambda: len(found()) >= count)
        return found()

    def make_ready(self, pod: Object) -> None:
        self._patch_pod(pod, ready=True, said="its readiness probe succeeds")

    def make_unready(self, pod: Object) -> None:
        self._patch_pod(pod, ready=False, said="its readiness probe fails")

    def make_wait(self, pod: Object, reason: str) -> None:
        """A container of it waits with this reason, as a kubelet would say."""
        waiting = {"ready": False, "state": {"waiting": {"reason": reason}, "running": None}}
        status = {"containerStatuses": [each | waiting for each in pod["status"]["containerStatuses"]]}
        self._patch_pod_status(pod, status, f"its container waits with {reason}")

    def _patch_pod(self, pod: Object, *, ready: bool, said: str) -> None:
        conditions = [
            {"type": kind, "status": str(ready), "lastTransitionTime": now()}
            for kind in ("Ready", "ContainersReady")
        ]
        status = {
            "conditions": conditions,
            "containerStatuses": [{**each, "ready": ready} for each in pod["status"]["containerStatuses"]],
        }
        self._patch_pod_status(pod, status, said)
        self.stage.until(
            f"pod {name_of(pod)} is shown ready: {ready}",
            lambda: is_ready(self.stage.stream.find("Pod", name_of(pod)) or pod) is ready,
        )

    def _patch_pod_status(self, pod: Object, status: Object, said: str) -> None:
        self.stage.kubectl(
            "patch",
            f"pod/{name_of(pod)}",
            "--subresource=status",
            "--type=strategic",
            f"--patch={json.dumps({'status': status})}",
            said=f"pod {name_of(pod)}: {said}",
        )

    def _until_shown(self) -> None:
        body = self.stage.watcher.get(self.kind, self.stage.namespace, self.name)
        if body is not None:
            version = version_of(body)
            self.until("it is shown", lambda seen: bool(seen["metadata"]) and version_of(seen) >= version)


class Deployment(Workload):
    kind = "Deployment"

    def set_image(self, image: str) -> None:
        self.kubectl("set image", f"{NAME}={image}")

    def until_complete(self) -> None:
        def holds(body: Object) -> bool:
            spec, status = body["spec"], body.get("status") or {}
            if not is_observed(body) or spec.get("paused"):
                return False
            counts = {
                status.get(key, 0)
                for key in ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas")
            }
            return counts == {spec.get("replicas", 1)} and progressing(body) in {
                "NewReplicaSetAvailable",
                None,
            }

        self.until("it is complete", holds)

    def until_failed(self) -> None:
        self.until("its deadline is over", lambda body: progressing(body) == "ProgressDeadlineExceeded")


class Rollout(Workload):
    kind = "Rollout"

    def set_image(self, image: str) -> None:
        self.kubectl(
            "patch",
            "--type=json",
            f'--patch=[{{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"{image}"}}]',
        )

    def promote(self) -> None:
        """What the plugin's `promote` sends when there are pause conditions."""
        self.patch({"status": {"pauseConditions": None}}, of_status=True)

    def promote_past_the_step(self) -> None:
        """What the plugin's `promote` sends after an inconclusive analysis."""
        step = self.status["currentStepIndex"] + 1
        self.patch(
            {"status": {"pauseConditions": None, "controllerPause": False, "currentStepIndex": step}},
            of_status=True,
        )

    def promote_in_full(self) -> None:
        self.patch({"status": {"promoteFull": True}}, of_status=True)

    def abort(self) -> None:
        self.patch({"status": {"abort": True}}, of_status=True)

    def retry(self) -> None:
        self.patch({"status": {"abort": False}}, of_status=True)

    def until_phase(self, phase: str, *, seconds: float = 90) -> None:
        """The phase of the wanted template, not one of the template before."""
        self.until(
            f"it is {phase}",
            lambda body: (body.get("status") or {}).get("phase") == phase and self._is_of_its_template(body),
            seconds=seconds,
        )

    def until_healthy(self) -> None:
        self.until_phase("Healthy")

    def _is_of_its_template(self, body: Object) -> bool:
        """Whether the status speaks of a ReplicaSet that has the wanted image."""
        if not is_observed(body):
            return False
        current = body["status"].get("currentPodHash")
        referenced = self.stage.stream.find("Deployment", self.name) or body
        wanted = body["spec"].get("template") or referenced["spec"]["template"]
        return any(
            each["metadata"]["labels"].get("rollouts-pod-template-hash") == current
            and images_of(each["spec"]["template"]) == images_of(wanted)
            for each in self.stage.stream.all("ReplicaSet")
        )


def progressing(body: Object) -> str | None:
    """The reason of a Deployment's condition Progressing."""
    return condition_of(body, "Progressing").get("reason")
