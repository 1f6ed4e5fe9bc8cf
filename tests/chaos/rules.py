"""What can be done to a passage, and when."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from chaos.passages import Passage


class Side(Enum):
    """When a rule acts."""

    BEFORE = auto()
    """The request is here, and the server does not know of it."""
    AFTER = auto()
    """The server has answered, and the operator does not know of it. Watches have no such moment."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the operator is told."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dropped:
    """The connection ends without an answer."""


Reply = Answer | Dropped


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done to a passage. `act` runs in the gate's event loop; None lets the passage go on."""

    side: Side
    matches: Callable[[Passage], bool]
    act: Callable[[Passage], Awaitable[Reply | None]]


def refusal(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Answer:
    """What the API server says when it will not."""
    body = {
        "apiVersion": "v1",
        "kind": "Status",
        "status": "Failure",
        "reason": reason,
        "code": status,
        "message": f"made up by a test: {reason}",
        "metadata": {},
    }
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})
