"""Issue keys as people write them in an annotation.

The pattern is that of Jira's project keys (an upper case letter, then letters, digits or underscores) and
issue numbers: https://support.atlassian.com/jira-software-cloud/docs/what-is-an-issue/
Lower case is raised, as every first-party client does.
"""

import re
from dataclasses import dataclass
from typing import Final

_KEY: Final = re.compile(r"[A-Z][A-Z0-9_]{1,200}-[1-9][0-9]{0,17}")
_SEPARATORS: Final = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class IssueKeys:
    """What an annotation says: the keys to report to, and the words that are none."""

    valid: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()

    @property
    def given(self) -> bool:
        """Whether anything was written at all."""
        return bool(self.valid or self.malformed)


def read_issue_keys(text: str | None) -> IssueKeys:
    """Read keys separated by commas, spaces or newlines; repeated ones count once, the order stays."""
    words = [word for word in _SEPARATORS.split(text or "") if word]
    upper = [word.upper() if word.isascii() else word for word in words]
    valid = [word for word in upper if _KEY.fullmatch(word)]
    malformed = [word for word, raised in zip(words, upper, strict=True) if not _KEY.fullmatch(raised)]
    return IssueKeys(tuple(dict.fromkeys(valid)), tuple(dict.fromkeys(malformed)))
