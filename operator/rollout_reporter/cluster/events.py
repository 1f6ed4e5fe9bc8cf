"""Events on the objects that people look at (`events.k8s.io/v1`)."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core.lines import one_line
from rollout_reporter.core.names import APP, PREFIX

from .api import create, merge_patch, path_to
from .errors import NotFoundError

SERIES: Final = timedelta(minutes=6)
"""What happens again within this time of the last time is counted, not posted anew."""
MOST_SERIES: Final = 1000
"""Events that are remembered to be counted."""

_API: Final = "events.k8s.io/v1"


class EventType(StrEnum):
    """Type of an Event."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an object."""

    regarding: Mapping[str, Any]
    """An `ObjectReference`."""
    type: EventType
    reason: str
    action: str
    note: str
    """Told on one line, and cut."""


Sameness = tuple[str, ...]


@dataclass(slots=True)
class _Series:
    """An Event on the API server, and how often it has happened."""

    path: str
    count: int
    last: datetime


class EventRecorder:
    """Posts Events; what happens again soon is counted on the first Event, as client-go does it.

    https://github.com/kubernetes/client-go/blob/master/tools/events/event_broadcaster.go
    """

    def __init__(self, api: ApiClient, *, instance: str, now: Callable[[], datetime]) -> None:
        self._api, self._instance, self._now = api, instance[:128], now
        self._series: dict[Sameness, _Series] = {}
        """The one that happened last stands last."""

    async def record(self, event: Event) -> None:
        """Post an Event beside the object that it regards, or count it there.

        Raises:
            ClusterError: It is not told.
        """
        now = self._now()
        self._forget(now)
        sameness = _sameness(event)
        before = self._series.pop(sameness, None)
        self._series[sameness] = await self._again(before, now) or await self._first(event, now)

    async def _again(self, before: _Series | None, now: datetime) -> _Series | None:
        if before is None:
            return None
        series = {"count": before.count + 1, "lastObservedTime": _micro_time(now)}
        try:
            await merge_patch(self._api, before.path, {"series": series})
        except NotFoundError:  # Events are kept for an hour or so, or somebody has deleted it
            return None
        return _Series(before.path, before.count + 1, now)

    async def _first(self, event: Event, now: datetime) -> _Series:
        name, namespace = _name(event.regarding["name"]), event.regarding["namespace"]
        body = {
            "apiVersion": _API,
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "eventTime": _micro_time(now),
            "reportingController": f"{PREFIX}/{APP}",
            "reportingInstance": self._instance,
            "type": event.type.value,
            "reason": event.reason,
            "action": event.action,
            "note": one_line(event.note),
            "regarding": dict(event.regarding),
        }
        await create(self._api, path_to(_API, "events", namespace), body)
        return _Series(path_to(_API, "events", namespace, name), 1, now)

    def _forget(self, now: datetime) -> None:
        """Let go what has not happened for a while, and whatever is too much, the oldest first."""
        while self._series:
            sameness, oldest = next(iter(self._series.items()))
            if now - oldest.last < SERIES and len(self._series) < MOST_SERIES:
                return
            del self._series[sameness]


def _sameness(event: Event) -> Sameness:
    return (event.regarding["uid"], event.type.value, event.reason, event.action, event.note)


def _name(regarding: str) -> str:
    return f"{regarding[:200].rstrip('-.')}.{uuid.uuid4().hex[:16]}"


def _micro_time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"
