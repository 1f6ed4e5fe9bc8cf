"""What Jira was told on the way, against what was true at that moment."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from chaos.evidence import Evidence, Violation, Wrong
from chaos.matching import matched, place_of
from chaos.versions import History, Outcome, Version

LATE: Final = timedelta(seconds=1)
"""By how much the recorder may be behind the operator."""


def said_too_early(evidence: Evidence) -> Iterator[Violation]:
    """Outcomes and ends that Jira heard of before there were any."""
    known: dict[object, tuple[History, Version]] = {
        place_of(pair.deployment): (match.history, pair.expected.version)
        for match in matched(evidence)
        for pair in match.pairs
        if pair.deployment
    }
    for record in evidence.jira_state["history"]:
        told, at = record["deployment"], datetime.fromisoformat(record["received"])
        if place_of(told) not in known:
            continue
        history, version = known[place_of(told)]
        since = _since(version, history, told["state"], record["issues"])
        if since is None or at + LATE < since:
            yield Violation(Wrong.EARLY, f"{history} {version} was called {told['state']} at {at}")


def _since(version: Version, history: History, state: str, issues: Sequence[str]) -> datetime | None:
    """Since when a state could be true of a version; never is None.

    What waits leaves its deployment to the next version that is asked for, and was told under its own issues.
    """
    match state:
        case "pending":
            waited = (each.at for each in history.wishes if set(each.keys) == set(issues))
            return min(version.wish.at, *waited)
        case "in_progress":
            return version.wish.at
        case "successful":
            return version.decided if version.outcome is Outcome.SUCCESSFUL else None
        case "failed":
            times = [each for each in (version.failed, version.overdue) if each]
            return min(times, default=None)
        case _:
            return min(filter(None, (version.ended, _given_up(version, history))), default=None)


def _given_up(version: Version, history: History) -> datetime | None:
    """When somebody asked for another version; its controller may take its time to heed that."""
    later = (each for each in history.wishes if each.at > version.wish.at)
    return next((each.at for each in later if each.release != version.wish.release), None)
