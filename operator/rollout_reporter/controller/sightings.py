"""The newest sighting of each annotated workload; unannotated ones leave nothing behind."""

from collections.abc import Callable
from dataclasses import dataclass

from rollout_reporter.core.workload import Place, Snapshot, WorkloadRef


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

    def put(self, sighting: Sighting) -> None:
        """Replace the last sighting; the end of a workload that was made again meanwhile is no news."""
        place = sighting.ref.place
        before = self._newest.get(place)
        if isinstance(sighting, Gone) and before and before.ref != sighting.ref:
            return
        self._newest[place] = sighting
        if self._listener:
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
