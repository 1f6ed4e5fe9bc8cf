"""A condition as a value."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .lines import one_line


class Status(StrEnum):
    """Status of a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition without its times, which belong to the place where it is shown."""

    status: Status
    reason: str
    message: str
    """One line of bounded length, whatever others have written into it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", one_line(self.message))


@dataclass(frozen=True, slots=True)
class ShownCondition:
    """A condition as it stands on an object."""

    condition: Condition
    since: datetime
    """Its `lastTransitionTime`: when the status, not the message, changed last."""


def shown(condition: Condition, before: ShownCondition | None, now: datetime) -> ShownCondition:
    """Show a condition where another one stood before: the same status keeps its time."""
    if before and before.condition.status is condition.status:
        return ShownCondition(condition, before.since)
    return ShownCondition(condition, now)
