"""Rollouts that were seen and could not be recorded: there was no site for them, or its rules forbade it.

Once there is a way they are told like those that nobody saw, from their ReplicaSets, but with the ends and
the keys that were seen. So their numbers come before those of what runs by then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from .closing import SUPERSEDED
from .course import REMEMBERED, Asked, Course, Rollout
from .endings import newest
from .keys import keys_of
from .ledger import Ledger
from .missed import id_of_missed
from .plan import wants_target
from .report import State
from .seen import Seen, over
from .workload import End

_OVER: Final = frozenset({State.SUCCESSFUL, State.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """What is remembered of the rollouts of a workload that could not be recorded."""

    first_revision: int
    latest: str
    """Id of the last of them."""
    are_several: bool
    ends: tuple[End, ...] = ()
    """How they have ended, the newest word on each time of each ReplicaSet first."""
    wishes: tuple[Asked, ...] = ()
    """With which keys they began, the last one first."""

    def precede(self, course: Course) -> bool:
        """Whether another one than the present rollout is among them."""
        return self.are_several or course.taken_up is None or course.taken_up.id != self.latest

    def since_record(self, ledger: Ledger) -> Course:
        """The course as it is on record: what is not on record is yet to come."""
        recorded = ledger.course
        is_first = recorded.taken_up is None and recorded.awaited is None
        return replace(
            recorded,
            is_remembered=True,
            awaited=self.first_revision if is_first else recorded.awaited,
            ends=self.ends,
            passed_by=self.wishes,
        )


def take_stock(untold: Untold | None, seen: Seen, ledger: Ledger) -> tuple[Untold | None, Course | None]:
    """Note what is seen and cannot be recorded, until it can be.

    Returns:
        What is untold now; and if it can be told, the course from which the workload is to be judged anew.
    """
    if over(seen.snapshot):
        return None, None
    if not wants_target(seen, ledger):
        return untold, None
    if not _can_be_told(seen):
        return _noted(untold, seen, ledger), None
    if untold is None or not untold.precede(seen.course):
        return None, None
    return None, untold.since_record(ledger)


def _can_be_told(seen: Seen) -> bool:
    """Whether there is a site for a rollout that begins now, and its rules allow one of its keys."""
    return seen.target is not None and bool(seen.allowed(seen.issue_keys, seen.target.environment.type))


def _noted(before: Untold | None, seen: Seen, ledger: Ledger) -> Untold | None:
    rollout = seen.course.taken_up
    if rollout is None or rollout.revision is None or ledger.find(rollout.id):
        return before
    missed = [each for each in seen.course.missed if ledger.find(id_of_missed(each)) is None]
    first = missed[0].revision if missed else rollout.revision
    known = before or Untold(first_revision=first, latest=rollout.id, are_several=False)
    is_new = before is None or before.latest != rollout.id
    wishes = (_wish(rollout, seen, ledger),) if is_new else ()
    return Untold(
        first_revision=known.first_revision,
        latest=rollout.id,
        are_several=known.are_several or bool(missed) or known.latest != rollout.id,
        ends=newest(tuple(_ends(seen.course, ledger)), known.ends),
        wishes=(*wishes, *known.wishes)[:REMEMBERED],
    )


def _wish(rollout: Rollout, seen: Seen, ledger: Ledger) -> Asked:
    return Asked(
        template=rollout.template,
        release=rollout.release,
        images=rollout.images,
        because=rollout.because,
        since=rollout.began,
        issue_keys=keys_of(rollout, seen, ledger),
    )


def _ends(course: Course, ledger: Ledger) -> Iterator[End]:
    """Ends of the last two rollouts, as far as they have ended and are not on record."""
    current, previous = course.taken_up, course.previous
    if current and current.replica_set and current.state in _OVER:
        because, since, revision = current.because, current.since, current.revision
        yield End(current.replica_set, current.state, because, since, revision=revision)
    if current and previous and previous.replica_set and previous.state and not ledger.find(previous.id):
        end = _end_of(previous, previous.replica_set, previous.state, current)
        yield replace(end, revision=previous.revision)


def _end_of(rollout: Rollout, replica_set: str, state: State, by: Rollout) -> End:
    """How a rollout has ended that another one has replaced."""
    is_way_back, revision = by.replaces == rollout.id, f"revision {by.revision}"
    if is_way_back and (state.is_open or by.state is State.SUCCESSFUL):
        return End(replica_set, State.ROLLED_BACK, f"rolled back by {revision}", by.since)
    if state.is_open:
        return End(replica_set, State.CANCELLED, f"{SUPERSEDED} by {revision}", by.began)
    return End(replica_set, state, rollout.because, rollout.since)
