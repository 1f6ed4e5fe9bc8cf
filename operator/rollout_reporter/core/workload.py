"""What one look at a workload shows: a `Snapshot`, the same for Deployments and Rollouts.

A snapshot speaks of one moment. Whether its status may be believed, and what it means together with what was
known before, is decided in `judgement`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .condition import ShownCondition
from .issue_keys import IssueKeys


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
    ignore: bool = False


class Signal(StrEnum):
    """What the workload's controller says about the rollout that its status speaks of."""

    REFUSED = "refused"
    """The controller refuses the spec: there is no rollout to speak of."""
    WAITING = "waiting"
    """Asked for, not begun."""
    MOVING = "moving"
    COMPLETE = "complete"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Reading:
    """The controller's signal in one status, with its reason in words made for a person."""

    signal: Signal
    because: str
    since: datetime | None = None
    """When it became true according to the status; `None` if the status does not tell."""
    replica_set: str | None = None
    """Name of the ReplicaSet that a BROKEN reading accuses; `None` if it accuses the current one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One look at a workload."""

    ref: WorkloadRef
    created: datetime
    deleting: bool
    observed: bool
    """Whether the controller's status is about this very spec."""
    template: str
    """Digest of the pod template."""
    revision: int | None
    """Revision that the controller last gave; it can be of an older template."""
    pod_hash: str | None
    """Hash of the ReplicaSet that the status speaks of (Rollouts; a Deployment does not say)."""
    reading: Reading
    selector: str
    """Label selector of the workload's ReplicaSets and Pods."""
    images: tuple[str, ...]
    wishes: Wishes
    template_wishes: Wishes
    resource_version: int
    shown: ShownCondition | None
    """Our condition, as it stands on the workload."""
    workload_ref: str | None = None
    """Name of the Deployment whose template a Rollout uses."""

    @property
    def is_annotated(self) -> bool:
        """Whether somebody wants this workload reported."""
        given = self.wishes.issue_keys.given or self.template_wishes.issue_keys.given
        return given and not self.wishes.ignore


@dataclass(frozen=True, slots=True)
class ReplicaSetFacts:
    """A ReplicaSet of a workload: the proof of which template has which revision."""

    uid: str
    name: str
    pod_hash: str
    revision: int
    template: str
    created: datetime


PENDING_GRACE = timedelta(seconds=1)
"""A template waits at least this long for its controller before Jira hears of `pending`."""
