"""A Deployment told as a story: each sentence changes it, and is judged and planned as by the operator."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rollout_reporter.core import names
from rollout_reporter.core.access import AccessRule
from rollout_reporter.core.course import Course
from rollout_reporter.core.deployments import read_deployment, read_replica_set
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.judgement import judge
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.plan import plan
from rollout_reporter.core.report import Environment, EnvironmentType, Pipeline
from rollout_reporter.core.seen import Seen
from rollout_reporter.core.target import Target
from rollout_reporter.core.untold import Untold, take_stock
from rollout_reporter.core.workload import Kind, PodTrouble, ReplicaSetFacts, Snapshot, WorkloadRef

CREATED = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
TARGET = Target(
    "default",
    Pipeline("eu1.shop.deployment.web", "web"),
    Environment("production", "production", EnvironmentType.PRODUCTION),
    "https://example.atlassian.net/browse/SHOP-1",
)


@dataclass
class Version:
    """A ReplicaSet."""

    name: str
    template: dict[str, Any]
    revision: int
    created: datetime
    earlier: tuple[int, ...] = ()
    noted_keys: str = ""

    def come_back(self, revision: int) -> None:
        """It is taken up again."""
        self.earlier, self.revision = (*self.earlier, self.revision), revision


@dataclass
class Story:
    """The Deployment `web` with three replicas, and what is known of it."""

    keys: str = "SHOP-1"
    template_keys: str = ""
    image: str = "web:1"
    restarted: str = ""
    uid: str = "uid-1"
    created: datetime = CREATED
    replicas: int = 3
    going: int = 0
    """Pods that are there beyond those that are wanted."""
    paused: bool = False
    now: datetime = CREATED
    versions: list[Version] = field(default_factory=list)
    course: Course = field(default_factory=Course)
    ledger: Ledger = field(
        default_factory=lambda: Ledger(WorkloadRef("shop", Kind.DEPLOYMENT, "web", "uid-1"))
    )
    keys_since: datetime = CREATED
    notes: dict[str, str] = field(default_factory=dict)
    template_notes: dict[str, str] = field(default_factory=dict)
    rules: tuple[AccessRule, ...] = ()
    target: Target | None = TARGET
    untold: Untold | None = None
    troubles: tuple[PodTrouble, ...] = ()
    filled_in: dict[str, Any] = field(default_factory=dict)
    """What the API server adds to the template as it is read."""
    last: Seen = field(init=False)
    _seen_keys: str = ""
    _conditions: list[dict[str, str]] = field(default_factory=list)
    _counts: tuple[int, int] = (0, 0)

    # What people and controllers do

    def asked_for(self, image: str, **changes: Any) -> "Story":
        """Somebody changes the template; no controller has noticed."""
        self.image = image
        for name, value in changes.items():
            setattr(self, name, value)
        return self.seen(observed=False)

    def begins(self, image: str, **changes: Any) -> "Story":
        """A new template, taken up: its ReplicaSet has the next revision, and no pod yet."""
        self.asked_for(image, **changes)
        return self.taken_up()

    def taken_up(self) -> "Story":
        return self.taken_up_unseen().seen()

    def taken_up_unseen(self) -> "Story":
        revision = max((version.revision for version in self.versions), default=0) + 1
        reused = next((version for version in self.versions if version.template == self._template()), None)
        if reused:
            reused.come_back(revision)
        else:
            name = f"web-{len(self.versions)}"
            self.versions.append(Version(name, self._template(), revision, self.now, noted_keys=self.keys))
        self._counts = (0, 3)
        return self._condition("ReplicaSetUpdated")

    def begins_unseen(self, image: str, *, restarted: str = "") -> "Story":
        """A new template, asked for and taken up, and nobody looks."""
        self.image, self.restarted = image, restarted
        self.now += timedelta(minutes=1)
        return self.taken_up_unseen()

    def completes(self) -> "Story":
        return self.completes_unseen().seen()

    def completes_unseen(self) -> "Story":
        self._counts = (self.replicas, self.replicas)
        return self._condition("NewReplicaSetAvailable")

    def loses_its_pods(self) -> "Story":
        """None is there, whatever is wanted."""
        self._counts = (0, 0)
        return self

    def exceeds_its_deadline(self) -> "Story":
        return self.exceeds_its_deadline_unseen().seen()

    def exceeds_its_deadline_unseen(self) -> "Story":
        return self._condition("ProgressDeadlineExceeded")

    def runs(self, image: str, **changes: Any) -> "Story":
        """A rollout from its beginning to its success."""
        return self.begins(image, **changes).completes()

    def annotated(self, keys: str) -> "Story":
        self.keys = keys
        return self.seen()

    def later(self, **delta: float) -> "Story":
        """Time passes, and somebody looks again."""
        self.now += timedelta(**delta)
        return self.seen(again=True)

    def deleted(self, *, observed: bool = True) -> "Story":
        return self.seen(deleting=True, observed=observed)

    def without_a_site(self) -> "Story":
        """Its JiraSite is removed."""
        self.target = None
        return self.seen(again=True)

    def with_its_site(self) -> "Story":
        """Its JiraSite is there, again or at last."""
        self.target = TARGET
        return self.seen(again=True)

    def unseen(self) -> "Story":
        """The operator goes away; what it remembers is what it has recorded."""
        self.course = self.ledger.course
        return self

    def gap(self) -> "Story":
        """Its watch is cut, and begins anew."""
        self.course = self.course.after_gap(self.ledger.awaited)
        return self

    # What the operator makes of it

    def seen(self, *, observed: bool = True, deleting: bool = False, again: bool = False) -> "Story":
        if not again:
            self.now += timedelta(milliseconds=100)
        snapshot = self._snapshot(observed=observed, deleting=deleting)
        self.course = self._judged(snapshot, self.course)
        if self.keys != self._seen_keys:
            self._seen_keys, self.keys_since = self.keys, self.now
        seen = Seen(snapshot, self.course, self.keys_since, self.target, rules=self.rules)
        ledger = replace(self.ledger, ref=snapshot.ref)
        self.untold, recorded = take_stock(self.untold, seen, ledger)
        if recorded:
            self.course = self._judged(snapshot, recorded)
            seen = replace(seen, course=self.course)
        self.last = seen
        self.ledger = plan(seen, ledger, self.now)
        assert plan(seen, self.ledger, self.now) == self.ledger, "planning twice changes nothing"
        return self

    def _judged(self, snapshot: Snapshot, before: Course) -> Course:
        found = self._replica_sets(snapshot)
        return judge(snapshot, before, self.now, replica_sets=found, troubles=self.troubles)

    @property
    def states(self) -> list[str]:
        """States of all Jira deployments, the oldest first."""
        return [entry.state.value for entry in self.ledger.entries]

    @property
    def current(self) -> Entry:
        assert self.ledger.current
        return self.ledger.current

    def _template(self) -> dict[str, Any]:
        notes = dict(self.template_notes)
        if self.template_keys:
            notes[names.ISSUE_KEYS] = self.template_keys
        if self.restarted:
            notes["kubectl.kubernetes.io/restartedAt"] = self.restarted
        return {
            "metadata": {"labels": {"app": "web"}, "annotations": notes},
            "spec": {"containers": [{"name": "web", "image": self.image}], **self.filled_in},
        }

    def _condition(self, reason: str) -> "Story":
        name = next(version.name for version in self.versions if version.template == self._template())
        at = f"{self.now:%Y-%m-%dT%H:%M:%SZ}"
        self._conditions = [
            {
                "type": "Progressing",
                "status": "False" if "Exceeded" in reason else "True",
                "reason": reason,
                "message": f'ReplicaSet "{name}" is what this is about.',
                "lastUpdateTime": at,
                "lastTransitionTime": at,
            }
        ]
        return self

    def _snapshot(self, *, observed: bool, deleting: bool) -> Snapshot:
        updated, available = self._counts
        revision = max((version.revision for version in self.versions), default=0)
        meta: dict[str, Any] = {
            "name": "web",
            "namespace": "shop",
            "uid": self.uid,
            "creationTimestamp": f"{self.created:%Y-%m-%dT%H:%M:%SZ}",
            "generation": 2,
            "annotations": dict(self.notes),
        }
        if revision:
            meta["annotations"]["deployment.kubernetes.io/revision"] = str(revision)
        if self.keys:
            meta["annotations"][names.ISSUE_KEYS] = self.keys
        if deleting:
            meta["deletionTimestamp"] = f"{self.now:%Y-%m-%dT%H:%M:%SZ}"
        spec = {
            "replicas": self.replicas,
            "paused": self.paused,
            "selector": {"matchLabels": {"app": "web"}},
            "template": self._template(),
        }
        status = {
            "observedGeneration": 2 if observed else 1,
            "replicas": self.replicas + self.going,
            "updatedReplicas": updated,
            "availableReplicas": available,
            "conditions": self._conditions,
        }
        return read_deployment({"metadata": meta, "spec": spec, "status": status})

    def _replica_sets(self, snapshot: Snapshot) -> tuple[ReplicaSetFacts, ...]:
        bodies = [self._replica_set(version) for version in self.versions]
        return tuple(facts for body in bodies if (facts := read_replica_set(body, snapshot.ref)))

    def _replica_set(self, version: Version) -> dict[str, Any]:
        notes = {"deployment.kubernetes.io/revision": str(version.revision)}
        if version.earlier:
            notes["deployment.kubernetes.io/revision-history"] = ",".join(map(str, version.earlier))
        if version.noted_keys:
            notes[names.ISSUE_KEYS] = version.noted_keys
        return {
            "metadata": {
                "name": version.name,
                "uid": f"uid-of-{version.name}",
                "creationTimestamp": f"{version.created:%Y-%m-%dT%H:%M:%SZ}",
                "labels": {"pod-template-hash": version.name.removeprefix("web-")},
                "annotations": notes,
                "ownerReferences": [{"uid": self.uid, "controller": True}],
            },
            "spec": {"template": version.template},
        }
