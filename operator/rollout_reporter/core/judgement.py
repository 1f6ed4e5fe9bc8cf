"""The verdict: which rollout a workload is in, and how it stands.

A verdict is a fold over snapshots, `judge(snapshot, course before) → course after`, because one snapshot
alone cannot be trusted: a status can speak of an older template, and a success stays one when pods crash
later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from .report import State
from .workload import Kind, Reading, ReplicaSetFacts, Signal, Snapshot

HASH_TRUST: Final = timedelta(seconds=10)
"""After this long a Rollout's unchanged `currentPodHash` is believed over a changed template text: it was
changed in a way that means the same (a default written out), so no other hash will come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One rollout and how it stands."""

    template: str
    revision: int | None
    """`None` while the workload's controller has not taken it up."""
    replica_set: str | None
    """The ReplicaSet: its name for a Deployment, its pod hash for a Rollout; `None` where it is not known."""
    state: State
    because: str
    since: datetime
    """When the state became true."""
    images: tuple[str, ...] = ()

    def is_same(self, other: "Rollout") -> bool:
        """The revision belongs to the identity, since A→B→A comes back to the ReplicaSet of A."""
        return (self.revision, self.replica_set) == (other.revision, other.replica_set)


@dataclass(frozen=True, slots=True)
class Course:
    """What is known of a workload's rollouts so far."""

    taken_up: Rollout | None = None
    """The newest rollout that the controller has taken up."""
    asked: Rollout | None = None
    """A newer template that the controller has not taken up yet."""

    @property
    def wanted(self) -> Rollout | None:
        """The rollout that people wait for."""
        return self.asked or self.taken_up


def judge(
    snapshot: Snapshot, before: Course, found: Sequence[ReplicaSetFacts] | None, now: datetime
) -> Course:
    """Judge a workload by a new snapshot.

    Args:
        snapshot: What was seen.
        before: What was known; an empty `Course` at first sight.
        found: All ReplicaSets of the workload, if they were looked up (see `wants_look_up`).
        now: Time of observation.
    """
    known = before.taken_up
    if snapshot.reading.signal is Signal.REFUSED:
        return replace(before, asked=None)
    if not snapshot.observed:
        return before if _same_template(known, snapshot) else _asked(snapshot, before, now)
    current = _taken_up(snapshot, before, found, now)
    if current is None:
        return _asked(snapshot, before, now)
    not_before = before.wanted.since if before.wanted else None
    return Course(_follow(current, snapshot.reading, now, not_before))


def wants_look_up(snapshot: Snapshot, before: Course) -> bool:
    """Whether only the workload's ReplicaSets can tell which rollout this is."""
    known = before.taken_up
    if not snapshot.observed or snapshot.reading.signal is Signal.REFUSED:
        return False
    return known is None or not (
        _same_template(known, snapshot)
        and known.revision == snapshot.revision
        and snapshot.pod_hash in {None, known.replica_set}
    )


def _same_template(known: Rollout | None, snapshot: Snapshot) -> bool:
    return known is not None and known.template == snapshot.template


def _asked(snapshot: Snapshot, before: Course, now: datetime) -> Course:
    since = before.asked.since if before.asked else now
    because = "waits for its controller"
    if snapshot.reading.signal is Signal.WAITING:
        because = snapshot.reading.because
    asked = Rollout(
        template=snapshot.template,
        revision=None,
        replica_set=None,
        state=State.PENDING,
        because=because,
        since=since,
        images=snapshot.images,
    )
    return replace(before, asked=asked)


def _taken_up(
    snapshot: Snapshot, before: Course, found: Sequence[ReplicaSetFacts] | None, now: datetime
) -> Rollout | None:
    """The rollout that the status speaks of, `None` if that is not the wanted one."""
    if snapshot.ref.kind is Kind.ROLLOUT:
        identity = _rollout_identity(snapshot, before, found, now)
    elif found is not None:
        identity = _identity_by_replica_set(snapshot, before, found)
    else:
        identity = _identity_by_history(snapshot, before)
    if identity is None:
        return None
    revision, replica_set = identity
    fresh = Rollout(
        template=snapshot.template,
        revision=revision,
        replica_set=replica_set,
        state=State.PENDING,
        because="",
        since=now,
        images=snapshot.images,
    )
    known = before.taken_up
    return replace(known, template=snapshot.template) if known and known.is_same(fresh) else fresh


Identity = tuple[int | None, str | None]
"""Revision and ReplicaSet."""


def _identity_of(known: Rollout) -> Identity:
    return known.revision, known.replica_set


def _identity_by_replica_set(
    snapshot: Snapshot, before: Course, found: Sequence[ReplicaSetFacts]
) -> Identity | None:
    """The ReplicaSet with this template is current once it carries the highest revision."""
    newest = max((each.revision for each in found), default=0)
    for each in found:
        if each.template == snapshot.template and each.revision == newest:
            return each.revision, each.name
    known = before.taken_up
    if known and known.template == snapshot.template and known.revision == snapshot.revision:
        return _identity_of(known)  # its ReplicaSet was deleted and is about to be made again
    return None


def _identity_by_history(snapshot: Snapshot, before: Course) -> Identity | None:
    """Without ReplicaSets: a new template is taken up once the revision has moved on from the last one."""
    known, revision = before.taken_up, snapshot.revision
    if revision is None:
        return None
    if known is None or known.revision is None:
        return None if snapshot.reading.signal is Signal.WAITING else (revision, None)
    if known.template == snapshot.template and revision <= known.revision:
        return _identity_of(known)
    return (revision, None) if revision != known.revision else None


def _rollout_identity(
    snapshot: Snapshot, before: Course, found: Sequence[ReplicaSetFacts] | None, now: datetime
) -> Identity | None:
    """`status.currentPodHash` says it, unless it is still that of the template before."""
    known = before.taken_up
    if known and known.template != snapshot.template and known.replica_set == snapshot.pod_hash:
        waited = now - before.asked.since if before.asked else timedelta(0)
        return _identity_of(known) if waited >= HASH_TRUST and known.revision == snapshot.revision else None
    by_hash = {each.pod_hash: each.revision for each in found or ()}
    return by_hash.get(snapshot.pod_hash or "", snapshot.revision), snapshot.pod_hash


def _follow(rollout: Rollout, reading: Reading, now: datetime, not_before: datetime | None) -> Rollout:
    """Carry a rollout on by what its controller says; success is latched, failure is not.

    Times in a status have whole seconds, so they are kept from falling behind what was seen before.
    """
    if rollout.state is State.SUCCESSFUL:
        return rollout
    state = _state(rollout, reading)
    if state is rollout.state and rollout.because:
        return replace(rollout, because=reading.because)
    since = reading.since or now
    since = max(since, not_before) if not_before else since
    return replace(rollout, state=state, because=reading.because, since=since)


def _state(rollout: Rollout, reading: Reading) -> State:
    match reading.signal:
        case Signal.COMPLETE:
            return State.SUCCESSFUL
        case Signal.BROKEN if reading.replica_set in {None, rollout.replica_set} or not rollout.replica_set:
            return State.FAILED
        case Signal.WAITING:
            return State.PENDING
        case _:
            return State.IN_PROGRESS
