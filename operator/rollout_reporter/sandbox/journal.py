"""What was asked and what was answered, for tests and for curious people; bounded, without secrets."""

import json
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .operations import Operation

MAX_ENTRIES = 2_000
MAX_BYTES = 32 * 1024 * 1024
"""Of bodies: those of a busy cluster are large."""

SECRET_FIELDS = ("client_secret", "access_token")
LEFT_OUT = "(left out)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request and its answer."""

    time: datetime
    operation: Operation
    method: str
    path: str
    query: str
    has_from_header: bool
    """Whether there was a `From` header: an e-mail address that the token endpoint may be told."""
    user_agent: str
    status: int | None
    """None if the connection ended without an answer."""
    fault: str | None
    request: bytes
    response: bytes

    @property
    def size(self) -> int:
        """Bytes of both bodies."""
        return len(self.request) + len(self.response)

    def as_json(self) -> dict[str, Any]:
        """Describe it for the control API."""
        return {
            "time": self.time.isoformat(),
            "operation": self.operation.value,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "hasFromHeader": self.has_from_header,
            "userAgent": self.user_agent,
            "status": self.status,
            "fault": self.fault,
            "request": _readable(self.request),
            "response": _readable(self.response),
        }


class Journal:
    """The latest entries."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._size = 0

    def add(self, entry: Entry) -> None:
        """Write an entry, and drop the oldest ones where there are too many."""
        self._entries.append(entry)
        self._size += entry.size
        while len(self._entries) > MAX_ENTRIES or self._size > MAX_BYTES:
            self._size -= self._entries.popleft().size

    def clear(self) -> None:
        """Drop everything."""
        self._entries.clear()
        self._size = 0

    def as_json(self, operation: str | None = None) -> list[dict[str, Any]]:
        """Describe the entries, oldest first; of one operation only, if given."""
        return [entry.as_json() for entry in self._entries if operation in {None, entry.operation.value}]


def _readable(body: bytes) -> Any:
    """Parse a body. What is not JSON is not shown: nobody knows whether a secret is in it."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return f"({len(body)} bytes that are not JSON)" if body else None
    if not isinstance(content, dict):
        return content
    return {name: LEFT_OUT if name in SECRET_FIELDS else value for name, value in content.items()}
