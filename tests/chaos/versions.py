"""The versions that a cluster truly had, and what became of each: read from what was seen, by own rules.

A version is a ReplicaSet under a revision; restarts of it belong to it. It begins with its ReplicaSet, and
ends when the next one begins or its workload is deleted.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Final

from chaos.administrator import Object
from chaos.truth import Sighting, Truth

KEYS: Final = "rollout-reporter.dev/issue-keys"
RESTARTED: Final = "kubectl.kubernetes.io/restartedAt"
REVISIONS: Final = ("deployment.kubernetes.io/revision", "rollout.argoproj.io/revision")
HASHES: Final = ("pod-template-hash", "rollouts-pod-template-hash")


class Outcome(StrEnum):
    """What the cluster itself says of a version, as long as it is the present one."""

    SUCCESSFUL = auto()
    FAILED = auto()
    UNDECIDED = auto()


class End(StrEnum):
    """Why a version is not the present one any more."""

    LIVES = auto()
    SUPERSEDED = auto()
    ROLLED_BACK = auto()
    """Its successor is an older one."""
    DELETED = auto()


@dataclass(frozen=True)
class Release:
    """What makes a version: its images and its template's annotations, but for those of a restart."""

    images: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]

    @property
    def tag(self) -> str:
        """Tag of the first image."""
        return self.images[0].rpartition(":")[2]


@dataclass(frozen=True)
class Wish:
    """A version as somebody asked for it."""

    uid: str
    """Of its workload."""
    release: Release
    keys: tuple[str, ...]
    in_template: bool
    """Whether the keys are in its template, and so are certain for ever."""
    at: datetime


@dataclass(frozen=True)
class Version:
    """A version that existed; times are UTC, and those at which it was seen."""

    created: datetime
    """When its workload was created, in whole seconds."""
    revision: int
    """The first, if it was restarted."""
    wish: Wish
    began: datetime
    is_way_back: bool
    """Whether it had been there before."""
    outcome: Outcome = Outcome.UNDECIDED
    decided: datetime | None = None
    """When the outcome became true."""
    failed: datetime | None = None
    """When it had failed for the first time, even if it has recovered."""
    overdue: datetime | None = None
    """When a Deployment's deadline is over, if it makes no more progress; its controller may forget it."""
    ended: datetime | None = None
    end: End = End.LIVES

    @property
    def number(self) -> int:
        """The number that it has in Jira, unless it has to be higher than that of another workload."""
        return int(self.created.timestamp()) * 1_000_000 + self.revision

    def __str__(self) -> str:
        """Revision, keys and fate."""
        fate = f"{self.outcome} then {self.end}" if self.ended else self.outcome
        return f"revision {self.revision} ({' '.join(self.wish.keys)}, {self.wish.release.tag}; {fate})"


@dataclass
class History:
    """What became of one workload; of several, if it was deleted and created again under its name."""

    namespace: str
    kind: str
    name: str
    versions: list[Version] = field(default_factory=list)
    """The oldest first."""
    wishes: list[Wish] = field(default_factory=list)
    """All that was asked for, also what never became a version."""

    @property
    def pipeline(self) -> str:
        """How its pipeline's id ends."""
        return f".{self.namespace}.{self.kind}.{self.name}".lower()

    def __str__(self) -> str:
        """The way kubectl names it."""
        return f"{self.kind.lower()}/{self.name}"


def histories(truth: Truth) -> list[History]:
    """Tell what became of each workload."""
    found: dict[tuple[str, str, str], History] = {}
    lives: dict[str, _Life] = {}
    for each in truth.sightings:
        meta = each.body["metadata"]
        if each.body["kind"] == "ReplicaSet":
            for owner in meta.get("ownerReferences", ()):
                lives.setdefault(owner["uid"], _Life()).see_replica_set(each)
            continue
        name = (meta["namespace"], each.body["kind"], meta["name"])
        history = found.setdefault(name, History(*name))
        lives.setdefault(meta["uid"], _Life()).see(each, history)
    return list(found.values())


class _Life:
    """One workload from its creation to its end."""

    def __init__(self) -> None:
        self._history = History("", "", "")
        self._workload: Object = {}
        self._hashes: dict[int, str] = {}
        """Hash of the pods of each revision."""
        self._replica_sets: dict[str, int] = {}
        """Highest revision of each ReplicaSet, by its uid."""
        self._early: list[Sighting] = []
        """ReplicaSets that were seen before what they were made for, as after a gap of the recorder."""
        self._is_begun = False
        self._is_over = False
        self._progress: object = None

    def see(self, sighting: Sighting, history: History) -> None:
        """Take in a new state of the workload."""
        self._workload, self._history = sighting.body, history
        meta = sighting.body["metadata"]
        if sighting.change == "DELETED" or "deletionTimestamp" in meta:
            self._end(End.DELETED, sighting.at)
            self._is_over = True
            return
        release = release_of(sighting.body)
        if self._wish_for(release) is None or history.wishes[-1].release != release:
            history.wishes.append(_wish(sighting, release))
        early, self._early = self._early, []
        for each in early:
            self.see_replica_set(each)
        self._judge(sighting.at)

    def see_replica_set(self, sighting: Sighting) -> None:
        """Take in a new state of one of its ReplicaSets: a higher revision than all is a new version.

        A controller that lags behind makes one for a workload that is gone, too.
        """
        if self._is_over:
            return
        wish = self._wish_for(release_of(sighting.body))
        if wish is None:
            self._early.append(sighting)
            return
        meta, revision = sighting.body["metadata"], revision_of(sighting.body)
        is_known = meta["uid"] in self._replica_sets
        is_highest = revision > max(self._replica_sets.values(), default=0)
        self._replica_sets[meta["uid"]] = max(revision, self._replica_sets.get(meta["uid"], 0))
        if is_highest:
            self._hashes[revision] = next(meta["labels"][each] for each in HASHES if each in meta["labels"])
            self._begin(wish, revision, sighting.at, is_way_back=is_known)

    def _wish_for(self, release: Release) -> Wish | None:
        """The last wish for a version, since the workload was created."""
        mine = [each for each in self._history.wishes if each.uid == self._uid and each.release == release]
        return mine[-1] if mine else None

    @property
    def _uid(self) -> str:
        return str(self._workload["metadata"]["uid"]) if self._workload else ""

    @property
    def _current(self) -> Version | None:
        return self._history.versions[-1] if self._is_begun else None

    def _begin(self, wish: Wish, revision: int, at: datetime, *, is_way_back: bool) -> None:
        current = self._current
        if current and current.wish.release == wish.release:  # a restart
            if current.outcome is not Outcome.SUCCESSFUL:
                self._put(replace(current, outcome=Outcome.UNDECIDED, decided=None, overdue=None))
            return
        self._end(End.ROLLED_BACK if is_way_back else End.SUPERSEDED, at)
        self._is_begun = True
        created = datetime.fromisoformat(self._workload["metadata"]["creationTimestamp"])
        self._history.versions.append(Version(created, revision, wish, at, is_way_back))

    def _end(self, end: End, at: datetime) -> None:
        if self._current and self._current.ended is None:
            self._put(replace(self._current, end=end, ended=at))

    def _judge(self, at: datetime) -> None:
        """Note how the present version stands; a success stays one."""
        current, body = self._current, self._workload
        if current is None or current.ended or current.outcome is Outcome.SUCCESSFUL:
            return
        if release_of(body) != current.wish.release or not _is_observed(body):
            return
        outcome = self._outcome_of_rollout() if body["kind"] == "Rollout" else self._outcome_of_deployment()
        if outcome is not current.outcome:
            current = replace(current, outcome=outcome, decided=at)
        if outcome is Outcome.FAILED and current.failed is None:
            current = replace(current, failed=at)
        self._put(replace(current, overdue=self._overdue(current, at)))

    def _overdue(self, current: Version, at: datetime) -> datetime | None:
        """When a Deployment's deadline is over after what it has last got done."""
        body, status = self._workload, self._workload["status"]
        if body["kind"] == "Rollout" or body["spec"].get("paused"):
            return None
        counts = [status.get(each) for each in ("updatedReplicas", "readyReplicas", "availableReplicas")]
        progress = (current.revision, body["spec"]["replicas"], counts)
        if progress == self._progress:
            return current.overdue
        self._progress = progress
        return at + timedelta(seconds=body["spec"]["progressDeadlineSeconds"])

    def _outcome_of_deployment(self) -> Outcome:
        body = self._workload
        status, wanted = body["status"], body["spec"]["replicas"]
        if revision_of(body) != max(self._hashes):
            return Outcome.UNDECIDED
        counts = {status.get(each, 0) for each in ("replicas", "updatedReplicas", "availableReplicas")}
        if counts == {wanted}:
            return Outcome.SUCCESSFUL
        name = f'"{body["metadata"]["name"]}-{self._hashes[max(self._hashes)]}"'
        for each in status.get("conditions", ()):
            if each.get("reason") == "ProgressDeadlineExceeded" and name in each.get("message", ""):
                return Outcome.FAILED
        return Outcome.UNDECIDED

    def _outcome_of_rollout(self) -> Outcome:
        status, pods = self._workload["status"], self._hashes[max(self._hashes)]
        if status.get("currentPodHash") != pods:
            return Outcome.UNDECIDED
        if status.get("phase") == "Healthy" and status.get("stableRS") == pods:
            return Outcome.SUCCESSFUL
        is_aborted = status.get("abort") is True and status.get("stableRS") != pods
        is_failed = is_aborted or status.get("phase") == "Degraded"
        return Outcome.FAILED if is_failed else Outcome.UNDECIDED

    def _put(self, version: Version) -> None:
        self._history.versions[-1] = version


def release_of(body: Object) -> Release:
    """What makes the version that a workload wants, or that a ReplicaSet is."""
    template = body["spec"]["template"]
    notes = template["metadata"].get("annotations") or {}
    images = tuple(each["image"] for each in template["spec"]["containers"])
    return Release(images, tuple(sorted((k, v) for k, v in notes.items() if k != RESTARTED)))


def revision_of(body: Object) -> int:
    """The revision that its controller gave; 0 if it has not."""
    notes = body["metadata"].get("annotations") or {}
    return int(next((notes[each] for each in REVISIONS if each in notes), 0))


def _wish(sighting: Sighting, release: Release) -> Wish:
    """Keys are those that were written together with the template."""
    in_template = dict(release.notes).get(KEYS, "")
    on_workload = (sighting.body["metadata"].get("annotations") or {}).get(KEYS, "")
    keys = tuple(re.findall(r"[^\s,]+", in_template or on_workload))
    return Wish(sighting.body["metadata"]["uid"], release, keys, bool(in_template), sighting.at)


def _is_observed(body: Object) -> bool:
    observed = body.get("status", {}).get("observedGeneration") or 0
    return int(observed) >= int(body["metadata"]["generation"])
