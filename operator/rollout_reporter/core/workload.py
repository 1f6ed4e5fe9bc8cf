"""What one look at a workload shows: a `Snapshot`, the same for Deployments and Rollouts.

A snapshot speaks of one moment. Whether its status may be believed, and what it means together with what was
known before, is decided in `judgement`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .condition import ShownCondition
from .issue_keys import IssueKeys
from .report import State


class Kind(StrEnum):
    """The two kinds of workload."""

    DEPLOYMENT = "Deployment"
    ROLLOUT = "Rollout"


class Place(NamedTuple):
    """Where a workload stands. A recreated one takes the place of its namesake, and its memory."""

    namespace: str
    kind: Kind
    name: str

    def __str__(self) -> str:
        """The way logs name it."""
        return f"{self.namespace}/{self.kind.lower()}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class WorkloadRef:
    """Which workload; the uid tells a recreated one from its namesake."""

    namespace: str
    kind: Kind
    name: str
    uid: str

    def __str__(self) -> str:
        """The way kubectl names it."""
        return f"{self.kind.lower()}/{self.name}"

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.namespace, self.kind, self.name)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person wrote in our annotations, on the workload or on its pod template."""

    issue_keys: IssueKeys = field(default_factory=IssueKeys)
    environment: str | None = None
    environment_type: str | None = None
    site: str | None = None
    url: str | None = None
    pipeline: str | None = None
    display_name: str | None = None
    description: str | None = None
    service_ids: tuple[str, ...] = ()
    max_duration: timedelta | None = None
    ignore: bool = False


class Signal(StrEnum):
    """What the workload's controller says about the rollout that its status speaks of."""

    REFUSED = "refused"
    """The controller refuses the spec: there is no rollout to speak of."""
    IDLE = "idle"
    """No replicas are wanted: nothing runs of any version."""
    MOVING = "moving"
    COMPLETE = "complete"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class End:
    """The end of a rollout that a status still tells, even when it is about a newer one by now."""

    replica_set: str
    """Its ReplicaSet: the name for a Deployment, the pod hash for a Rollout."""
    state: State
    because: str
    since: datetime | None
    """When it came to be so, or a moment after it; `None` if the status does not tell."""
    is_kept: bool = False
    """Whether it goes on being told while its ReplicaSet runs anew, under another revision."""
    revision: int | None = None
    """The revision that its ReplicaSet had then, if that is known: it may have come back since."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The controller's signal in one status, with its reason in words made for a person."""

    signal: Signal
    because: str
    since: datetime | None = None
    """When it became true according to the status; `None` if the status does not tell."""
    replica_set: str | None = None
    """The ReplicaSet that the status names; it can be an older one than the current."""
    has_completed: bool = False
    """Whether the status says that the named ReplicaSet has been complete, whatever happened since."""
    deadline_is_lost: bool = False
    """Whether the controller counts no deadline, because its last word is still the end of a ReplicaSet.

    If that is not the current one, it stays so: where the current one was there before, and where the word on
    a new one was lost in a conflict of writes (which any writer of the status can cause, so can we)."""
    replica_failure: str | None = None
    """Why pods cannot be created, if they cannot."""
    wants_none: bool = False
    """Whether no replicas are wanted; some may still be there."""
    going_on: str | None = None
    """The ReplicaSet whose rollout it calls under way; that can be an older one than the current."""
    ends: tuple[End, ...] = ()
    """What it tells of how rollouts have ended, the surest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One look at a workload."""

    ref: WorkloadRef
    created: datetime
    resource_version: int
    generation: int
    deleting: bool
    observed: bool
    """Whether the controller's status is about this very spec."""
    paused: bool
    template: str
    """Digest of the pod template; empty if it is that of a Deployment which is not there."""
    release: str
    """The same without the mark of a restart, which releases nothing."""
    revision: int | None
    """Revision that the controller last gave; it can be of an older template."""
    revision_lags: bool
    """Whether the controller observes a template before it numbers it (paused, or strategy Recreate)."""
    pod_hash: str | None
    """Hash of the ReplicaSet that the status speaks of (Rollouts; a Deployment does not say)."""
    counts: tuple[int, ...]
    """Replicas updated, ready and available: while any of them changes, there is progress."""
    replicas: int
    """Of all its versions together."""
    deadline: timedelta
    """Time without progress after which the controller would call a rollout failed."""
    default_max_duration: timedelta | None
    """Unpaused time after which a rollout has failed unless an annotation sets it."""
    reading: Reading
    selector: str
    """Label selector of the workload's ReplicaSets and Pods."""
    images: tuple[str, ...]
    wishes: Wishes
    template_wishes: Wishes
    shown: ShownCondition | None
    """Our condition, as it stands on the workload."""
    workload_ref: str | None = None
    """Name of the Deployment whose template a Rollout uses."""
    workload_generation: int | None = None
    """Generation of that Deployment that the Rollout's controller has taken note of."""

    is_muted: bool = False
    """Whether a Rollout uses this Deployment's template, and is reported in its place."""
    was_idle: bool = False
    """Whether an earlier look at this version showed that no replicas were wanted of it."""

    def is_older_than(self, other: "Snapshot") -> bool:
        """Whether it shows an earlier version of the cluster than another one, of whatever workload."""
        return self.resource_version < other.resource_version

    @property
    def has_been_idle(self) -> bool:
        """Whether no replicas are wanted, or were not at an earlier look at this version."""
        return self.was_idle or self.reading.wants_none

    @property
    def is_reworded(self) -> bool:
        """Whether its template reads otherwise on its ReplicaSet: a Rollout's is filled in only there."""
        return self.ref.kind is Kind.ROLLOUT

    @property
    def is_annotated(self) -> bool:
        """Whether somebody wants this workload reported."""
        given = self.wishes.issue_keys.given or self.template_wishes.issue_keys.given
        return given and not self.wishes.ignore and not self.is_muted

    @property
    def issue_keys(self) -> tuple[str, ...]:
        """The keys that it shows: those in its template come first."""
        return self.template_wishes.issue_keys.valid or self.wishes.issue_keys.valid

    @property
    def max_duration(self) -> timedelta | None:
        """Unpaused time that a rollout may take."""
        return self.wishes.max_duration or self.default_max_duration


@dataclass(frozen=True, slots=True)
class ReplicaSetFacts:
    """A ReplicaSet of a workload: the proof of which template has which revision."""

    uid: str
    name: str
    pod_hash: str
    revision: int
    earlier: tuple[int, ...]
    """Revisions that it had before, the lowest first: the present one is a way back to it."""
    template: str
    release: str
    created: datetime
    images: tuple[str, ...]
    template_keys: IssueKeys
    """Keys in its pod template: certainly its own."""
    is_ignored: bool
    """Whether its pod template says that it is not to be reported."""
    noted_keys: IssueKeys
    """Keys copied from the workload by its controller: no proof, the copy is written again and again."""
    has_come_back: bool = False
    """Whether these are facts of an earlier time of it: what a status says of it is about a later one."""

    def lives(self) -> Iterator["ReplicaSetFacts"]:
        """Itself, once for each revision that it has had."""
        for revision in self.earlier:
            earlier = tuple(each for each in self.earlier if each < revision)
            yield replace(
                self, revision=revision, earlier=earlier, noted_keys=IssueKeys(), has_come_back=True
            )
        yield self

    def is_current_in(self, snapshot: Snapshot) -> bool:
        """Whether it has the template and the revision that a workload's status speaks of."""
        is_wanted = self.template == snapshot.template or self.pod_hash == snapshot.pod_hash
        return is_wanted and self.revision == snapshot.revision


@dataclass(frozen=True, slots=True)
class PodTrouble:
    """A pod that cannot start."""

    pod: str
    pod_hash: str
    reason: str
    detail: str
    """The image, for instance."""
    since: datetime
    is_running: bool = False
    """Whether it runs now, or has just ended, and had crashed before: it may be about to crash again."""

    def __str__(self) -> str:
        """For a person."""
        return f"{self.pod}: {self.reason} {self.detail}".strip()


PENDING_GRACE = timedelta(seconds=1)
"""A template waits at least this long for its controller before Jira hears of `pending`."""
