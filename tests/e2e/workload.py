"""Deployments and Rollouts as people handle them: with kubectl."""

import json
import re
from dataclasses import dataclass
from typing import Any

from controlplane import Cluster
from installation.program import until

Object = dict[str, Any]

PREFIX = "rollout-reporter.dev"
REPORTED = f"{PREFIX}/Reported"
HELD_BACK = 300
"""Seconds for which a pod has to be ready where a rollout is held back, less than its deadline."""
SECONDS = 30
"""How long anything may take that usually takes one or two."""


@dataclass(frozen=True)
class Condition:
    """Our condition, as it stands on a workload."""

    status: str
    reason: str
    message: str


class Workload:
    """A Deployment or a Rollout."""

    def __init__(self, cluster: Cluster, namespace: str, kind: str, name: str) -> None:
        self._cluster, self.namespace, self.kind, self.name = cluster, namespace, kind, name

    def __str__(self) -> str:
        """The way kubectl names it."""
        return f"{self.kind}/{self.name}"

    def kubectl(self, *arguments: str) -> str:
        """Kubectl in the workload's Namespace."""
        return self._cluster.kubectl(*arguments, f"--namespace={self.namespace}")

    def get(self) -> Object:
        """The object as the API server holds it."""
        found: Object = json.loads(self.kubectl("get", str(self), "--output=json", "--show-managed-fields"))
        return found

    def revision(self) -> int:
        """The revision that its controller last gave."""
        marks = {
            "deployment": "deployment.kubernetes.io/revision",
            "rollout": "rollout.argoproj.io/revision",
        }
        return int(self.get()["metadata"]["annotations"][marks[self.kind]])

    def annotate(self, issues: str, **others: str) -> Object:
        """`kubectl annotate`: issue keys, and more of our annotations (`_` stands for `-`).

        Return the workload as this very write has left it.
        """
        notes = {"issue-keys": issues} | {name.replace("_", "-"): value for name, value in others.items()}
        written = [f"{PREFIX}/{name}={value}" for name, value in notes.items()]
        answer = self.kubectl("annotate", str(self), "--overwrite", *written, "--output=json")
        written_object: Object = json.loads(answer)
        return written_object

    def forget_its_issues(self) -> None:
        """Remove the annotation with the issue keys."""
        self.kubectl("annotate", str(self), f"{PREFIX}/issue-keys-")

    def set_image(self, image: str) -> None:
        """`kubectl set image`; for Rollouts what its plug-in does."""
        if self.kind == "deployment":
            self.kubectl("set", "image", str(self), f"app={image}")
        else:
            change = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image}]
            self.kubectl("patch", str(self), "--type=json", f"--patch={json.dumps(change)}")

    def patch(self, change: Object, *, of_status: bool = False) -> None:
        """Change its spec, or its status as the plug-in of Argo Rollouts does."""
        where = ["--subresource=status"] if of_status else []
        self.kubectl("patch", str(self), *where, "--type=merge", f"--patch={json.dumps(change)}")

    def scale(self, replicas: int) -> None:
        """`kubectl scale`."""
        self.kubectl("scale", str(self), f"--replicas={replicas}")

    def pause(self) -> None:
        """`kubectl rollout pause`, and its like for Rollouts."""
        self.patch({"spec": {"paused": True}})

    def resume(self) -> None:
        """`kubectl rollout resume`, and its like for Rollouts."""
        self.patch({"spec": {"paused": False}})

    def hold_back(self) -> None:
        """Let no pod count as available, so that a rollout goes on for as long as a test looks at it."""
        self.patch({"spec": {"minReadySeconds": HELD_BACK}})

    def let_go(self) -> None:
        """End what `hold_back` began."""
        self.patch({"spec": {"minReadySeconds": 1}})

    def exceed_its_deadline(self) -> None:
        """Have a rollout that is stuck fail now, however long the machine has taken so far."""
        self.patch({"spec": {"progressDeadlineSeconds": 2}})

    def is_paused_at_a_step(self) -> None:
        """Wait until a Rollout waits for a person."""
        self.wait("jsonpath={.status.pauseConditions[0].reason}")

    def promote(self) -> None:
        """`kubectl argo rollouts promote`."""
        self.patch({"status": {"pauseConditions": None}}, of_status=True)

    def settle(self) -> "Workload":
        """Wait until its rollout is complete."""
        if self.kind == "deployment":
            self.kubectl("rollout", "status", str(self), f"--timeout={SECONDS}s")
        else:
            self.wait("jsonpath={.status.phase}=Healthy")
        return self

    def wait(self, condition: str, seconds: int = SECONDS) -> None:
        """`kubectl wait`."""
        self.kubectl("wait", f"--for={condition}", str(self), f"--timeout={seconds}s")

    def delete(self) -> None:
        """Delete it, and wait until it is gone."""
        self.kubectl("delete", str(self), f"--timeout={SECONDS}s")

    def condition(self) -> Condition | None:
        """Our condition."""
        found = self.get().get("status", {}).get("conditions", [])
        ours = [Condition(c["status"], c["reason"], c["message"]) for c in found if c["type"] == REPORTED]
        return ours[0] if ours else None

    def shows(self, status: str, reason: str, *, containing: str = "", seconds: float = SECONDS) -> Condition:
        """Wait until our condition says this; return it."""
        found: list[Condition | None] = [None]

        def holds() -> bool:
            condition = found[0] = self.condition()
            if condition is None:
                return False
            return (condition.status, condition.reason) == (
                status,
                reason,
            ) and containing in condition.message

        until(holds, seconds=seconds, otherwise=lambda: f"{self} shows {found[0]}")
        condition = found[0]
        assert condition is not None
        return condition

    def shows_nothing(self) -> None:
        """Wait until it has no condition of ours."""
        until(
            lambda: self.condition() is None,
            seconds=SECONDS,
            otherwise=lambda: f"{self} shows {self.condition()}",
        )

    def events(self) -> list[tuple[str, str, str]]:
        """Type, reason and note of the Events about it that we posted, the oldest first."""
        found = json.loads(self.kubectl("get", "events.events.k8s.io", "--output=json"))["items"]
        ours = [
            each
            for each in found
            if each["regarding"].get("uid") == self.get()["metadata"]["uid"]
            and each["reportingController"].startswith(PREFIX)
        ]
        return [(e["type"], e["reason"], e["note"]) for e in sorted(ours, key=lambda e: str(e["eventTime"]))]

    def tells(self, kind: str, reason: str, *, containing: str = "") -> None:
        """Wait until an Event says this."""
        until(
            lambda: any((t, r) == (kind, reason) and containing in note for t, r, note in self.events()),
            seconds=SECONDS,
            otherwise=lambda: f"{self} has the Events {self.events()}",
        )

    def report(self) -> Object:
        """Its RolloutReport."""
        found: Object = json.loads(
            self.kubectl("get", f"rolloutreport/{self.kind}-{self.name}", "--output=json")
        )
        return found

    def report_version(self) -> str:
        """Version of its RolloutReport, which changes with each write of the operator."""
        version: str = self.report()["metadata"]["resourceVersion"]
        return version

    def put_report_back(self, record: Object) -> None:
        """Have its RolloutReport say again what it has said before."""
        report, change = f"rolloutreport/{self.kind}-{self.name}", {"status": record["status"]}
        self.kubectl("patch", report, "--subresource=status", "--type=merge", f"--patch={json.dumps(change)}")

    def report_is_gone(self) -> None:
        """Wait until its RolloutReport was removed."""
        report = f"rolloutreport/{self.kind}-{self.name}"
        self.kubectl("wait", "--for=delete", report, f"--timeout={SECONDS}s")

    def printed(self) -> dict[str, str]:
        """Its line in `kubectl get rolloutreports`, by column."""
        return _table(
            self.kubectl("get", "rolloutreports", f"--field-selector=metadata.name={self.kind}-{self.name}")
        )


def _table(text: str) -> dict[str, str]:
    """Columns begin where their headings begin; cells may hold spaces."""
    heading, line = text.rstrip().split("\n")
    starts = [found.start() for found in re.finditer(r"\S+", heading)]
    ends = [*starts[1:], None]
    return {heading[a:b].strip(): line[a:b].strip() for a, b in zip(starts, ends, strict=True)}
