"""What a run has left behind, and what can be said against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chaos.passages import Passage
from chaos.script import Script
from chaos.truth import Truth


class Wrong(StrEnum):
    """Kinds of violations."""

    STATE = "wrong final state"
    MISSING = "missing deployment"
    PHANTOM = "phantom deployment"
    LEFT_OPEN = "left open"
    KEYS = "wrong issue keys"
    NAME = "wrong version or place"
    EARLY = "said too early"
    REGRESSION = "regression"
    SHARED_NUMBER = "two versions under one number"
    ORDER = "later version with a lower number"
    TWICE = "deployment twice in one request"
    TOO_MANY = "more than 100 deployments in one request"
    DROPPED = "update dropped"
    HASTY = "request before Retry-After"
    INCOMPLETE = "incomplete request"
    REPEATED = "repeated"
    OTHER_THAN_UNDISTURBED = "other than undisturbed"
    """Not as it is when the same script is played and nothing breaks."""
    BLIND = "truth not recorded"
    """Not the operator's fault: a version of the script was not brought, or the recorder has missed it."""


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong."""

    kind: Wrong
    text: str

    def __str__(self) -> str:
        """Kind and details."""
        return f"{self.kind}: {self.text}"


@dataclass(frozen=True)
class Evidence:
    """All that a run has left behind. Times are UTC."""

    script: Script
    truth: Truth
    jira_state: Mapping[str, Any]
    """What the sandbox tells at `/sandbox/state`."""
    requests: Sequence[Mapping[str, Any]]
    """What it tells at `/sandbox/requests`."""
    passages: Sequence[Passage] = ()
    """What has come through the gates; that to the API server does not matter here."""
    absences: Sequence[tuple[datetime, datetime]] = ()
    """When no operator was leading, able and had caught up, in order and apart from each other."""
    faults: frozenset[str] = frozenset()
    """Names of those that struck."""
