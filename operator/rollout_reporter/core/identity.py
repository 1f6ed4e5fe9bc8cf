"""Which rollout a status speaks of.

A rollout is known by its ReplicaSet and its revision: A→B→A comes back to the ReplicaSet of A under a new
revision. Scaling, labels, annotations, a ReplicaSet made again and a restart make no new rollout. The status
of a Deployment does not name its ReplicaSet, so either its ReplicaSets are looked up, or what was seen before
has to tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from .course import REMEMBERED, Asked, Course, Earlier, Rollout
from .endings import told
from .missed import has_outlived, id_of_missed, missed_before
from .report import State
from .workload import Kind, ReplicaSetFacts, Signal, Snapshot

HASH_TRUST: Final = timedelta(seconds=10)
"""After this long a Rollout's unchanged `currentPodHash` is believed over a changed template text: it was
changed in a way that means the same (a default written out), so no other hash will come."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Revision and ReplicaSet of the rollout that a status speaks of."""

    revision: int | None
    replica_set: str | None
    facts: ReplicaSetFacts | None = None


def wants_replica_sets(snapshot: Snapshot, before: Course) -> bool:
    """Whether the workload's ReplicaSets should be looked up to know which rollout this is."""
    known = before.taken_up
    if not snapshot.observed or snapshot.reading.signal is Signal.REFUSED:
        return False
    return (
        known is None
        or known.replica_set is None
        or known.template != snapshot.template
        or known.revision != snapshot.revision
        or snapshot.pod_hash not in {None, known.replica_set}
    )


def identify(
    snapshot: Snapshot, before: Course, now: datetime, replica_sets: Sequence[ReplicaSetFacts] | None
) -> Course:
    """Find the rollout that an observed status speaks of; or what is asked for, if that is not taken up."""
    if replica_sets is not None:
        replica_sets = [_as_then(each, snapshot) for each in replica_sets]
    identity = _identity(snapshot, before, now, replica_sets)
    if identity is None:
        return asked_for(snapshot, before, now)
    known = before.taken_up
    if known and _is_same(before, known, identity, snapshot, replica_sets or ()):
        # Then it may not be on record yet, nor what it replaced be closed.
        is_pending = known.state is State.PENDING
        return Course(
            taken_up=_continued(known, identity, snapshot, now),
            is_remembered=before.is_remembered and _is_open_at_zero(known, snapshot),
            was_unseen=before.was_unseen and is_pending,
            has_outlived_awaited=before.has_outlived_awaited and is_pending,
            previous=before.previous,
            earlier=before.earlier,
        )
    if known and before.previous and _is_put_back(known, before.previous, identity, snapshot):
        put_back = _continued(before.previous, identity, snapshot, now)
        return Course(taken_up=put_back, earlier=before.earlier)
    return _begun(identity, snapshot, before, now, replica_sets or ())


def _is_open_at_zero(known: Rollout, snapshot: Snapshot) -> bool:
    """Whether its pods go for want of replicas: nothing tells whether they were all there before."""
    return known.state is State.IN_PROGRESS and snapshot.reading.wants_none


def _as_then(facts: ReplicaSetFacts, snapshot: Snapshot) -> ReplicaSetFacts:
    """A ReplicaSet as it was at the time of a snapshot: it is looked up later, and may have come back since.

    Then it is two revisions ahead at least, since another one came between. If it is ahead by one, the
    snapshot lags: the revision is written to the ReplicaSet first.
    """
    is_wanted = facts.template == snapshot.template or facts.pod_hash == snapshot.pod_hash
    if not is_wanted or snapshot.revision is None or facts.revision < snapshot.revision + 2:
        return facts
    earlier = tuple(each for each in facts.earlier if each < snapshot.revision)
    return replace(facts, revision=snapshot.revision, earlier=earlier)


def asked_for(snapshot: Snapshot, before: Course, now: datetime) -> Course:
    """The course with a template that waits for its controller; a restart that waits changes nothing."""
    known = before.taken_up
    if known and known.release == snapshot.release:
        # Withdrawn, unless its controller has taken it up meanwhile: then it is a version that was missed.
        passed_by = _passed_by(snapshot, before)
        return replace(before, asked=None, missed=(), passed_by=passed_by, is_refused=False)
    asked = Asked(
        template=snapshot.template,
        release=snapshot.release,
        images=snapshot.images,
        because="paused before it began" if snapshot.paused else "waits for its controller",
        since=before.asked.since if before.asked else now,
        issue_keys=snapshot.issue_keys,
        is_certain=not (snapshot.observed and known and known.replica_set == snapshot.pod_hash),
        was_unseen=before.asked.was_unseen if before.asked else _may_have_ended(before, snapshot),
    )
    passed_by = _passed_by(snapshot, before)
    ends, going_on = told(snapshot, before), snapshot.reading.going_on or before.going_on
    return replace(
        before,
        asked=asked,
        missed=(),
        ends=ends,
        going_on=going_on,
        passed_by=passed_by,
        is_refused=False,
    )


def _may_have_ended(before: Course, snapshot: Snapshot) -> bool:
    """Whether what is left may have ended unseen: its controller's last word is not that it goes on."""
    going_on, known = snapshot.reading.going_on, before.taken_up
    goes_on = known is not None and going_on is not None and going_on == known.replica_set
    return before.is_remembered and not goes_on


def _passed_by(snapshot: Snapshot, before: Course) -> tuple[Asked, ...]:
    """All wishes that another one has replaced since the last rollout that was taken up."""
    asked = before.asked
    if asked is None or asked.release == snapshot.release:
        return before.passed_by
    return (*before.passed_by, asked)[-REMEMBERED:]


def _identity(
    snapshot: Snapshot, before: Course, now: datetime, replica_sets: Sequence[ReplicaSetFacts] | None
) -> Identity | None:
    if snapshot.ref.kind is Kind.ROLLOUT:
        return _by_pod_hash(snapshot, before, now, replica_sets or ())
    if replica_sets is None:
        return _by_history(snapshot, before)
    found = _by_template(snapshot, replica_sets)
    if found or snapshot.revision_lags or before.taken_up is None:
        return found or _made_again(snapshot, before)
    return _by_history(snapshot, before)


def _by_template(snapshot: Snapshot, replica_sets: Sequence[ReplicaSetFacts]) -> Identity | None:
    """The ReplicaSet with this template is current once it, or the Deployment, says so by the revision."""
    current = {snapshot.revision, max((each.revision for each in replica_sets), default=0)}
    for each in replica_sets:
        if each.template == snapshot.template and each.revision in current:
            return Identity(each.revision, each.name, each)
    return None


def _made_again(snapshot: Snapshot, before: Course) -> Identity | None:
    """A ReplicaSet that was deleted by hand is about to be made again with the same template."""
    known = before.taken_up
    if known and known.template == snapshot.template:
        return Identity(known.revision, known.replica_set)
    return None


def _by_history(snapshot: Snapshot, before: Course) -> Identity | None:
    """Without ReplicaSets: a new template is taken up once the revision has moved on from the last one."""
    known, revision = before.taken_up, snapshot.revision
    if revision is None:
        return None
    if known is None or known.revision is None:
        is_waiting = snapshot.paused and not snapshot.counts[0]
        return None if is_waiting else Identity(revision, None)
    if known.template != snapshot.template and revision == known.revision:
        return None
    if known.template == snapshot.template and revision <= known.revision:
        return Identity(revision, known.replica_set)
    return Identity(revision, _remembered_replica_set(before, snapshot.template))


def _remembered_replica_set(before: Course, template: str) -> str | None:
    return next((each.replica_set for each in before.earlier if each.template == template), None)


def _by_pod_hash(
    snapshot: Snapshot, before: Course, now: datetime, replica_sets: Sequence[ReplicaSetFacts]
) -> Identity | None:
    """`status.currentPodHash` says it, unless it is still that of the template before."""
    known = before.taken_up
    if snapshot.pod_hash is None:
        return None
    if known and known.template != snapshot.template and known.replica_set == snapshot.pod_hash:
        waited = now - before.asked.since if before.asked else timedelta(0)
        is_same = waited >= HASH_TRUST and known.revision == snapshot.revision
        return Identity(known.revision, known.replica_set) if is_same else None
    facts = next((each for each in replica_sets if each.pod_hash == snapshot.pod_hash), None)
    return Identity(_revision_of_hash(snapshot, known, facts), snapshot.pod_hash, facts)


def _revision_of_hash(snapshot: Snapshot, known: Rollout | None, facts: ReplicaSetFacts | None) -> int | None:
    """Of ReplicaSet and Rollout one may still show the revision before."""
    revisions = [facts.revision] if facts else []
    is_known = known is None or known.revision is None or known.replica_set == snapshot.pod_hash
    if snapshot.revision is not None and (
        is_known or (known and known.revision is not None and snapshot.revision > known.revision)
    ):
        revisions.append(snapshot.revision)
    return max(revisions, default=None)


def _is_same(
    before: Course,
    known: Rollout,
    identity: Identity,
    snapshot: Snapshot,
    replica_sets: Sequence[ReplicaSetFacts],
) -> bool:
    has_grown = None not in {known.revision, identity.revision} and (
        (identity.revision or 0) > (known.revision or 0)
    )
    if known.template == snapshot.template:
        return not has_grown or _only_restarted(known, identity, replica_sets)
    if known.release == snapshot.release:  # a restart, or the undoing of one
        return not missed_before(
            before, identity.revision, _release(identity, snapshot), snapshot, replica_sets
        )
    # The template reads in another way that means the same: a Rollout's was written so, see HASH_TRUST, or
    # another version of the API server fills in more.
    return known.replica_set is not None and known.replica_set == identity.replica_set and not has_grown


def _only_restarted(known: Rollout, identity: Identity, replica_sets: Sequence[ReplicaSetFacts]) -> bool:
    """Whether it is certain that only restarts, undone since, came between two revisions."""
    if identity.facts is None or known.revision is None:
        return False
    releases = {each.revision: each.release for each in replica_sets}
    between = range(known.revision + 1, identity.facts.revision)
    return bool(between) and all(releases.get(each) == identity.facts.release for each in between)


def _is_put_back(known: Rollout, previous: Rollout, identity: Identity, snapshot: Snapshot) -> bool:
    """Whether a version that never began is withdrawn: a paused Rollout numbers a template all the same."""
    is_previous = (previous.release, previous.replica_set) == (snapshot.release, identity.replica_set)
    return known.state is State.PENDING and is_previous


def _continued(known: Rollout, identity: Identity, snapshot: Snapshot, now: datetime) -> Rollout:
    if known.template != snapshot.template and known.state is not State.SUCCESSFUL:  # restarted: clocks, too
        known = replace(known, paused_for=known.paused_for + known.active_time(now), progressed_at=now)
    return replace(
        known,
        template=snapshot.template,
        release=snapshot.release,
        images=snapshot.images,
        revision=identity.revision if identity.revision is not None else known.revision,
        replica_set=identity.replica_set or known.replica_set,
        replica_set_created=identity.facts.created if identity.facts else known.replica_set_created,
    )


def _begun(
    identity: Identity,
    snapshot: Snapshot,
    before: Course,
    now: datetime,
    replica_sets: Sequence[ReplicaSetFacts],
) -> Course:
    known = before.taken_up
    missed = missed_before(before, identity.revision, _release(identity, snapshot), snapshot, replica_sets)
    rollout = Rollout(
        id=f"{identity.revision or 0}-{snapshot.release}",
        template=snapshot.template,
        release=snapshot.release,
        revision=identity.revision,
        first_revision=_first_revision(identity, replica_sets),
        replica_set=identity.replica_set,
        replica_set_created=identity.facts.created if identity.facts else None,
        images=snapshot.images,
        replaces=_replaced(identity, snapshot, before, missed),
        since=now,
        began=before.asked.since if before.asked else now,
        paused_for=now - before.asked.since if before.asked else timedelta(0),
        counts=snapshot.counts,
        progressed_at=now,
    )
    earlier, passed_by = before.earlier, _passed_by(snapshot, before)
    wished = {each.release for each in passed_by}
    if known:
        earlier = (Earlier(known.template, known.replica_set), *earlier)[:REMEMBERED]
    return Course(
        taken_up=rollout,
        missed=missed,
        keys_before=_keys_at_the_end_of(known, rollout, replica_sets),
        ends=told(snapshot, before),
        going_on=before.going_on,
        passed_by=passed_by,
        was_away=before.is_remembered,
        was_unseen=before.is_remembered or any(each.release not in wished for each in missed),
        has_outlived_awaited=before.is_remembered and has_outlived(before.awaited, rollout, replica_sets),
        previous=known,
        earlier=earlier,
    )


def _keys_at_the_end_of(
    left: Rollout | None, by: Rollout, replica_sets: Sequence[ReplicaSetFacts]
) -> tuple[str, ...] | None:
    """The workload's keys when a rollout was left, as its ReplicaSet shows them.

    `None` if that is gone, or that of the present rollout: then it shows the keys of now.
    """
    if left is None or left.replica_set is None or left.replica_set == by.replica_set:
        return None
    found = (each for each in replica_sets if left.replica_set in {each.name, each.pod_hash})
    return next((each.noted_keys.valid for each in found), None)


def _release(identity: Identity, snapshot: Snapshot) -> str:
    """A Rollout's template reads otherwise on its ReplicaSet, with what the API server has filled in."""
    return identity.facts.release if identity.facts else snapshot.release


def _first_revision(identity: Identity, replica_sets: Sequence[ReplicaSetFacts]) -> int | None:
    if identity.facts is None or identity.revision is None:
        return identity.revision
    releases = {each.revision: each.release for each in replica_sets}
    first = identity.revision
    while releases.get(first - 1) == identity.facts.release:
        first -= 1
    return first


def _replaced(
    identity: Identity, snapshot: Snapshot, before: Course, missed: Sequence[ReplicaSetFacts]
) -> str | None:
    """Id of the rollout that is rolled back by this one; `None` if it goes forward.

    The way back leads to a ReplicaSet that had a revision before that of the rollout which it replaces, or is
    older than its ReplicaSet. Both ages are by the API server: our own clock may be another.
    """
    known, facts = before.taken_up, identity.facts
    if not missed and (known is None or known.release == snapshot.release):
        return None
    made_before = known.replica_set_created if known else missed[0].created
    left = missed[-1].revision if missed else known.revision if known else None
    is_older = facts is not None and (
        any(left is None or each < left for each in facts.earlier)
        or (made_before is not None and facts.created < made_before)
    )
    is_remembered = any(each.template == snapshot.template for each in before.earlier)
    if not (is_older or is_remembered or (known and known.template == snapshot.template)):
        return None
    return id_of_missed(missed[-1]) if missed else known.id if known else None
