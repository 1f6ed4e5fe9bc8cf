"""The hard rollouts, live: from what people do with kubectl to what Jira holds in the end.

All scenarios are played at the same time, each in a Namespace of its own, and each has two issues: the one
that its workload begins with, and a newer one for the next version. Meanwhile a witness watches with kubectl,
and tells for each state that was claimed whether it was true.
"""

import itertools
import json
import re
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controlplane import Cluster
from e2e.product import Product, ProductApart
from e2e.shop import Shop, pods_of
from e2e.workload import PREFIX, SECONDS, Object, Workload
from installation import RunningSandbox
from installation.program import until
from rollout_reporter.core.identity import HASH_TRUST
from rollout_reporter.core.workload import PENDING_GRACE

pytestmark = pytest.mark.timeout(180, func_only=True)

AT_ONCE = 7
"""So many are played at the same time: on two cores more would only wait for each other."""
DEADLINE = 4
PATIENCE = timedelta(seconds=3)
"""How far what the witness saw and what Jira heard may be apart in time, on a busy machine."""

LAG = timedelta(seconds=15)
"""How long what has just ended may still be told to be under way: an operator may stand still meanwhile."""

BOTH = ("deployment", "rollout")

NEXT: dict[str, set[str]] = {
    "pending": {"in_progress", "successful", "failed", "cancelled", "rolled_back", "unknown"},
    "in_progress": {"successful", "failed", "cancelled", "rolled_back", "unknown"},
    "failed": {"in_progress", "successful", "rolled_back"},
    "successful": {"rolled_back"},
    "cancelled": {"rolled_back"},  # a way back that waits for its controller looks like any newer version
}
"""What may follow a state of a Jira deployment; nothing follows those that are not here."""


@dataclass(frozen=True)
class Scene:
    """What a scenario is played with."""

    kind: str
    shop: Shop
    board: "Board"
    issue: str
    newer: str

    def create(self, *, name: str = "web", **spec: Any) -> Workload:
        """Create the workload with its first issue; it moves without waiting for anybody."""
        if self.kind == "deployment":
            return self.shop.deployment(self.issue, name=name, spec=spec)
        usual = {"strategy": {"canary": {"steps": [{"setWeight": 50}]}}}
        return self.shop.rollout(self.issue, name=name, spec=usual | spec)

    def settled(self, **spec: Any) -> Workload:
        """Create it, and wait until Jira holds its success."""
        workload = self.create(**spec)
        self.holds(self.issue, "successful")
        return workload

    def begin_newer(self, workload: Workload, image: str) -> None:
        """`kubectl annotate` with the newer issue, then `kubectl set image`; Jira hears of it.

        Its image, a pause or `hold_back` has to keep it from ending before that is seen.
        """
        workload.annotate(self.newer)
        workload.set_image(image)
        self.holds(self.newer, "in_progress")

    def newer_is_settled(self, workload: Workload) -> None:
        """Bring the second version, with the newer issue."""
        workload.annotate(self.newer)
        workload.set_image(self.shop.images.second)
        self.holds(self.newer, "successful")
        workload.settle()

    def undo(self, workload: Workload) -> None:
        """Go back to the first version: the annotation of a Rollout keeps the newer issue."""
        if self.kind == "deployment":
            workload.kubectl("rollout", "undo", str(workload))
        else:
            workload.set_image(self.shop.images.first)

    def holds(self, issue: str, *states: str, seconds: float = SECONDS) -> list[Object]:
        """Wait until an issue's Jira deployments, the oldest first, have these states."""
        return self.board.until(issue, *states, seconds=seconds)

    def went_through(self, issue: str, index: int = -1) -> list[str]:
        """States that one of an issue's Jira deployments went through; it may have been pending at first."""
        deployment = self.board.deployments(issue)[index]
        states = [each["state"] for each in self.board.history(issue) if key(each) == key(deployment)]
        changes = [state for state, _ in itertools.groupby(states)]
        return changes[1:] if changes[0] == "pending" else changes


def nothing_happens_for(period: timedelta) -> None:
    """Let time pass in which something wrong would be told."""
    time.sleep(period.total_seconds())


Play = Callable[[Scene], None]


@dataclass(frozen=True)
class Scenario:
    """A play, and the kind that it is played with."""

    play: Play
    kind: str
    fails: str
    """Why it is known to fail."""

    @property
    def marks(self) -> list[pytest.MarkDecorator]:
        return [pytest.mark.xfail(strict=True, reason=self.fails)] if self.fails else []

    def __str__(self) -> str:
        return f"{self.kind}-{self.play.__name__.replace('_', '-')}"


SCENARIOS: list[Scenario] = []


def scenario(*kinds: str, fails: str = "") -> Callable[[Play], Play]:
    """Play this with each of these kinds."""

    def note(play: Play) -> Play:
        SCENARIOS.extend(Scenario(play, kind, fails) for kind in kinds)
        return play

    return note


# The longest come first.


@scenario("deployment")
def unpullable_for_longer_than_it_may_take(scene: Scene) -> None:
    web = scene.settled()
    web.annotate(scene.newer, max_duration="8s")
    web.set_image("registry.example/unpullable:2")

    [failed] = scene.holds(scene.newer, "failed")
    assert "not complete after" in failed["description"]
    assert "ImagePull" in failed["description"]

    scene.undo(web)
    [rolled_back] = scene.holds(scene.newer, "rolled_back")
    assert "ImagePull" in rolled_back["description"]
    scene.holds(scene.issue, "successful", "successful")


@scenario("deployment")
def paused_before_it_began_for_longer_than_it_may_take(scene: Scene) -> None:
    longest = 15
    web = scene.settled()
    web.annotate(scene.newer, max_duration=f"{longest}s")
    web.pause()
    web.set_image(scene.shop.images.second)
    scene.holds(scene.newer, "pending")
    nothing_happens_for(timedelta(seconds=longest + 3))
    web.resume()

    scene.holds(scene.newer, "successful")
    assert "failed" not in scene.went_through(scene.newer)


@scenario(*BOTH)
def undone_but_pods_cannot_be_created(scene: Scene) -> None:
    web = scene.settled()
    scene.newer_is_settled(web)
    scene.shop.forbid_new_pods()
    scene.undo(web)
    web.exceed_its_deadline()

    scene.holds(scene.issue, "successful", "failed")
    scene.holds(scene.newer, "successful")

    scene.shop.allow_new_pods()
    scene.holds(scene.issue, "successful", "successful")
    scene.holds(scene.newer, "rolled_back")


@scenario(*BOTH)
def replica_set_refused(scene: Scene) -> None:
    """Until it is there the status is that of the version before, whatever time passes."""
    web = scene.settled()
    scene.shop.kubectl("create", "quota", "one", "--hard=count/replicasets.apps=1")
    scene.shop.kubectl("wait", "quota/one", "--for=jsonpath={.status.used}", f"--timeout={SECONDS}s")
    web.annotate(scene.newer)
    web.set_image(scene.shop.images.second)
    scene.holds(scene.newer, "pending")
    nothing_happens_for(HASH_TRUST + timedelta(seconds=2))
    [waiting] = scene.holds(scene.newer, "pending")
    assert scene.board.states(scene.issue) == ["successful"]

    scene.shop.kubectl("delete", "quota", "one")
    web.kubectl("annotate", str(web), "example.com/replicasets=allowed")

    [successful] = scene.holds(scene.newer, "successful", seconds=2 * SECONDS)
    assert key(successful) == key(waiting)


@scenario(*BOTH)
def failed_and_recovered_late(scene: Scene) -> None:
    web = scene.settled()
    scene.shop.forbid_new_pods()
    scene.begin_newer(web, scene.shop.images.second)
    web.exceed_its_deadline()
    [failed] = scene.holds(scene.newer, "failed")

    scene.shop.allow_new_pods()

    [recovered] = scene.holds(scene.newer, "successful")
    assert key(recovered) == key(failed)
    assert scene.went_through(scene.newer)[:2] == ["in_progress", "failed"]
    assert scene.board.states(scene.issue) == ["successful"]


@scenario("deployment")
def begun_in_the_moment_of_success_and_failed(scene: Scene) -> None:
    """Whoever writes to its status must not make a Deployment forget its deadline."""
    several = 8
    for index in range(several):
        web = scene.create(name=f"web-{index}", progressDeadlineSeconds=DEADLINE)
        scene.holds(scene.issue, *["successful"] * (index + 1))
        web.annotate(scene.newer)
        web.set_image(scene.shop.images.never_ready)

    failures = scene.holds(scene.newer, *["failed"] * several)

    assert all("progress deadline exceeded" in each["description"] for each in failures)


@scenario(*BOTH)
def pods_crashed_after_success(scene: Scene) -> None:
    web = scene.settled()
    web.shows("True", "Successful")
    scene.shop.forbid_new_pods()
    web.kubectl("delete", "pods", "--all", "--wait=false")
    web.exceed_its_deadline()
    if scene.kind == "deployment":
        web.wait("condition=Available=false")
        web.wait("condition=ReplicaFailure=true")
    else:
        web.wait("jsonpath={.status.phase}=Degraded")
    web.shows("True", "Successful")

    scene.shop.allow_new_pods()
    web.patch({"spec": {"progressDeadlineSeconds": 600}})
    web.wait("jsonpath={.status.availableReplicas}=2")
    scene.newer_is_settled(web)

    assert scene.board.states(scene.issue) == ["successful"]


@scenario(*BOTH)
def paused_before_it_began(scene: Scene) -> None:
    web = scene.settled()
    web.pause()
    web.annotate(scene.newer)
    web.set_image(scene.shop.images.second)
    [waiting] = scene.holds(scene.newer, "pending")
    web.shows("True", "Pending", containing="paused before it began")

    web.resume()

    [successful] = scene.holds(scene.newer, "successful")
    assert key(successful) == key(waiting)
    assert scene.board.states(scene.issue) == ["successful"]


@scenario("deployment")
def put_back_before_it_began(scene: Scene) -> None:
    web = scene.settled()
    web.pause()
    web.annotate(scene.newer)
    asked = datetime.now(UTC)
    web.set_image(scene.shop.images.second)
    scene.holds(scene.newer, "pending")
    [pending] = scene.board.received(scene.newer)
    assert pending - asked > timedelta(seconds=0.9)

    web.set_image(scene.shop.images.first)

    [cancelled] = scene.holds(scene.newer, "cancelled")
    assert "withdrawn" in cancelled["description"]
    web.resume()
    web.settle()
    web.shows("True", "Successful", containing="revision 1")
    assert scene.board.states(scene.issue) == ["successful"]
    web.annotate(scene.issue)  # else it gains the newer one in a minute


@scenario("deployment")
def put_back_while_paused_in_the_middle(scene: Scene) -> None:
    web = scene.settled()
    scene.begin_newer(web, scene.shop.images.never_ready)
    web.pause()

    web.set_image(scene.shop.images.first)
    scene.holds(scene.newer, "rolled_back")
    web.resume()

    scene.holds(scene.issue, "successful", "successful")
    assert scene.went_through(scene.newer) == ["in_progress", "rolled_back"]


@scenario("rollout")
def put_back_before_its_first_pod(scene: Scene) -> None:
    web = scene.settled()
    web.pause()
    web.annotate(scene.newer)
    web.set_image(scene.shop.images.second)
    scene.holds(scene.newer, "pending")

    web.set_image(scene.shop.images.first)

    scene.holds(scene.newer, "cancelled")
    web.resume()
    web.settle()
    assert scene.board.states(scene.issue) == ["successful"]
    web.annotate(scene.issue)  # else it gains the newer one in a minute


@scenario(*BOTH)
def paused_in_the_middle(scene: Scene) -> None:
    web = scene.settled()
    web.hold_back()
    scene.begin_newer(web, scene.shop.images.second)
    web.pause()
    web.let_go()
    web.exceed_its_deadline()
    nothing_happens_for(timedelta(seconds=DEADLINE))
    [paused] = scene.holds(scene.newer, "in_progress")

    web.patch({"spec": {"paused": False, "progressDeadlineSeconds": 600}})

    [successful] = scene.holds(scene.newer, "successful")
    assert key(successful) == key(paused)
    assert scene.went_through(scene.newer) == ["in_progress", "successful"]


@scenario(*BOTH)
def scaled_in_mid_rollout(scene: Scene) -> None:
    web = scene.settled()
    web.hold_back()
    scene.begin_newer(web, scene.shop.images.second)

    web.scale(3)
    web.let_go()

    scene.holds(scene.newer, "successful")
    assert scene.went_through(scene.newer) == ["in_progress", "successful"]
    assert web.get()["status"]["availableReplicas"] == 3
    assert scene.board.states(scene.issue) == ["successful"]


@scenario("deployment")
def failed_and_then_scaled(scene: Scene) -> None:
    web = scene.settled(replicas=1)
    scene.begin_newer(web, scene.shop.images.never_ready)
    web.exceed_its_deadline()
    scene.holds(scene.newer, "failed")

    web.scale(2)
    web.wait("jsonpath={.status.replicas}=3")
    web.wait('jsonpath={.status.conditions[?(@.type=="Progressing")].status}=False')

    [failed] = scene.holds(scene.newer, "failed")
    scene.undo(web)
    [rolled_back] = scene.holds(scene.newer, "rolled_back")
    assert key(rolled_back) == key(failed)
    scene.holds(scene.issue, "successful", "successful")


@scenario(*BOTH)
def undone_after_failure_with_one_replica(scene: Scene) -> None:
    web = scene.settled(replicas=1)
    scene.begin_newer(web, scene.shop.images.never_ready)
    web.exceed_its_deadline()
    scene.holds(scene.newer, "failed")

    scene.undo(web)

    [rolled_back] = scene.holds(scene.newer, "rolled_back")
    assert "was failed" in rolled_back["description"]
    scene.holds(scene.issue, "successful", "successful")


@scenario(*BOTH)
def undone_after_success(scene: Scene) -> None:
    web = scene.settled()
    scene.newer_is_settled(web)

    scene.undo(web)

    first, again = scene.holds(scene.issue, "successful", "successful")
    [rolled_back] = scene.holds(scene.newer, "rolled_back")
    assert number(first) < number(rolled_back) < number(again)
    assert "rollback" in again["description"]
    assert scene.went_through(scene.newer)[-2:] == ["successful", "rolled_back"]


@scenario(*BOTH)
def undone_in_mid_rollout(scene: Scene) -> None:
    web = scene.settled()
    scene.begin_newer(web, scene.shop.images.never_ready)

    scene.undo(web)

    first, again = scene.holds(scene.issue, "successful", "successful")
    [rolled_back] = scene.holds(scene.newer, "rolled_back")
    assert number(first) < number(rolled_back) < number(again)
    course = scene.went_through(scene.newer)
    assert (course[0], course[-1]) == ("in_progress", "rolled_back")


@scenario(*BOTH)
def superseded_twice_quickly(scene: Scene) -> None:
    web = scene.settled()
    images = scene.shop.images
    web.annotate(scene.newer)

    for image in (images.never_ready, f"{images.never_ready}.1", images.second):
        web.set_image(image)
    web.settle()

    until(
        lambda: scene.board.states(scene.newer)[-1:] == ["successful"],
        seconds=SECONDS,
        otherwise=lambda: f"{scene.newer} is {scene.board.states(scene.newer)}",
    )
    *superseded, _ = scene.board.states(scene.newer)
    assert set(superseded) <= {"cancelled", "unknown"}
    assert scene.board.states(scene.issue) == ["successful"]


@scenario(*BOTH)
def deleted_in_mid_rollout_and_created_again(scene: Scene) -> None:
    web = scene.settled()
    scene.begin_newer(web, scene.shop.images.never_ready)

    web.delete()

    [cancelled] = scene.holds(scene.newer, "cancelled")
    assert "deleted" in cancelled["description"]
    scene.create()
    first, again = scene.holds(scene.issue, "successful", "successful")
    assert number(first) < number(cancelled) < number(again)
    assert "revision 1" in again["description"]
    assert first["pipeline"]["id"] == again["pipeline"]["id"]


@scenario("deployment")
def recreated_by_strategy(scene: Scene) -> None:
    web = scene.settled(strategy={"type": "Recreate", "rollingUpdate": None})

    web.hold_back()
    scene.begin_newer(web, scene.shop.images.second)
    web.let_go()

    scene.holds(scene.newer, "successful")
    assert scene.went_through(scene.newer) == ["in_progress", "successful"]


@scenario("deployment")
def restarted_in_mid_rollout(scene: Scene) -> None:
    web = scene.settled()
    web.hold_back()
    scene.begin_newer(web, scene.shop.images.second)

    web.kubectl("rollout", "restart", str(web))
    web.let_go()

    [successful] = scene.holds(scene.newer, "successful")
    assert "revision 3" in successful["description"]
    assert scene.went_through(scene.newer) == ["in_progress", "successful"]
    assert scene.board.states(scene.issue) == ["successful"]


@scenario("rollout")
def restarted_after_success(scene: Scene) -> None:
    """A Rollout is restarted pod by pod, or by its template."""
    web = scene.settled()
    web.shows("True", "Successful")

    web.patch({"spec": {"restartAt": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}})
    web.wait("jsonpath={.status.restartedAt}")
    stamp = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    web.patch({"spec": {"template": {"metadata": {"annotations": stamp}}}})
    web.shows("True", "Successful", containing="revision 2")

    assert scene.board.states(scene.issue) == ["successful"]


@scenario("rollout")
def previewed_and_promoted(scene: Scene) -> None:
    for role in ("active", "preview"):
        scene.shop.service(role, "web")
    services = {"activeService": "active", "previewService": "preview"}
    web = scene.settled(strategy={"blueGreen": {**services, "autoPromotionEnabled": False}})
    web.annotate(scene.newer)
    web.set_image(scene.shop.images.second)
    web.is_paused_at_a_step()
    web.wait("jsonpath={.status.availableReplicas}=2")
    scene.holds(scene.newer, "in_progress")
    web.shows("True", "InProgress", containing="revision 2")

    web.promote()

    scene.holds(scene.newer, "successful")
    assert scene.went_through(scene.newer) == ["in_progress", "successful"]


CANARY = {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}, {"setWeight": 75}, {"pause": {}}]}}


@scenario("rollout")
def promoted_in_full(scene: Scene) -> None:
    web = scene.settled(strategy=CANARY)
    scene.begin_newer(web, scene.shop.images.second)
    web.is_paused_at_a_step()

    web.patch({"status": {"promoteFull": True}}, of_status=True)

    scene.holds(scene.newer, "successful")
    assert scene.went_through(scene.newer) == ["in_progress", "successful"]


@scenario("rollout")
def aborted_and_retried(scene: Scene) -> None:
    web = scene.settled(strategy=CANARY)
    _abort_newer(scene, web)

    web.patch({"status": {"abort": False}}, of_status=True)
    scene.holds(scene.newer, "in_progress")
    web.is_paused_at_a_step()
    web.patch({"status": {"promoteFull": True}}, of_status=True)

    scene.holds(scene.newer, "successful")
    assert scene.went_through(scene.newer) == ["in_progress", "failed", "in_progress", "successful"]


@scenario("rollout")
def aborted_and_stable_applied_again(scene: Scene) -> None:
    web = scene.settled(strategy=CANARY)
    _abort_newer(scene, web)

    web.set_image(scene.shop.images.first)

    first, again = scene.holds(scene.issue, "successful", "successful")
    [rolled_back] = scene.holds(scene.newer, "rolled_back")
    assert number(first) < number(rolled_back) < number(again)
    assert scene.went_through(scene.newer) == ["in_progress", "failed", "rolled_back"]


def _abort_newer(scene: Scene, web: Workload) -> None:
    scene.begin_newer(web, scene.shop.images.second)
    web.is_paused_at_a_step()
    web.patch({"status": {"abort": True}}, of_status=True)
    [failed] = scene.holds(scene.newer, "failed")
    assert "abort" in failed["description"]


@scenario("rollout")
def back_to_stable_without_its_pods(scene: Scene) -> None:
    """It has been stable all the time, and is no success before its pods are there again."""
    web = scene.settled(strategy=CANARY)
    scene.begin_newer(web, scene.shop.images.second)
    web.is_paused_at_a_step()
    web.wait("jsonpath={.status.replicas}=2")
    scene.shop.forbid_new_pods()

    web.set_image(scene.shop.images.first)
    scene.holds(scene.issue, "successful", "in_progress")
    web.exceed_its_deadline()
    scene.holds(scene.issue, "successful", "failed")

    scene.shop.allow_new_pods()
    scene.holds(scene.issue, "successful", "successful")
    scene.holds(scene.newer, "rolled_back")


@scenario("rollout")
def undone_by_the_plug_in(scene: Scene) -> None:
    """It writes the template in the words of the ReplicaSet, and leaves the annotations."""
    web = scene.settled()
    scene.newer_is_settled(web)
    listed = json.loads(scene.shop.kubectl("get", "replicasets", "--output=json"))["items"]
    [template] = [each["spec"]["template"] for each in listed if shown_revision(each) == 1]
    del template["metadata"]["labels"]["rollouts-pod-template-hash"]
    change = [{"op": "replace", "path": "/spec/template", "value": template}]

    web.kubectl("patch", str(web), "--type=json", f"--patch={json.dumps(change)}")

    scene.holds(scene.issue, "successful", "successful")
    scene.holds(scene.newer, "rolled_back")


@scenario("deployment")
def undone_to_before_its_annotation(scene: Scene) -> None:
    """The annotation goes with the version that has brought it."""
    web = scene.shop.deployment().settle()
    containers = [{"name": "app", "image": scene.shop.images.second}]
    keys = {f"{PREFIX}/issue-keys": scene.newer}
    web.patch({"metadata": {"annotations": keys}, "spec": {"template": {"spec": {"containers": containers}}}})
    scene.holds(scene.newer, "successful")

    web.kubectl("rollout", "undo", str(web))

    scene.holds(scene.newer, "rolled_back")
    web.shows_nothing()


@scenario("rollout")
def without_its_reference_any_more(scene: Scene) -> None:
    """The same template, written into the Rollout in a person's words, is no new version."""
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "scaleDown": "never"}
    web = scene.shop.rollout(
        scene.issue, name="front", spec={"workloadRef": reference, "strategy": {"canary": {}}}
    )
    scene.shop.deployment(spec={"replicas": 0})
    scene.holds(scene.issue, "successful")

    web.patch({"spec": {"workloadRef": None, **pods_of("web", scene.shop.images.first)}})
    generation = web.get()["metadata"]["generation"]
    web.wait(f"jsonpath={{.status.observedGeneration}}={generation}")
    nothing_happens_for(PENDING_GRACE + timedelta(seconds=2))
    assert scene.board.states(scene.issue) == ["successful"]
    web.annotate(scene.newer)
    web.set_image(scene.shop.images.second)

    scene.holds(scene.newer, "successful")
    assert scene.board.states(scene.issue) == ["successful"]


@scenario("rollout")
def of_a_deployments_template(scene: Scene) -> None:
    """The Deployment has the issue keys, and is not reported itself."""
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "scaleDown": "never"}
    web = scene.shop.rollout(name="front", spec={"workloadRef": reference, "strategy": {"canary": {}}})
    deployment = scene.shop.deployment(scene.issue, spec={"replicas": 0})
    [first] = scene.holds(scene.issue, "successful")

    deployment.annotate(scene.newer)
    deployment.set_image(scene.shop.images.second)

    [second] = scene.holds(scene.newer, "successful")
    assert first["pipeline"]["id"] == second["pipeline"]["id"]
    assert first["pipeline"]["displayName"] == "front"
    assert scene.board.states(scene.issue) == ["successful"]
    web.shows("True", "Successful", containing="revision 2")
    deployment.shows_nothing()


# What all of them must keep to.


class Board:
    """What Jira holds, looked at seldom enough for many who wait."""

    def __init__(self, jira: RunningSandbox) -> None:
        self._jira = jira
        self._lock = threading.Lock()
        self._state: Object = {}
        self._at = 0.0

    def state(self) -> Object:
        """Everything, at most a moment old."""
        with self._lock:
            if time.monotonic() > self._at + 0.1:
                self._state = self._jira.state()
                self._at = time.monotonic()
            return self._state

    def deployments(self, issue: str) -> list[Object]:
        """The Jira deployments of an issue, the oldest first."""
        held = [each["deployment"] for each in self.state()["deployments"] if issue in each["issues"]]
        return sorted(held, key=number)

    def states(self, issue: str) -> list[str]:
        """Their states."""
        return [each["state"] for each in self.deployments(issue)]

    def records(self, *issues: str) -> list[Object]:
        """All that was stored of some issues' deployments, with the time of its arrival."""
        return [each for each in self.state()["history"] if {*issues} & {*each["issues"]}]

    def history(self, issue: str) -> list[Object]:
        """The same of one, without the time."""
        return [each["deployment"] for each in self.records(issue)]

    def received(self, issue: str) -> list[datetime]:
        """The times alone."""
        return [datetime.fromisoformat(each["received"]) for each in self.records(issue)]

    def until(self, issue: str, *states: str, seconds: float) -> list[Object]:
        """Wait until an issue's Jira deployments have these states."""
        until(
            lambda: self.states(issue) == list(states),
            seconds=seconds,
            otherwise=lambda: f"{issue} is {self.states(issue)}, expected {list(states)}",
        )
        return self.deployments(issue)


@dataclass(frozen=True)
class Look:
    """An object as kubectl showed it."""

    at: datetime
    body: Object

    @classmethod
    def of(cls, body: Object) -> "Look":
        """Dated by its last write, to the second: whoever reads what kubectl shows may be slow."""
        written = [each["time"] for each in body["metadata"].get("managedFields", ()) if "time" in each]
        now = datetime.now(UTC)
        last = datetime.fromisoformat(max(written)) + timedelta(seconds=1) if written else now
        return cls(min(now, last), body)


class Witness:
    """`kubectl get --watch`: what was true, and since when."""

    def __init__(self, cluster: Cluster) -> None:
        self._looks: defaultdict[str, list[Look]] = defaultdict(list)
        self._processes = [
            self._watch(cluster, kinds) for kinds in ("deployments", "rollouts", "replicasets")
        ]
        self._threads = [threading.Thread(target=self._follow, args=[each]) for each in self._processes]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Look no more."""
        for process in self._processes:
            process.terminate()
        for process, thread in zip(self._processes, self._threads, strict=True):
            thread.join()
            process.wait()
            if process.stdout:
                process.stdout.close()

    def in_namespace(self, namespace: str) -> list[Look]:
        """All that was seen there so far."""
        return list(self._looks[namespace])

    @staticmethod
    def _watch(cluster: Cluster, kinds: str) -> "subprocess.Popen[str]":
        arguments = ["get", kinds, "--all-namespaces", "--watch", "--output=json", "--show-managed-fields"]
        return subprocess.Popen(
            [cluster.tool("kubectl"), *arguments],
            env=cluster.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def _follow(self, process: "subprocess.Popen[str]") -> None:
        lines: list[str] = []
        for line in process.stdout or ():
            lines.append(line)
            if line == "}\n":
                body = json.loads("".join(lines))
                lines.clear()
                self._looks[body["metadata"]["namespace"]].append(Look.of(body))


@dataclass(frozen=True)
class Revision:
    """When a revision of a workload was first seen, complete and stuck."""

    seen: datetime
    complete: datetime | None
    stuck: datetime | None
    deadline: timedelta


def revision_of(looks: Sequence[Look], uid: str, wanted: int) -> Revision | None:
    """What kubectl showed of a revision."""
    seen = complete = stuck = None
    workload: Object = {}
    replica_sets: dict[str, Object] = {}
    for look in looks:
        body, meta = look.body, look.body["metadata"]
        if meta["uid"] == uid:
            workload = body
        elif any(each["uid"] == uid for each in meta.get("ownerReferences", ())):
            replica_sets[meta["name"]] = body
        else:
            continue
        current = [each for each in replica_sets.values() if shown_revision(each) == wanted]
        if shown_revision(workload) == wanted and current:
            seen = seen or look.at
            if is_complete(workload, current[0]):
                complete = complete or look.at
            if is_stuck(workload):
                stuck = stuck or look.at
    deadline = timedelta(seconds=workload.get("spec", {}).get("progressDeadlineSeconds", 600))
    return Revision(seen, complete, stuck, deadline) if seen else None


def is_complete(workload: Object, replica_set: Object) -> bool:
    """All pods are of this ReplicaSet and available, and for a Rollout it is the stable one."""
    status, replicas = workload.get("status", {}), workload["spec"].get("replicas", 1)
    available = replica_set.get("status", {}).get("availableReplicas", 0)
    if available < replicas or status.get("updatedReplicas", 0) < replicas:
        return False
    if workload["kind"] == "Rollout":
        pods: str = replica_set["metadata"]["labels"]["rollouts-pod-template-hash"]
        return bool(status.get("stableRS") == pods)
    return bool(status.get("replicas") == status.get("availableReplicas") == replicas)


def is_stuck(workload: Object) -> bool:
    """It says itself that it has failed."""
    status = workload.get("status", {})
    reasons = {each.get("reason") for each in status.get("conditions", ())}
    return status.get("phase") == "Degraded" or bool(
        reasons & {"ProgressDeadlineExceeded", "FailedCreate", "RolloutAborted"}
    )


def shown_revision(body: Object) -> int:
    notes = body.get("metadata", {}).get("annotations", {})
    return int(
        notes.get("deployment.kubernetes.io/revision") or notes.get("rollout.argoproj.io/revision") or 0
    )


def assert_legal(records: Sequence[Object]) -> None:
    """No state follows another that ends a rollout, all numbers grow, none is of two rollouts."""
    by_key: dict[object, list[Object]] = {}
    for each in records:
        by_key.setdefault(key(each["deployment"]), []).append(each["deployment"])
    for course in by_key.values():
        for before, after in itertools.pairwise(course):
            allowed = {before["state"], *NEXT.get(before["state"], ())}
            assert after["state"] in allowed, f"{before} was followed by {after}"
            assert before["updateSequenceNumber"] < after["updateSequenceNumber"]
            assert before["lastUpdated"] <= after["lastUpdated"]
    first_said = [number(course[0]) for course in by_key.values()]
    assert first_said == sorted(first_said)


def untrue(records: Sequence[Object], looks: Sequence[Look]) -> str:
    """What was claimed though it was not true then, with what was seen of it; empty if all was true."""
    workloads = workloads_of(looks)
    for each in records:
        deployment, at = each["deployment"], datetime.fromisoformat(each["received"])
        told = re.match(r"revision (\d+)", deployment["description"])
        if deployment["state"] in {"unknown", "cancelled", "rolled_back"}:
            continue
        if told is None and deployment["state"] == "pending":
            continue
        found = [
            revision_of(looks, uid, int(told[1]))
            for uid, (name, since) in workloads.items()
            if told and deployment["pipeline"]["id"].endswith(name) and since < at + PATIENCE
        ]
        revisions = [revision for revision in found if revision and revision.seen < at + PATIENCE]
        if not any(is_true(deployment, each, at) for each in revisions):
            return f"{deployment} at {at}: {revisions}"
    return ""


def is_true(deployment: Object, revision: Revision, at: datetime) -> bool:
    """Whether kubectl agrees with what was claimed of a revision at a time."""
    match deployment["state"]:
        case "successful":
            return revision.complete is not None and revision.complete < at + PATIENCE
        case "in_progress":
            return revision.complete is None or at < revision.complete + LAG
        case "failed" if "not complete after" not in deployment["description"]:
            # A Deployment's controller may have lost its deadline in a conflict of writes.
            is_over = at > revision.seen + revision.deadline - timedelta(seconds=1)
            is_said = revision.stuck is not None and revision.stuck < at + PATIENCE
            return is_said or (is_over and (revision.complete is None or revision.complete > at))
        case _:
            return True


def workloads_of(looks: Sequence[Look]) -> dict[str, tuple[str, datetime]]:
    """The workloads that were seen, as the end of a pipeline's id names them, and since when."""
    found: dict[str, tuple[str, datetime]] = {}
    for look in looks:
        kind, meta = look.body["kind"].lower(), look.body["metadata"]
        if kind != "replicaset":
            found.setdefault(meta["uid"], (f".{kind}.{meta['name']}", look.at))
    return found


def key(deployment: Object) -> tuple[str, str, int]:
    return deployment["pipeline"]["id"], deployment["environment"]["id"], number(deployment)


def number(deployment: Object) -> int:
    found: int = deployment["deploymentSequenceNumber"]
    return found


# Playing them.


class Theatre:
    """Plays all scenarios that were selected."""

    def __init__(self, product: Product, witness: Witness, scenarios: Sequence[Scenario]) -> None:
        self._product, self._witness = product, witness
        self.board = Board(product.jira)
        self.held: dict[str, list[str]] = {}
        """States of the Jira deployments of each issue, when its scenario ended."""
        self._shops: list[Shop] = []
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self.played = {
            each: self._pool.submit(self._play, each, index) for index, each in enumerate(scenarios)
        }

    def close(self) -> None:
        """Wait for those that are still played, and clear away."""
        self._pool.shutdown(cancel_futures=True)
        for shop in self._shops:
            shop.close()

    def _play(self, each: Scenario, index: int) -> None:
        shop = Shop(self._product.cluster, f"hard-{index}-{each}"[:63].strip("-"))
        scene = Scene(each.kind, shop, self.board, f"HARD-{2 * index + 1}", f"HARD-{2 * index + 2}")
        shop.open()
        self._shops.append(shop)
        with self._explained(scene):
            each.play(scene)
            records = self.board.records(scene.issue, scene.newer)
            assert_legal(records)
            until(
                lambda: not untrue(records, self._witness.in_namespace(shop.namespace)),
                seconds=SECONDS,  # the witness may be behind
                otherwise=lambda: untrue(records, self._witness.in_namespace(shop.namespace)),
            )
        for issue in (scene.issue, scene.newer):
            self.held[issue] = self.board.states(issue)

    @contextmanager
    def _explained(self, scene: Scene) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            for each in self.board.records(scene.issue, scene.newer):
                told = each["deployment"]
                words = (each["received"], each["issues"], number(told), told["state"], told["description"])
                error.add_note(" ".join(map(str, words)))
            error.add_note(self._product.described([scene.shop.namespace]))
            raise


@pytest.fixture(scope="module")
def theatre(installed: Product, request: pytest.FixtureRequest) -> Iterator[Theatre]:
    installed.recover()
    selected = [each for each in SCENARIOS if any(str(each) in item.name for item in request.session.items)]
    witness = Witness(installed.cluster)
    theatre = Theatre(installed, witness, selected)
    try:
        yield theatre
    finally:
        theatre.close()
        witness.close()


@pytest.mark.parametrize(
    "scenario", [pytest.param(each, marks=each.marks, id=str(each)) for each in SCENARIOS]
)
def test_jira_hears_the_truth(theatre: Theatre, scenario: Scenario) -> None:
    played: Future[None] = theatre.played[scenario]
    played.result()


def test_nothing_was_said_of_them_afterwards(theatre: Theatre) -> None:
    for played in theatre.played.values():
        played.exception()

    assert {issue: theatre.board.states(issue) for issue in theatre.held} == theatre.held
    issues = {f"HARD-{number}" for number in range(1, 2 * len(SCENARIOS) + 1)}
    assert [each for each in theatre.board.state()["dropped"] if issues & {*each["issues"]}] == []


def test_keys_that_change_after_success_are_gained_once_nothing_begins(apart: ProductApart) -> None:
    apart.jira.start()
    apart.install()
    apart.start("--keys-quiet-time=25")
    web = apart.shop.deployment("QUIET-1").settle()
    apart.jira.until("QUIET-1", "successful")

    web.annotate("QUIET-1 QUIET-2")
    web.shows("True", "Successful", containing="QUIET-2 will be added")

    [deployment] = apart.jira.until("QUIET-2", "successful", seconds=2 * SECONDS)
    assert apart.jira.deployments("QUIET-1") == [deployment]
    web.shows("True", "Successful", containing="for QUIET-1, QUIET-2")
    web.annotate("QUIET-3")
    web.set_image(apart.shop.images.second)
    apart.jira.until("QUIET-3", "successful")
    assert apart.jira.deployments("QUIET-1") == [deployment]
    assert web.get()["metadata"]["annotations"][f"{PREFIX}/issue-keys"] == "QUIET-3"
