"""The newest sighting of each annotated workload; unannotated ones leave nothing behind."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from rollout_reporter.core.workload import Kind, Place, Snapshot, WorkloadRef


@dataclass(frozen=True, slots=True)
class Gone:
    """A workload that exists no more."""

    ref: WorkloadRef


Sighting = Snapshot | Gone


class Sightings:
    """What was seen last in each place; whoever listens is told where there is news."""

    def __init__(self) -> None:
        self._newest: dict[Place, Sighting] = {}
        self._listener: Callable[[Place], None] | None = None
        self._referrers: dict[Place, Place] = {}
        self.references_known = asyncio.Event()
        """Set once all Rollouts that use a Deployment's template were seen; nothing is planned before."""

    def put(self, sighting: Sighting) -> None:
        """Replace the last sighting; the end of a workload that was made again meanwhile is no news."""
        place = sighting.ref.place
        before = self._newest.get(place)
        if isinstance(sighting, Gone) and before and before.ref != sighting.ref:
            return
        self._newest[place] = sighting
        self._tell(place)
        if place.kind is Kind.ROLLOUT:
            self._note_reference(place, before, sighting)

    def referrer(self, deployment: Place) -> Place | None:
        """The Rollout that uses a Deployment's template."""
        return self._referrers.get(deployment)

    def _note_reference(self, rollout: Place, before: Sighting | None, now: Sighting) -> None:
        old, new = _referred(before), _referred(now)
        if old == new:
            return
        if old and self._referrers.get(old) == rollout:
            del self._referrers[old]
            self._tell(old)
        if new:
            self._referrers[new] = rollout
            self._tell(new)

    def _tell(self, place: Place) -> None:
        if self._listener and place in self._newest:
            self._listener(place)

    def get(self, place: Place) -> Sighting | None:
        """The last sighting in a place."""
        return self._newest.get(place)

    def forget(self, ref: WorkloadRef) -> None:
        """Drop a workload that nobody has to report any more."""
        before = self._newest.get(ref.place)
        if before and before.ref == ref:
            del self._newest[ref.place]

    def listen(self, listener: Callable[[Place], None] | None) -> None:
        """Tell a listener of everything seen so far and of all news; `None` ends that."""
        self._listener = listener
        if listener:
            for place in tuple(self._newest):
                listener(place)


def _referred(sighting: Sighting | None) -> Place | None:
    """The Deployment whose template a Rollout uses."""
    if not isinstance(sighting, Snapshot) or not sighting.workload_ref:
        return None
    return Place(sighting.ref.namespace, Kind.DEPLOYMENT, sighting.workload_ref)
