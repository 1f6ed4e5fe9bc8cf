"""A bare watcher: when the API server first showed what, to somebody who only looks."""

import json
import re
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from bench.api import Api, Object
from bench.workloads import ANNOTATED

_REVISION: Final = "deployment.kubernetes.io/revision"
SHOWN: Final = "shown"
"""State of a rollout whose success is reported to Jira, and shown on the Deployment."""
_REPORTED: Final = "rollout-reporter.dev/Reported"


@dataclass(frozen=True)
class Seen:
    """A Deployment's rollout in a state; the revision is the one that its controller gave."""

    namespace: str
    name: str
    revision: int
    state: str


class Watcher:
    """Watches the annotated Deployments; lines are stamped as they come, and read when somebody asks."""

    def __init__(self, api: Api) -> None:
        path = "/apis/apps/v1/deployments"
        version = json.loads(api.get(f"{path}?limit=1"))["metadata"]["resourceVersion"]
        query = f"watch=true&labelSelector={ANNOTATED}&timeoutSeconds=7200&resourceVersion={version}"
        self._lines: deque[tuple[float, bytes]] = deque()
        self._first: dict[Seen, float] = {}
        self._ends = False
        self._response = api.open_watch(f"{path}?{query}")
        threading.Thread(target=self._read, daemon=True).start()

    def seen(self) -> dict[Seen, float]:
        """When each rollout was first seen in each state, and first shown as reported to Jira."""
        if self._ends:
            raise RuntimeError("the bare watch has ended")
        while self._lines:
            at, line = self._lines.popleft()
            for each in _states(json.loads(line)["object"]):
                self._first.setdefault(each, at)
        return self._first

    def _read(self) -> None:
        while line := self._response.readline():
            self._lines.append((time.time(), line))
        self._ends = True


def _states(body: Object) -> list[Seen]:
    """The rule of `kubectl rollout status`, and what our condition says."""
    meta, spec, status = body["metadata"], body["spec"], body.get("status") or {}
    revision = int(meta.get("annotations", {}).get(_REVISION, 0))
    states = []
    if revision and status.get("observedGeneration", 0) >= meta["generation"]:
        states.append("successful" if _is_complete(spec, status) else "in_progress")
    for each in status.get("conditions", []):
        is_success = each["type"] == _REPORTED and each["reason"] == "Successful"
        if is_success and re.search(rf"\brevision {revision}\b", each["message"]):
            states.append(SHOWN)
    return [Seen(meta["namespace"], meta["name"], revision, state) for state in states]


def _is_complete(spec: Object, status: Object) -> bool:
    counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    return all(count == spec["replicas"] for count in counts)
