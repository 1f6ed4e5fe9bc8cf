"""What Jira has to hold of each version that there was.

There is one true answer for each. Another one is allowed only where no operator could see what happened, or
had just a moment for it:

1. `unknown`, for a version that is over, if nobody saw its outcome, or its end where it had no outcome.
2. What would be true without an outcome, where nobody saw that there was one: `rolled_back` if it was rolled
   back; `cancelled` if its workload was deleted before anybody looked again, or if its successor began at
   almost the same time.
3. `successful` or `failed` instead of `rolled_back`, where nobody saw that the rollback succeeded.
4. Nothing at all, for a version that came and went unseen, unless it is certain that it was there and whose
   it was: its workload lived on and had been seen before, and its keys are in its template. The same for one
   that was seen only after the next one had been asked for: the workload had the other's keys by then.
5. `failed`, where a Deployment was out of time, and its controller had lost count.

The last version of a workload that lives has to be exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from chaos.versions import End, History, Outcome, Version, Wish

LOOK: Final = timedelta(seconds=0.5)
"""How long something has to be true to be seen for certain, by an operator that goes on."""
RECORDED: Final = timedelta(seconds=2)
"""How long by one that does not: until it has told Jira, and written down that it did, on a busy machine."""
FLEETING: Final = timedelta(seconds=2)
"""How long a version has to last to be reported in any case."""
FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Expected:
    """What Jira has to hold of a version."""

    version: Version
    truth: str
    also: frozenset[str]
    """States that are allowed besides."""
    is_certain: bool
    """Whether it must be there."""

    def allows(self, state: str) -> bool:
        """Whether Jira may hold this."""
        return state == self.truth or state in self.also

    def __str__(self) -> str:
        """All states that are allowed."""
        missing = [] if self.is_certain else ["missing"]
        return " or ".join([self.truth, *sorted(self.also - {self.truth}), *missing])


class Sight:
    """What an operator could see, for certain."""

    def __init__(self, absences: Sequence[tuple[datetime, datetime]]) -> None:
        self._absences = absences

    def saw(self, begin: datetime | None, end: datetime | None) -> bool:
        """Whether something that was true from `begin` to `end` was seen; what never began was not."""
        if begin is None:
            return False
        last = end or FOR_EVER
        for absence, back in self._absences:
            if absence - begin >= RECORDED and absence < last:
                return True
            if absence < last:
                begin = max(begin, back)
        return last - begin >= LOOK

    def was_there(self, moment: datetime) -> bool:
        """Whether somebody looked at that moment, and for long enough afterwards to make use of it."""
        return not any(begin - RECORDED < moment <= end for begin, end in self._absences)


def expected_of(history: History, sight: Sight, now: datetime) -> list[Expected]:
    """Tell for each version of a workload, the oldest first, what Jira has to hold now."""
    versions = history.versions
    return [
        Expected(
            version=each,
            truth=_truth(each, _next(versions, index), now),
            also=_also(each, _next(versions, index), sight) | _also_if_deleted(each, versions, sight),
            is_certain=_is_certain(each, versions, sight) and _keys_are_certain(each, history.wishes, sight),
        )
        for index, each in enumerate(versions)
    ]


def _next(versions: Sequence[Version], index: int) -> Version | None:
    """The version that took the place of one; none if that lives or was deleted."""
    is_replaced = versions[index].end in {End.SUPERSEDED, End.ROLLED_BACK}
    return versions[index + 1] if is_replaced else None


def _truth(version: Version, successor: Version | None, now: datetime) -> str:
    if version.end is End.LIVES:
        return "failed" if _is_out_of_time(version, now) else _without_end(version)
    if version.outcome is Outcome.UNDECIDED:
        return _without_outcome(version)
    if version.end is End.ROLLED_BACK and successor and successor.outcome is Outcome.SUCCESSFUL:
        return "rolled_back"
    return version.outcome


def _also(version: Version, successor: Version | None, sight: Sight) -> frozenset[str]:
    if version.ended is None:
        return frozenset()
    if version.outcome is Outcome.UNDECIDED:
        is_seen = sight.was_there(version.ended) and sight.saw(version.began, version.ended)
        # One that had failed, and was about to go on, has failed after all.
        had_failed = version.failed is not None or _is_out_of_time(version, version.ended)
        late = {"failed"} if had_failed else set()
        return frozenset(late if is_seen else late | {"unknown"})
    if not sight.saw(version.decided, version.ended):
        return frozenset(_unseen(version))
    if successor and successor.outcome is Outcome.SUCCESSFUL:
        is_seen = sight.saw(successor.decided, successor.ended)
        return frozenset() if is_seen else frozenset({str(version.outcome)})
    return frozenset()


def _also_if_deleted(version: Version, versions: Sequence[Version], sight: Sight) -> frozenset[str]:
    """What may be said of a version whose outcome nobody saw, if nobody saw the workload since."""
    last = [each for each in versions if each.wish.uid == version.wish.uid][-1]
    if last.end is not End.DELETED or sight.saw(version.decided or version.began, last.ended):
        return frozenset()
    return frozenset({"unknown", "cancelled"})


def _unseen(version: Version) -> set[str]:
    """What may be said of a version whose outcome nobody saw."""
    states = {"unknown", str(version.outcome)}
    is_last_moment = bool(version.decided and version.ended and version.ended - version.decided < LOOK)
    if version.end is End.ROLLED_BACK or is_last_moment:
        states.add(_without_outcome(version))
    return states


def _is_certain(version: Version, versions: Sequence[Version], sight: Sight) -> bool:
    if _is_fleeting(version):
        return False
    if sight.saw(version.began, version.ended):
        return True
    mine = [each for each in versions if each.wish.uid == version.wish.uid]
    before = mine[: mine.index(version)]
    is_known = any(sight.saw(each.began, each.ended) for each in before)
    is_visible = version.ended is not None and sight.saw(version.ended, mine[-1].ended)
    return version.wish.in_template and is_known and is_visible


def _keys_are_certain(version: Version, wishes: Sequence[Wish], sight: Sight) -> bool:
    """Whether they are in its template, or somebody looked before the workload had those of the next one."""
    if version.wish.in_template:
        return True
    later = (each.at for each in wishes if each.at > version.wish.at)
    return sight.saw(version.wish.at, next(later, version.ended))


def _is_fleeting(version: Version) -> bool:
    """Whether it was deleted before its controller may have said a word of it: a wish waits for a second."""
    if version.end is not End.DELETED or version.outcome is not Outcome.UNDECIDED or version.ended is None:
        return False
    return version.ended - version.began < FLEETING


def _without_end(version: Version) -> str:
    return "in_progress" if version.outcome is Outcome.UNDECIDED else version.outcome


def _without_outcome(version: Version) -> str:
    return "rolled_back" if version.end is End.ROLLED_BACK else "cancelled"


def _is_out_of_time(version: Version, now: datetime) -> bool:
    if version.outcome is not Outcome.UNDECIDED or version.overdue is None:
        return False
    return version.overdue < now
