"""What became of an update: values, not errors, because each of them is a normal answer.

A request ends in an `Answer`: either Jira judged each deployment (`Judged`), or the request as a whole came
to nothing (`Trouble`) and everything in it stays wanted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from .report import DeploymentKey


@dataclass(frozen=True, slots=True)
class Accepted:
    """Jira took the update. Keys of issues that it does not know are left out of what it stored."""

    unknown_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """Jira refused this deployment; sending the same again will not help."""

    messages: tuple[str, ...]
    unknown_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Jira said neither yes nor no about this deployment: it has to be sent again."""


Outcome = Accepted | Rejected | Unanswered


class TroubleReason(StrEnum):
    """Why a request came to nothing; the words are the reasons of conditions, but for `OF_CONTENT`."""

    UNAUTHORIZED = "Unauthorized"
    FORBIDDEN = "Forbidden"
    RATE_LIMITED = "RateLimited"
    UNAVAILABLE = "JiraUnavailable"
    SITE_NOT_FOUND = "SiteNotFound"
    TOO_LARGE = "TooLarge"
    BAD_REQUEST = "BadRequest"


OF_CONTENT: Final = frozenset({TroubleReason.TOO_LARGE, TroubleReason.BAD_REQUEST})
"""Reasons for which a smaller request may succeed, until one deployment is left; that one is `Rejected`."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """The request came to nothing; `message` is a sentence that tells a person the cause and the cure."""

    reason: TroubleReason
    message: str
    retry_after: timedelta | None = None
    """The least time that Jira wants to be left alone, if it said so."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Jira's word on each deployment of the request; each that was sent has an outcome."""

    outcomes: Mapping[DeploymentKey, Outcome] = field(default_factory=dict)


Answer = Judged | Trouble
