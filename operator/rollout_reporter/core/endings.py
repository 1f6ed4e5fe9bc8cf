"""The end of a rollout that was not seen itself, but that what came after it still tells.

Snapshots are merged: the one that showed the end may never have been judged, because the next template was
written right after it. What the ReplicaSets look like by then proves nothing: pods of the old version go on
becoming available after the new one was asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from .course import REMEMBERED, Course, Rollout
from .report import State
from .workload import End, Snapshot

_MAY_TURN_OUT: Final[Mapping[State, frozenset[State]]] = {
    State.PENDING: frozenset({State.SUCCESSFUL, State.FAILED}),
    State.IN_PROGRESS: frozenset({State.SUCCESSFUL, State.FAILED}),
    State.FAILED: frozenset({State.SUCCESSFUL}),
}
"""What a rollout can turn out to have been in the end; one that was given up remains so."""


def may_turn_out(state: State | None, end: State) -> bool:
    """Whether what was last seen in one state can turn out to have ended in another."""
    return state is not None and end in _MAY_TURN_OUT.get(state, ())


def with_proven_end(before: Course, snapshot: Snapshot) -> Course:
    """What is known, with the end of the rollout that a snapshot leaves behind if its status proves one."""
    left = before.taken_up
    if left is None or not _is_left(left, snapshot):
        return before
    for end in snapshot.reading.ends:
        is_proof = _is_proof(end, left, before.previous) and not _may_be_of_a_later_time(
            end, before, snapshot
        )
        if is_proof and may_turn_out(left.state, end.state):
            since = max(end.since, left.since) if end.since else left.since
            return replace(before, taken_up=replace(left, state=end.state, because=end.because, since=since))
    return before


def _is_left(rollout: Rollout, snapshot: Snapshot) -> bool:
    """Whether no later status may be about this rollout: its controller has yet to see more."""
    return rollout.template != snapshot.template or not snapshot.observed


def _may_be_of_a_later_time(end: End, before: Course, snapshot: Snapshot) -> bool:
    """Whether another rollout came and went unseen, and this is the end of the way back from that."""
    if not before.is_remembered or end.is_kept or before.taken_up is None:
        return False
    then, now = before.taken_up.revision, snapshot.revision
    return then is not None and now is not None and now >= then + 2


def _is_proof(end: End, rollout: Rollout, previous: Rollout | None) -> bool:
    """Whether this is the end of this very rollout.

    One that goes back to a ReplicaSet may find there the end of its first time, unless the version between
    the two has ended in the same way since.
    """
    if end.replica_set != rollout.replica_set or _is_void(end, rollout):
        return False
    is_first_time = rollout.replaces is None
    return is_first_time or not end.is_kept or (previous is not None and previous.state is end.state)


def _is_void(end: End, rollout: Rollout) -> bool:
    """Whether a rollout is only called a success since no replicas were wanted of it."""
    return rollout.was_idle and end.replica_set == rollout.replica_set and end.state is State.SUCCESSFUL


def told(snapshot: Snapshot, before: Course) -> tuple[End, ...]:
    """Ends that were told so far, the newest word on each ReplicaSet first."""
    known = before.taken_up
    news = tuple(each for each in snapshot.reading.ends if known is None or not _is_void(each, known))
    return newest(news, before.ends)


def newest(news: Sequence[End], before: Sequence[End]) -> tuple[End, ...]:
    """The newest word on each time of each ReplicaSet, as far as words are remembered."""
    renewed = {(each.replica_set, each.revision) for each in news}
    older = (each for each in before if (each.replica_set, each.revision) not in renewed)
    return (*news, *older)[:REMEMBERED]
