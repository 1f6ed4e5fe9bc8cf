"""A bare watcher: when the API server first showed what, to somebody who only looks."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.api import Object
from bench.watching import READY
from installation.program import until

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


class Watch:
    """What `bench.watching` has seen; its lines are stamped as they come, and read when somebody asks."""

    def __init__(self, kubeconfig: Path, log: Path) -> None:
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.watching", kubeconfig],
                stdin=subprocess.DEVNULL,
                stdout=output,
                start_new_session=True,
            )
        self._lines = log.open("rb")
        self._rest = b""
        until(lambda: self._lines.readline() == READY, seconds=30, otherwise=log.read_text)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._lines.close()

    def news(self) -> Iterator[tuple[float, Object]]:
        """When an annotated Deployment was seen how, since this was asked last."""
        if self._process.poll() is not None:
            raise RuntimeError("the bare watch has ended")
        while (line := self._lines.readline()).endswith(b"\n"):
            at, _, event = (self._rest + line).partition(b" ")
            self._rest = b""
            yield float(at), json.loads(event)["object"]
        self._rest += line


class Watcher:
    """When a watch has first shown what."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._first: dict[Seen, float] = {}

    def seen(self) -> dict[Seen, float]:
        """When each rollout was first seen in each state, and first shown as reported to Jira."""
        for at, body in self._watch.news():
            for each in _states(body):
                self._first.setdefault(each, at)
        return self._first


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
