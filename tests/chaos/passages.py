"""What passes a gate: one request of the operator, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a request is for."""

    READ = "read"
    WATCH = "watch"
    WRITE = "write"
    LEASE = "lease"
    """A write of the Lease: it comes by the clock, not by what happens."""
    POST = "post"
    """Deployments for Jira."""
    TOKEN = "token"


@dataclass(slots=True)
class Passage:
    """One request. What is None has not come to pass."""

    number: int
    """Counts all passages of a gate, from 1."""
    door: str
    """Which process came by: each has a door of its own."""
    kind: Kind
    method: str
    path: str
    query: str
    accept: str
    came: datetime
    """Wall time."""
    moment: float
    """Monotonic time of the same, in seconds."""
    carried_out: int | None = None
    """Status by which the real server answered."""
    told: int | None = None
    """Status that the operator was told: another one if the gate lied."""
    retry_after: float | None = None
    """Seconds for which the operator was asked to stay away."""
    left: datetime | None = None
    """When the answer, or the stream of a watch, ended."""

    @property
    def is_done(self) -> bool:
        """Whether the real server has done what it was asked for."""
        return self.carried_out is not None and self.carried_out < 300

    def __str__(self) -> str:
        return f"{self.kind} {self.method} {self.path}"

    def as_json(self) -> dict[str, Any]:
        """Describe it for the folder of a failed run."""
        return {
            "number": self.number,
            "door": self.door,
            "kind": self.kind.value,
            "request": f"{self.method} {self.path}{'?' if self.query else ''}{self.query}",
            "came": self.came.isoformat(),
            "moment": self.moment,
            "carriedOut": self.carried_out,
            "told": self.told,
            "left": self.left and self.left.isoformat(),
        }


def kind_at_cluster(method: str, path: str, query: str) -> Kind:
    """Tell what a request to the API server is for."""
    if method == "GET":
        return Kind.WATCH if "watch=" in query else Kind.READ
    return Kind.LEASE if path.startswith("/apis/coordination.k8s.io/") else Kind.WRITE


def kind_at_jira(method: str, path: str, query: str) -> Kind:  # noqa: ARG001 (like the other)
    """Tell what a request to Jira is for."""
    if path == "/oauth/token":
        return Kind.TOKEN
    return Kind.POST if method == "POST" else Kind.READ
