"""What can happen to the workloads of a run, as plain data: the same script can be played again and again.

Each version of a workload has an image tag and issue keys that no other version of the run has, and all of it
is written at once, so that nobody can be in doubt about whose keys they are.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

PROJECT = "CHAOS"
ENVIRONMENT = "laboratory"
"""What all workloads are annotated with."""
PATIENT = 600
"""A progress deadline, in seconds, that no version of a script lives to see."""
SHORT = 4
"""One that passes soon."""

Kind = Literal["Deployment", "Rollout"]
Outcome = Literal["complete", "failed"]


class Where(Enum):
    """Which object holds the annotation with the issue keys."""

    WORKLOAD = "workload"
    TEMPLATE = "template"
    BOTH = "both"


@dataclass(frozen=True)
class Release:
    """A version: its image, and the issues that it is about."""

    image: str
    keys: tuple[str, ...]
    where: Where = Where.WORKLOAD
    deadline: int = PATIENT
    """Seconds without progress after which it has failed."""


@dataclass(frozen=True)
class Create:
    """Create the workload; its first version needs no step of a canary."""

    release: Release
    slow: bool = False
    """Whether pods count only after two seconds instead of one."""
    waits: bool = False
    """Whether later versions of a Rollout wait for a person at half their pods."""


@dataclass(frozen=True)
class Update:
    """Bring a new version, in one write with its keys."""

    release: Release


@dataclass(frozen=True)
class Undo:
    """Go back to an earlier version: what `kubectl rollout undo` writes, template and annotation at once."""

    release: Release


@dataclass(frozen=True)
class Settle:
    """Wait until the cluster says how the present version ended."""

    outcome: Outcome


@dataclass(frozen=True)
class AtStep:
    """Wait until a Rollout waits for a person."""


@dataclass(frozen=True)
class Rest:
    """Let some seconds pass."""

    seconds: float


@dataclass(frozen=True)
class Scale:
    """Want another number of replicas."""

    replicas: int


@dataclass(frozen=True)
class Pause:
    """Pause the workload."""


@dataclass(frozen=True)
class Resume:
    """End what `Pause` began."""


@dataclass(frozen=True)
class Promote:
    """Let a Rollout that waits go on."""


@dataclass(frozen=True)
class Abort:
    """Give a Rollout's new version up."""


@dataclass(frozen=True)
class Restart:
    """`kubectl rollout restart`: new pods of the same version."""

    stamp: str


@dataclass(frozen=True)
class Delete:
    """Delete the workload, and wait until it is gone."""


Step = (
    Create
    | Update
    | Undo
    | Settle
    | AtStep
    | Rest
    | Scale
    | Pause
    | Resume
    | Promote
    | Abort
    | Restart
    | Delete
)


@dataclass(frozen=True)
class Track:
    """What happens to one workload, in order."""

    kind: Kind
    name: str
    steps: tuple[Step, ...]
    namespace: Literal[0, 1] = 0

    @property
    def releases(self) -> list[Release]:
        """All versions that it brings, rollbacks aside."""
        return [each.release for each in self.steps if isinstance(each, Create | Update)]

    def __str__(self) -> str:
        """Its kind, name and steps, on one line."""
        steps = " ".join(type(each).__name__ for each in self.steps)
        return f"{self.kind.lower()}/{self.name} in {self.namespace}: {steps}"


@dataclass(frozen=True)
class Script:
    """All tracks are played at the same time."""

    tracks: tuple[Track, ...]
    deletes_namespace: bool = False
    """Whether Namespace 1 is deleted as soon as its tracks have ended."""

    def __str__(self) -> str:
        """One line for each track."""
        end = ["delete Namespace 1"] if self.deletes_namespace else []
        return "\n".join([*map(str, self.tracks), *end])


@dataclass
class Versions:
    """Hands out tags and issue keys that nobody else has."""

    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def good(self, where: Where = Where.WORKLOAD) -> Release:
        """A version whose pods become ready."""
        return self._release("app", where, PATIENT)

    def bad(self, where: Where = Where.WORKLOAD, *, deadline: int = SHORT) -> Release:
        """A version whose pods never become ready."""
        return self._release("unready", where, deadline)

    def endless(self, where: Where = Where.WORKLOAD) -> Release:
        """A version that is in progress until something else happens."""
        return self.bad(where, deadline=PATIENT)

    def _release(self, image: str, where: Where, deadline: int) -> Release:
        number = next(self._numbers)
        return Release(f"registry.example/{image}:{number}", (f"{PROJECT}-{number}",), where, deadline)


COMPLETE, FAILED = Settle("complete"), Settle("failed")
