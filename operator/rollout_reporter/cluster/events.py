"""Events on the objects that people look at (`events.k8s.io/v1`)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core.names import APP, PREFIX

from .api import create, path_to

_MAX_NOTE: Final = 1000
"""Bytes; the API server takes 1024."""


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


async def post_event(api: ApiClient, event: Event, *, instance: str, now: datetime) -> None:
    """Post an Event beside the object that it regards."""
    regarding = dict(event.regarding)
    namespace = regarding["namespace"]
    body = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": _name(regarding["name"]), "namespace": namespace},
        "eventTime": f"{now:%Y-%m-%dT%H:%M:%S.%fZ}",
        "reportingController": f"{PREFIX}/{APP}",
        "reportingInstance": instance[:128],
        "type": event.type.value,
        "reason": event.reason,
        "action": event.action,
        "note": event.note.encode()[:_MAX_NOTE].decode(errors="ignore"),
        "regarding": regarding,
    }
    await create(api, path_to("events.k8s.io/v1", "events", namespace), body)


def _name(regarding: str) -> str:
    return f"{regarding[:200].rstrip('-.')}.{uuid.uuid4().hex[:16]}"
