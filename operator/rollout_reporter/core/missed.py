"""Rollouts that came and went unseen: those of which a ReplicaSet is left."""

from collections.abc import Sequence

from .course import Course, Rollout
from .endings import told
from .workload import ReplicaSetFacts, Snapshot


def id_of_missed(facts: ReplicaSetFacts) -> str:
    """Id of a rollout of which only the ReplicaSet is left."""
    return f"{facts.revision}-{facts.release}"


def missed_before(
    before: Course,
    revision: int | None,
    release: str,
    snapshot: Snapshot,
    replica_sets: Sequence[ReplicaSetFacts],
) -> tuple[ReplicaSetFacts, ...]:
    """Rollouts that came and went unseen before a revision of a release, the oldest first."""
    lives = [life for each in replica_sets for life in each.lives() if life.revision < (revision or 0)]
    if before.taken_up:
        return _after(before.taken_up, lives, release, replica_sets)
    if before.is_remembered and before.awaited is not None:
        awaited = before.awaited
        return _without_restarts([each for each in lives if each.revision >= awaited], "", release)
    return _told_of(before, snapshot, [each for each in lives if not each.has_come_back])


def _after(
    known: Rollout, older: Sequence[ReplicaSetFacts], current: str, replica_sets: Sequence[ReplicaSetFacts]
) -> tuple[ReplicaSetFacts, ...]:
    """Those between two rollouts."""
    if known.revision is None:
        return ()
    by_name = {name: each for each in replica_sets for name in (each.name, each.pod_hash)}
    last = by_name[known.replica_set].release if known.replica_set in by_name else known.release
    since = known.revision
    return _without_restarts([each for each in older if each.revision > since], last, current)


def _told_of(
    before: Course, snapshot: Snapshot, older: Sequence[ReplicaSetFacts]
) -> tuple[ReplicaSetFacts, ...]:
    """Those before the first that was seen: what was asked for, if a status tells how it ended."""
    ended = {each.replica_set for each in told(snapshot, before)}
    known = (each for each in older if before.asked_with(each, by_images=snapshot.is_reworded))
    found = (each for each in known if ended & {each.name, each.pod_hash})
    return tuple(sorted(found, key=lambda each: each.revision))


def _without_restarts(
    found: Sequence[ReplicaSetFacts], last: str, current: str
) -> tuple[ReplicaSetFacts, ...]:
    """Those that are other releases than the one before; at the end are restarts of the present one."""
    missed: list[ReplicaSetFacts] = []
    for each in sorted(found, key=lambda each: each.revision):
        if each.release != last:
            missed.append(each)
            last = each.release
    return tuple(missed[:-1] if missed and last == current else missed)


def has_outlived(awaited: int | None, rollout: Rollout, replica_sets: Sequence[ReplicaSetFacts]) -> bool:
    """Whether an awaited revision is past, and no ReplicaSet has it or had it."""
    if awaited is None or rollout.first_revision is None:
        return False
    known = {life.revision for each in replica_sets for life in each.lives()}
    return rollout.first_revision > awaited and awaited not in known
