"""What `rollout-reporter doctor` has found of one thing."""

from dataclasses import dataclass
from enum import Enum

from rollout_reporter.cluster.errors import ClusterError
from rollout_reporter.core.lines import one_line


class Mark(Enum):
    """How it stands with a thing: the sign that people see, and its colour."""

    GOOD = "✓", "green"
    WRONG = "✗", "bold red"
    UNKNOWN = "?", "yellow"
    """It may not be read by whoever asks."""
    NOTED = "!", "yellow"
    """Nothing is broken, but a person may want it otherwise."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: a thing, how it stands with it, and what to do if that is not well."""

    mark: Mark
    subject: str
    words: str
    cure: str = ""

    @property
    def text(self) -> str:
        """Words and cure on one line, whatever others have put into them."""
        return one_line(f"{self.words} → {self.cure}" if self.cure else self.words)


def good(subject: str, words: str) -> Finding:
    """All is well."""
    return Finding(Mark.GOOD, subject, words)


def wrong(subject: str, words: str, cure: str) -> Finding:
    """The operator cannot do its work like this."""
    return Finding(Mark.WRONG, subject, words, cure)


def noted(subject: str, words: str, cure: str = "") -> Finding:
    """It works, and a person should know."""
    return Finding(Mark.NOTED, subject, words, cure)


def unknown(subject: str, error: ClusterError) -> Finding:
    """It could not be looked at."""
    return Finding(Mark.UNKNOWN, subject, f"not known: {error}")
