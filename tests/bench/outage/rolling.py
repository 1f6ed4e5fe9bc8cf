"""Deployments that never rest: each begins a new rollout again and again; some fail, some are overtaken."""

import heapq
import itertools
import json
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bench.api import STRATEGIC_MERGE_PATCH, Api, Object, Write
from bench.workloads import collection

DEADLINE_SECONDS: Final = 10
"""After so long without progress the Deployment controller calls a rollout failed."""
_FAILED_AFTER_SECONDS: Final = DEADLINE_SECONDS + 4
"""Before, nobody can be sure that the controller has called it failed."""
_OVERTAKEN_AFTER_SECONDS: Final = 3
_GOOD: Final = "registry.example/app:{}"
_NEVER_READY: Final = "registry.example/unready:{}"
_TAKEN_UP: Final = "deployment.kubernetes.io/revision"
_DECIDED: Final = frozenset({"successful", "failed"})


class Course(StrEnum):
    """What a rollout is to do."""

    SUCCEEDS = "succeed"
    FAILS = "fail"
    IS_OVERTAKEN = "be overtaken"


_WEIGHTS: Final = {Course.SUCCEEDS: 70, Course.FAILS: 15, Course.IS_OVERTAKEN: 15}


@dataclass(frozen=True)
class Standing:
    """How a Deployment's newest rollout stands, by the rules of `kubectl rollout status`."""

    revision: int
    state: str


class Rolling:
    """The schedule of a Namespace's Deployments; the same in every run, but for the time that things take."""

    def __init__(self, api: Api, namespace: str, names: Sequence[str], *, every: float) -> None:
        """Let each begin a rollout every `every` seconds, a third earlier or later."""
        self._api, self._namespace, self._every = api, namespace, every
        self._random = random.Random(0)  # noqa: S311 (repeatable on purpose)
        self._versions = itertools.count(2)
        first = [(time.monotonic() + self._random.uniform(0, every), name, self._drawn()) for name in names]
        self._due: list[tuple[float, str, Course]] = first
        heapq.heapify(self._due)
        self.courses: dict[str, Course] = {}
        """What is to become of each version, which is the tag of its image; the oldest first."""
        self.first_begun: dict[str, float] = {}
        """When each Deployment began its first rollout, by the monotonic clock."""

    def begin_due(self) -> None:
        """Begin the rollouts whose time has come."""
        now = time.monotonic()
        writes = []
        while self._due[0][0] <= now:
            _, name, course = heapq.heappop(self._due)
            writes.append(self._write(name, course))
            self.first_begun.setdefault(name, now)
            heapq.heappush(self._due, self._next(name, course, now))
        if writes:
            self._api.write_all(writes)

    def _next(self, name: str, course: Course, now: float) -> tuple[float, str, Course]:
        if course is Course.IS_OVERTAKEN:
            return now + _OVERTAKEN_AFTER_SECONDS, name, Course.SUCCEEDS
        pause = self._random.uniform(2 / 3, 4 / 3) * self._every
        least = _FAILED_AFTER_SECONDS if course is Course.FAILS else 0
        return now + max(pause, least), name, self._drawn()

    def _drawn(self) -> Course:
        [course] = self._random.choices([*_WEIGHTS], [*_WEIGHTS.values()])
        return course

    def _write(self, name: str, course: Course) -> Write:
        image = _GOOD if course is Course.SUCCEEDS else _NEVER_READY
        version = str(next(self._versions))
        self.courses[version] = course
        container = {"name": "app", "image": image.format(version)}
        template = {"spec": {"containers": [container]}}
        body: Object = {"spec": {"progressDeadlineSeconds": DEADLINE_SECONDS, "template": template}}
        return Write("PATCH", f"{collection(self._namespace)}/{name}", body, STRATEGIC_MERGE_PATCH)


def standings(api: Api, namespace: str) -> dict[str, Standing]:
    """How all in a Namespace stand, by name."""
    items = json.loads(api.get(collection(namespace)))["items"]
    return {each["metadata"]["name"]: _standing(each) for each in items}


def ends_of(seen: Iterable[Object]) -> dict[str, str]:
    """How each version ended, in Jira's words, by all that a watch has shown of Deployments.

    What was ready once was successful, whatever came then; what was neither ready nor failed in the end was
    given up for the next one. That is no matter of the schedule: a busy cluster may be late.
    """
    ends: dict[str, str] = {}
    for body in seen:
        [container] = body["spec"]["template"]["spec"]["containers"]
        version, state = container["image"].rpartition(":")[2], _standing(body).state
        if state in _DECIDED and ends.get(version) != "successful":
            ends[version] = state
        ends.setdefault(version, "cancelled")
    return ends


def _standing(body: Object) -> Standing:
    meta, spec, status = body["metadata"], body["spec"], body.get("status", {})
    revision = int(meta.get("annotations", {}).get(_TAKEN_UP, 0))
    if status.get("observedGeneration", 0) < meta["generation"]:
        return Standing(revision, "unknown")
    counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    if all(count == spec["replicas"] for count in counts):
        return Standing(revision, "successful")
    conditions = {each["type"]: each["reason"] for each in status.get("conditions", ())}
    is_failed = conditions.get("Progressing") == "ProgressDeadlineExceeded"
    return Standing(revision, "failed" if is_failed else "in_progress")
