"""What is seen of each annotated workload; those that never were leave nothing behind.

Nor does one that ends while nobody listens: who begins to report looks for those that are on record.

The newest sighting counts, and replaces older ones of the same version: a lost or merged event changes
nothing. Of a version that another one follows, the last sighting waits for its turn, since it may show how
that ended; so does the last one before its controller has more to see, or no replicas are wanted any more.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rollout_reporter.core.workload import Kind, Place, Snapshot, WorkloadRef


@dataclass(frozen=True, slots=True)
class Gone:
    """A workload that exists no more."""

    ref: WorkloadRef


@dataclass(frozen=True, slots=True)
class Hidden:
    """A workload that may not be read, so that nobody knows whether it exists."""

    ref: WorkloadRef


Sighting = Snapshot | Gone | Hidden


MOST_UNTOLD: Final = 20
"""How many versions of a workload may wait for their turn."""


class Sightings:
    """What was seen last in each place; whoever listens is told where there is news."""

    def __init__(self) -> None:
        self._newest: dict[Place, Sighting] = {}
        self._untold: dict[Place, list[Sighting]] = {}
        self._gaps: dict[Place, list[Sighting]] = {}
        """The sightings before which something may have happened unseen."""
        self._listener: Callable[[Place], None] | None = None
        self._references: dict[Place, Place] = {}
        """The Deployment whose template a Rollout uses, until that is known to be gone: one that may not be
        read uses it still."""
        self.references_known = asyncio.Event()
        """Set once all Rollouts that use a Deployment's template were seen; nothing is planned before."""
        self.gap = asyncio.Event()
        """Set by a watch that begins, or lists anew: it does not tell what was deleted before."""

    def put(self, sighting: Sighting, *, after_gap: bool = False) -> None:
        """Replace the last sighting; of a workload that was made again meanwhile nothing is news.

        Two workloads of a name are watched side by side, so the older one's sightings may come after the
        newer one's. After a gap in the watch, what was seen before may have ended unseen.
        """
        place = sighting.ref.place
        before = self._newest.get(place)
        if before and before.ref != sighting.ref and _is_late(sighting, before):
            return
        sighting = _with_memory(sighting, before)
        self._newest[place] = sighting
        if self._listener:
            self._queue_up(place, sighting)
        if after_gap:
            before_it = [each for each in self._gaps.get(place, []) if each is not sighting]
            self._gaps[place] = [*_among(self._untold.get(place, []), before_it), sighting]
            self.gap.set()
        self._tell(place)
        if place.kind is Kind.ROLLOUT and not isinstance(sighting, Hidden):
            self._note_reference(place, _referred(sighting))
        if self._listener is None:
            self._drop_ends([sighting])

    def referrer(self, deployment: Place) -> Place | None:
        """The Rollout that uses a Deployment's template."""
        return next((rollout for rollout, used in self._references.items() if used == deployment), None)

    def _note_reference(self, rollout: Place, now: Place | None) -> None:
        before = self._references.pop(rollout, None)
        if now:
            self._references[rollout] = now
        for deployment in filter(None, {before, now} if before != now else ()):
            self._tell(deployment)

    def _tell(self, place: Place) -> None:
        if self._listener and place in self._newest:
            self._listener(place)

    def _queue_up(self, place: Place, sighting: Sighting) -> None:
        untold = self._untold.setdefault(place, [])
        if untold and _are_of_one_version(untold[-1], sighting) and not _tells_more(untold[-1], sighting):
            replaced = untold.pop()
            gaps = self._gaps.get(place, [])
            gaps[:] = [sighting if each is replaced else each for each in gaps]
        untold.append(sighting)
        del untold[:-MOST_UNTOLD]

    def get(self, place: Place) -> Sighting | None:
        """The last sighting in a place."""
        return self._newest.get(place)

    def next(self, place: Place) -> Sighting | None:
        """The sighting in a place whose turn it is; end the work on it with `done`."""
        untold = self._untold.get(place)
        return untold[0] if untold else self._newest.get(place)

    def take_gap(self, place: Place) -> bool:
        """Whether something may have happened unseen before the sighting whose turn it is; told once.

        What waits for its turn since before the gap was seen without one.
        """
        gaps = self._gaps.pop(place, [])
        ahead = _among(self._untold.get(place, [])[1:], gaps)
        if ahead:
            self._gaps[place] = ahead
        return len(ahead) < len(gaps)

    def done(self, place: Place, sighting: Sighting) -> bool:
        """End the work on a sighting; tell whether another one waits for its turn."""
        untold = self._untold.get(place)
        if untold and untold[0] is sighting:
            untold.pop(0)
        if not untold:
            self._untold.pop(place, None)
        return bool(untold)

    def forget(self, ref: WorkloadRef) -> None:
        """Drop a workload that nobody has to report any more."""
        before = self._newest.get(ref.place)
        if before and before.ref == ref:
            del self._newest[ref.place]
            self._untold.pop(ref.place, None)
            self._gaps.pop(ref.place, None)

    def listen(self, listener: Callable[[Place], None] | None) -> None:
        """Tell a listener of everything seen so far and of all news; `None` ends that."""
        self._listener = listener
        self._untold.clear()
        if listener is None:
            self._drop_ends(self._newest.values())
            return
        self._untold = {place: [sighting] for place, sighting in self._newest.items()}
        for place in tuple(self._newest):
            listener(place)

    def _drop_ends(self, sightings: Iterable[Sighting]) -> None:
        """Forget workloads that exist no more, or a process that never reports would keep all of them."""
        for ended in [each for each in sightings if isinstance(each, Gone)]:
            self.forget(ended.ref)


def _among(untold: Sequence[Sighting], gaps: Iterable[Sighting]) -> list[Sighting]:
    """Those that wait for their turn; equal ones are others."""
    return [gap for gap in gaps if any(gap is each for each in untold)]


def _is_late(sighting: Sighting, namesake: Sighting) -> bool:
    if not isinstance(sighting, Snapshot):
        return True
    return isinstance(namesake, Snapshot) and sighting.is_older_than(namesake)


def _with_memory(sighting: Sighting, before: Sighting | None) -> Sighting:
    """What a version was once seen to be must not be lost with the sighting that is replaced."""
    if not isinstance(sighting, Snapshot) or not isinstance(before, Snapshot):
        return sighting
    if sighting.was_idle or not before.has_been_idle or not _are_of_one_version(before, sighting):
        return sighting
    return replace(sighting, was_idle=True)


def _are_of_one_version(one: Sighting, other: Sighting) -> bool:
    if not isinstance(one, Snapshot) or not isinstance(other, Snapshot):
        return one == other
    return _version(one) == _version(other)


def _tells_more(before: Sighting, now: Sighting) -> bool:
    """Whether a sighting may show an end that the next one of the same version hides."""
    if not isinstance(before, Snapshot) or not isinstance(now, Snapshot):
        return False
    is_idle = now.reading.wants_none and not before.reading.wants_none
    return before.observed and (is_idle or not now.observed)


def _version(snapshot: Snapshot) -> tuple[object, ...]:
    """Its template, if it has one of its own; else the ReplicaSet tells."""
    return snapshot.ref, snapshot.template, snapshot.pod_hash if snapshot.workload_ref else None


def _referred(sighting: Sighting) -> Place | None:
    """The Deployment whose template a Rollout uses."""
    if not isinstance(sighting, Snapshot) or not sighting.workload_ref:
        return None
    return Place(sighting.ref.namespace, Kind.DEPLOYMENT, sighting.workload_ref)
