"""Who leads: the rules of leader election on a Lease, as decisions on what was seen and when.

Time is the local monotonic clock, in seconds, and nothing else: a record has expired when it was *seen* to
stay the same for as long as a Lease lasts. Wall clocks are never compared, so they may be wrong or jump.

The leader counts from the moment before it *sent* its last successful renewal, everybody else from the moment
after they *saw* it. So it stops five seconds (15 - 10) before anybody may take over, however slow the
answers. That cannot hold for a process that is frozen between a look at the clock and the write after it, nor
when a Lease is deleted just as a candidate starts, which cannot know of its holder. Therefore what is written
is fenced, too: by the resourceVersion, and by numbers that start above those of every earlier leader.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from .names import NUMBER_CEILING, NUMBER_LAST

LEASE_API: Final = "coordination.k8s.io/v1"

LEASE_DURATION: Final = 15.0
"""Seconds for which an unchanged record keeps others away."""

RENEW_DEADLINE: Final = 10.0
"""Seconds after its last successful renewal at which a leader stops to lead."""

RETRY_PERIOD: Final = 2.0
"""Seconds between two renewals, and between two looks of those who wait."""


def unique_identity(host: str) -> str:
    """Return a name that no other process ever has, so that the record of an earlier one is a foreign one."""
    return f"{host}_{uuid4()}"


@dataclass(frozen=True, slots=True)
class LeaseView:
    """What a Lease says. Any write to it makes another view, since the version belongs to it."""

    holder: str
    """Identity of the leader; empty once released."""
    renewed: str
    """`renewTime` as it stands there: only ever compared with itself."""
    transitions: int
    """How many terms of leadership there were before this one."""
    version: str
    """`resourceVersion`."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The Lease as last seen, and from when on (monotonic) others than its holder may take it."""

    view: LeaseView | None
    free_at: float


UNSEEN: Final = Observation(None, free_at=float("-inf"))
"""Before the first look."""


def observe(before: Observation, view: LeaseView | None, now: float) -> Observation:
    """Take in what was read at `now`; a record that has changed keeps others away for a whole duration.

    So does a Lease that has vanished while somebody held it: its holder may have renewed it just before.
    """
    if view == before.view:
        return before
    last = view or before.view
    is_held = last is not None and last.holder != ""
    return Observation(view, now + LEASE_DURATION if is_held else now)


@dataclass(frozen=True, slots=True)
class Term:
    """A time of leadership, which ends by itself unless it is renewed."""

    renewed_at: float
    """Monotonic time before the last successful write was sent."""

    @property
    def ends_at(self) -> float:
        """When to stop leading."""
        return self.renewed_at + RENEW_DEADLINE

    def is_over(self, now: float) -> bool:
        """Whether somebody else may lead soon."""
        return now >= self.ends_at


@dataclass(frozen=True, slots=True)
class Create:
    """Make the Lease, held by us."""


@dataclass(frozen=True, slots=True)
class Acquire:
    """Begin a term on the Lease as seen."""


@dataclass(frozen=True, slots=True)
class Renew:
    """Go on with our term on the Lease as seen."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again in so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Lost:
    """Our term is over."""

    because: str


Decision = Create | Acquire | Renew | Wait | Lost


def decide(seen: Observation, me: str, term: Term | None, now: float) -> Decision:
    """Tell what to do next.

    Args:
        seen: The Lease as last seen.
        me: Our identity, unique to this process.
        term: Our present term, if we lead.
        now: Monotonic time.
    """
    if term is not None:
        return _lead_on(seen.view, me, term, now)
    if seen.view is not None and seen.view.holder == me:
        return Acquire()  # our own write, whose answer was lost, or an earlier term of this very process
    if now < seen.free_at:
        return Wait(min(RETRY_PERIOD, seen.free_at - now))
    return Create() if seen.view is None else Acquire()


def _lead_on(view: LeaseView | None, me: str, term: Term, now: float) -> Create | Renew | Lost:
    if term.is_over(now):
        return Lost(f"the Lease could not be renewed for {RENEW_DEADLINE:.0f} s")
    if view is None:
        return Create()
    if view.holder != me:
        return Lost(f"the Lease is held by {view.holder or 'nobody'}")
    return Renew()


def view_of(lease: Mapping[str, Any]) -> LeaseView:
    """Read a Lease; what it leaves out is empty."""
    spec = lease.get("spec") or {}
    return LeaseView(
        holder=spec.get("holderIdentity") or "",
        renewed=spec.get("renewTime") or "",
        transitions=spec.get("leaseTransitions") or 0,
        version=lease["metadata"].get("resourceVersion", ""),
    )


TermId = tuple[str, int]
"""Uid of the Lease, and its count of terms."""


def term_of(lease: Mapping[str, Any]) -> TermId | None:
    """Return the term that a Lease tells of, `None` for one that does not exist yet."""
    uid = lease["metadata"].get("uid")
    return (uid, view_of(lease).transitions) if uid else None


def ceiling_of(lease: Mapping[str, Any]) -> int:
    """Return the ceiling of update numbers on a Lease, 0 if it has none that can be read as a number."""
    return _number_on(lease, NUMBER_CEILING) or 0


def last_of(lease: Mapping[str, Any]) -> int | None:
    """Return the last update number of a leader that has handed over, `None` if nobody has told it.

    It is above all that was ever issued, and far below the ceiling.
    """
    return _number_on(lease, NUMBER_LAST)


def _number_on(lease: Mapping[str, Any], annotation: str) -> int | None:
    annotations = lease["metadata"].get("annotations") or {}
    try:
        return int(annotations.get(annotation, ""))
    except ValueError:
        return None


def unclaimed(namespace: str, name: str) -> dict[str, Any]:
    """Return a Lease that does not exist yet and says nothing."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": LEASE_API, "kind": "Lease", "metadata": metadata}


def claimed(
    lease: Mapping[str, Any], me: str, *, is_new_term: bool, at: datetime, ceiling: int
) -> dict[str, Any]:
    """Return the Lease renewed by us, with a ceiling; whatever else is on it stays."""
    metadata, spec = lease["metadata"], lease.get("spec") or {}
    renewed = {
        "holderIdentity": me,
        "leaseDurationSeconds": int(LEASE_DURATION),
        "renewTime": _micro_time(at),
    }
    if is_new_term or not spec:
        earlier = spec.get("leaseTransitions")
        renewed |= {
            "acquireTime": _micro_time(at),
            "leaseTransitions": 0 if earlier is None else earlier + 1,
        }
    annotations = (metadata.get("annotations") or {}) | {NUMBER_CEILING: str(ceiling)}
    annotations.pop(NUMBER_LAST, None)  # from now on there are more
    return {**lease, "metadata": {**metadata, "annotations": annotations}, "spec": {**spec, **renewed}}


def released(lease: Mapping[str, Any], at: datetime, *, last: int | None = None) -> dict[str, Any]:
    """Return the Lease held by nobody, with the last number that was issued if that is known."""
    spec = {**lease["spec"], "holderIdentity": "", "renewTime": _micro_time(at)}
    if last is None:
        return {**lease, "spec": spec}
    metadata = lease["metadata"]
    annotations = (metadata.get("annotations") or {}) | {NUMBER_LAST: str(last)}
    return {**lease, "metadata": {**metadata, "annotations": annotations}, "spec": spec}


def _micro_time(at: datetime) -> str:
    """Spell a time as Kubernetes' `MicroTime`: RFC 3339 in UTC with six digits, also when they are zero."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
