"""In what two runs of a script may differ, though the script decides on it: each time with a reason."""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Final

from chaos.expected import Expected, Sight
from chaos.versions import End, Outcome

MISSING: Final = "missing"
"""In place of a state: Jira holds nothing."""


class Excuse(Enum):
    """Why Jira may hold something else of a version than it would otherwise."""

    UNSEEN = auto()
    """It came and went while nobody looked."""
    END_UNSEEN = auto()
    """Nobody looked from when it was decided until its successor came."""
    ROLLBACK_UNSEEN = auto()
    """It was replaced by a rollback, and nobody looked when that had succeeded."""
    DELETED = auto()
    """Nobody saw how it ended, and then its workload was deleted."""
    NEVER_SAID = auto()
    """The cluster never said how it ended: the controller of Deployments may lose count of a deadline."""


ALLOWED: Final[Mapping[Excuse, frozenset[tuple[str, str]]]] = {
    # What nobody saw is reported later only if its keys are certain.
    Excuse.UNSEEN: frozenset({("successful", MISSING), ("failed", MISSING), ("rolled_back", MISSING)}),
    # An outcome that nobody can know is not guessed; nor is a rollback that was itself replaced by then.
    Excuse.END_UNSEEN: frozenset({(each, "unknown") for each in ("successful", "failed", "rolled_back")}),
    # What had its outcome becomes rolled back only when the rollback has succeeded.
    Excuse.ROLLBACK_UNSEEN: frozenset({("rolled_back", "successful"), ("rolled_back", "failed")}),
    # What was under way when it was last seen, and is gone with its workload, was cancelled.
    Excuse.DELETED: frozenset({("successful", "cancelled"), ("failed", "cancelled")}),
    # What has not failed is cancelled by its successor.
    Excuse.NEVER_SAID: frozenset({("failed", "cancelled")}),
}
"""All differences that are right: what Jira holds of a version, and what it may hold with an excuse."""


def excuses_of(versions: Sequence[Expected], sight: Sight) -> Iterator[Excuse]:
    """Tell what excuses the first of these, which is followed by all later ones of its workload."""
    first, *later = (each.version for each in versions)
    if first.ended is None:
        return
    if not versions[0].is_certain:
        yield Excuse.UNSEEN
    if first.outcome is Outcome.UNDECIDED:
        yield Excuse.NEVER_SAID
    if first.end is End.ROLLED_BACK and not sight.saw(later[0].decided, later[0].ended):
        yield Excuse.ROLLBACK_UNSEEN
    if sight.saw(first.decided, first.ended):
        return
    yield Excuse.END_UNSEEN
    if [each for each in (first, *later) if each.wish.uid == first.wish.uid][-1].end is End.DELETED:
        yield Excuse.DELETED
