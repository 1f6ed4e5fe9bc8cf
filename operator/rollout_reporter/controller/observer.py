"""From the raw events of a watch to sightings of annotated workloads."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rollout_reporter.core import names
from rollout_reporter.core.objects import ref_of
from rollout_reporter.core.readers import READERS
from rollout_reporter.core.workload import Kind, Place, Signal

from .sightings import Gone, Sighting

log = logging.getLogger(__name__)

Body = Mapping[str, Any]

_OVER: Final = frozenset({Signal.COMPLETE, Signal.IDLE, Signal.REFUSED})
_UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What a body raises that is not of the shape of its kind."""


@dataclass(slots=True)
class Observer:
    """Turns raw events into sightings of annotated workloads, and of those that are annotated no more."""

    deliver: Callable[[Sighting, bool], None]
    """Is also told whether the sighting is of a list, so that something may have happened unseen before."""
    is_served: Callable[[str], bool]
    known: set[str] = field(default_factory=set)
    """Uids of workloads that were annotated when last seen, or whose rollout is not over since they were.

    `kubectl rollout undo` to a version from before the annotation takes that away as it begins.
    """

    def observe(self, kind: Kind, event: Mapping[str, Any]) -> None:
        """Look at one event; a body that cannot be read is logged and changes nothing."""
        body: Body = event["object"]
        try:
            sightings = self._look(kind, body, is_deleted=event["type"] == "DELETED")
        except _UNREADABLE:
            meta = body.get("metadata") or {}
            place = Place(str(meta.get("namespace")), kind, str(meta.get("name")))
            log.exception("%s: cannot be read", place)
            return
        for sighting in sightings:
            self.deliver(sighting, event["type"] is None)

    def _look(self, kind: Kind, body: Body, *, is_deleted: bool) -> tuple[Sighting, ...]:
        meta = body["metadata"]
        if not self.is_served(meta["namespace"]):
            return ()
        if meta["uid"] not in self.known and not _mentions_us(body):
            return ()
        if is_deleted:
            self.known.discard(meta["uid"])
            return *_last_state(kind, body), Gone(ref_of(body, kind))
        snapshot = READERS[kind](body)
        if snapshot.is_annotated or snapshot.workload_ref:
            self.known.add(meta["uid"])
        elif snapshot.observed and snapshot.reading.signal in _OVER:
            self.known.discard(meta["uid"])
        return (snapshot,)


def _last_state(kind: Kind, body: Body) -> tuple[Sighting, ...]:
    """What a workload was like at its end, which may be news: events that come fast are merged."""
    try:
        return (READERS[kind](body),)
    except _UNREADABLE:
        return ()  # that it is gone counts for more


def _mentions_us(body: Body) -> bool:
    """A cheap look before the costly one: most workloads are none of ours.

    A Rollout that uses a Deployment's template may be meant by the annotation of that Deployment.
    """
    spec = body.get("spec") or {}
    if "workloadRef" in spec:
        return True
    template = spec.get("template") or {}
    notes = [each["metadata"].get("annotations") or {} for each in (body, template) if each.get("metadata")]
    return any(names.ISSUE_KEYS in each for each in notes)
