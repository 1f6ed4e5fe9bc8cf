"""The verdict: how the rollout that a workload is in stands.

A verdict is a fold over snapshots, `judge(snapshot, course before) → course after`, because one snapshot
alone cannot be trusted: a status can speak of an older template, and a success stays one when pods crash
later. Which rollout it is, `identity` finds out; here is how that rollout stands.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from .course import Course, Rollout
from .endings import with_proven_end
from .identity import HASH_TRUST, asked_for, identify
from .report import State
from .workload import PENDING_GRACE, Kind, PodTrouble, ReplicaSetFacts, Signal, Snapshot

POD_GRACE: Final = timedelta(seconds=60)
"""A pod that cannot start for longer than this has failed its rollout."""
PODS_AFTER: Final = timedelta(seconds=5)
"""A rollout without progress for this long has its pods looked up."""

_UNDER_WAY: Final = frozenset({Signal.MOVING, Signal.BROKEN})


def judge(
    snapshot: Snapshot,
    before: Course,
    now: datetime,
    *,
    replica_sets: Sequence[ReplicaSetFacts] | None = None,
    troubles: Sequence[PodTrouble] = (),
) -> Course:
    """Judge a workload by a new snapshot.

    Args:
        snapshot: What was seen.
        before: What was known; an empty `Course` at first sight.
        now: Time of observation.
        replica_sets: All ReplicaSets of the workload, if looked up (see `identity.wants_replica_sets`).
        troubles: Pods of the workload that cannot start, if looked up (see `wants_pods`).
    """
    before = before.set_back_to(now)
    if not snapshot.release:
        return replace(before, asked=None, missed=())  # without a template nothing was asked for
    if not snapshot.observed:
        # A stale status says nothing of what is wanted now: the last verdict stays.
        return asked_for(snapshot, with_proven_end(before, snapshot), now)
    if snapshot.reading.signal is Signal.REFUSED:
        return replace(before, asked=None, missed=(), is_refused=True)
    course = identify(snapshot, with_proven_end(before, snapshot), now, replica_sets)
    if course.taken_up is None or course.asked or not snapshot.observed:
        return course
    rollout = _clocked(_named(course.taken_up, snapshot, course), snapshot, now)
    snapshot = _less_what_is_kept(snapshot, rollout, course.previous)
    return replace(course, taken_up=_followed(rollout, snapshot, troubles, now, before))


def wants_pods(snapshot: Snapshot, before: Course, now: datetime) -> bool:
    """Whether the workload's pods should be looked up: its rollout is stuck, they may tell why."""
    rollout = before.taken_up
    if rollout is None or before.asked or snapshot.paused or rollout.state is State.SUCCESSFUL:
        return False
    if snapshot.reading.signal not in _UNDER_WAY:
        return False
    is_broken = snapshot.reading.signal is Signal.BROKEN or rollout.state is State.FAILED
    return is_broken or now - rollout.progressed_at >= PODS_AFTER


def judge_again_at(snapshot: Snapshot, course: Course, now: datetime) -> datetime | None:
    """When time alone may change the verdict; `None` for never."""
    moments: list[datetime] = []
    if course.asked:
        moments += [course.asked.since + PENDING_GRACE, course.asked.since + HASH_TRUST]
    rollout = course.taken_up
    if rollout and snapshot.reading.signal in _UNDER_WAY and rollout.state is not State.SUCCESSFUL:
        moments += _moments_under_way(rollout, snapshot, now)
    return min((moment for moment in moments if moment > now), default=None)


def _moments_under_way(rollout: Rollout, snapshot: Snapshot, now: datetime) -> list[datetime]:
    if snapshot.paused:
        return [rollout.began + PENDING_GRACE]
    # The longer it is stuck, the more seldom it is looked at.
    patience = max(PODS_AFTER, (now - rollout.progressed_at) / 2)
    moments = [rollout.progressed_at + PODS_AFTER, now + min(patience, POD_GRACE)]
    if snapshot.max_duration:
        moments.append(now + snapshot.max_duration - rollout.active_time(now))
    if snapshot.reading.replica_failure or snapshot.reading.deadline_is_lost:
        moments.append(rollout.progressed_at + snapshot.deadline)
    return moments


def _named(rollout: Rollout, snapshot: Snapshot, course: Course) -> Rollout:
    """Learn the ReplicaSet's name from the status, if nothing else told it and it is not an older one's."""
    named = snapshot.reading.replica_set
    if rollout.replica_set or named is None or named in {each.replica_set for each in course.earlier}:
        return rollout
    return replace(rollout, replica_set=named)


def _less_what_is_kept(snapshot: Snapshot, rollout: Rollout, previous: Rollout | None) -> Snapshot:
    """What was seen, less a success that is the first one of a Rollout's version which has come back since.

    It has stayed stable all the time, unless the version between the two has become stable itself.
    """
    is_first_time = rollout.replaces is None or (previous and previous.state is State.SUCCESSFUL)
    if is_first_time or snapshot.ref.kind is not Kind.ROLLOUT:
        return snapshot
    return replace(snapshot, reading=replace(snapshot.reading, has_completed=False))


def _clocked(rollout: Rollout, snapshot: Snapshot, now: datetime) -> Rollout:
    """Carry on the clocks: of progress, and of time that does not count, paused or with no pods wanted."""
    if snapshot.counts != rollout.counts:
        rollout = replace(rollout, counts=snapshot.counts, progressed_at=now)
    is_under_way = rollout.state is not State.SUCCESSFUL
    if snapshot.paused or (snapshot.reading.wants_none and is_under_way):
        return replace(rollout, paused_since=rollout.paused_since or now)
    if rollout.paused_since is None:
        return rollout
    paused_for = rollout.paused_for + (now - rollout.paused_since)
    return replace(rollout, paused_since=None, paused_for=paused_for, progressed_at=now)


def _followed(
    rollout: Rollout,
    snapshot: Snapshot,
    troubles: Sequence[PodTrouble],
    now: datetime,
    before: Course,
) -> Rollout:
    """Carry a rollout on; success is latched, failure is not.

    Times in a status have whole seconds, so they are kept from falling behind what was seen before.
    """
    if rollout.state is State.SUCCESSFUL:
        return rollout
    if snapshot.has_been_idle:
        rollout = replace(rollout, was_idle=True)
    if snapshot.reading.signal is Signal.IDLE:
        state, because, since = _idle(rollout, snapshot, before), snapshot.reading.because, None
        if state is State.FAILED:
            because = rollout.because
    else:
        state, because, since = _verdict(rollout, snapshot, _of(rollout, troubles), now)
    if state is rollout.state:
        return replace(rollout, because=because)
    since = max(since or now, before.since) if before.since else since or now
    return replace(rollout, state=state, because=because, since=since)


def _of(rollout: Rollout, troubles: Sequence[PodTrouble]) -> tuple[PodTrouble, ...]:
    """Troubles of this rollout's own pods; those of older ones say nothing about it.

    One that crashes again and again runs in between: that makes no failure, but ends none either.
    """
    name = rollout.replica_set or ""
    own = (each for each in troubles if each.pod_hash and name.endswith(each.pod_hash))
    return tuple(each for each in own if not each.is_running or rollout.state is State.FAILED)


Verdict = tuple[State | None, str, datetime | None]
"""State, the reason in words, and since when according to the status."""


def _verdict(rollout: Rollout, snapshot: Snapshot, troubles: Sequence[PodTrouble], now: datetime) -> Verdict:
    """The rules while replicas are wanted, in the order in which they win."""
    reading = snapshot.reading
    is_named = reading.replica_set is not None and reading.replica_set == rollout.replica_set
    because = "; ".join([reading.because, *map(str, troubles[:1])])
    if reading.signal is Signal.COMPLETE or (reading.has_completed and is_named and not rollout.was_idle):
        return State.SUCCESSFUL, reading.because, reading.since
    if reading.signal is Signal.BROKEN and is_named:
        return State.FAILED, because, reading.since
    if reading.signal is Signal.BROKEN and rollout.replica_set is None:
        return State.FAILED, because, reading.since
    if not snapshot.paused and (cause := _own_verdict(rollout, snapshot, troubles, now)) is not None:
        return State.FAILED, ", ".join(filter(None, [cause, because])), None
    if snapshot.paused and rollout.state in {None, State.PENDING} and not snapshot.counts[0]:
        return State.PENDING, f"paused before it began, {because}", None
    return State.IN_PROGRESS, because, None


def _own_verdict(
    rollout: Rollout, snapshot: Snapshot, troubles: Sequence[PodTrouble], now: datetime
) -> str | None:
    """Why a rollout has failed by our own clocks, where its controller's are silent; `None` if not."""
    reading, is_stuck = snapshot.reading, now - rollout.progressed_at >= snapshot.deadline
    if any(now - each.since > POD_GRACE for each in troubles):
        return ""  # the trouble is named anyway
    if is_stuck and reading.replica_failure:
        return reading.replica_failure
    if is_stuck and reading.deadline_is_lost and reading.replica_set != rollout.replica_set:
        return "progress deadline exceeded"
    if snapshot.max_duration and rollout.active_time(now) >= snapshot.max_duration:
        return f"not complete after {snapshot.max_duration} of unpaused time"
    return None


def _idle(rollout: Rollout, snapshot: Snapshot, before: Course) -> State | None:
    """With no replicas wanted nothing begins; what had begun is given up for now.

    Unless it may have ended while nobody looked.
    """
    if rollout.state is None or not rollout.state.is_open:
        return rollout.state
    if rollout.state is State.PENDING and snapshot.paused:
        return rollout.state
    return State.UNKNOWN if before.is_remembered else State.CANCELLED
