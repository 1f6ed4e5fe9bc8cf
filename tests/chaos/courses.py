"""What Jira has stored and dropped of each deployment, one update after the other."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from chaos.evidence import Evidence, Violation, Wrong
from chaos.matching import Deployment, Place, keys_of, place_of

NEXT: Mapping[str, frozenset[str]] = {
    "pending": frozenset({"in_progress", "successful", "failed", "cancelled", "rolled_back", "unknown"}),
    "in_progress": frozenset({"successful", "failed", "cancelled", "rolled_back", "unknown"}),
    # Cancelled if it had gone on, of which Jira was not told; whether that is true is judged elsewhere.
    "failed": frozenset({"in_progress", "successful", "rolled_back", "cancelled"}),
    "successful": frozenset({"rolled_back"}),
}
"""What may follow a state, besides itself; nothing follows those that are not here."""

EXPLAIN_DROPPED = frozenset({"frozen", "jira-slow"})
"""Faults by which a request of an old leader, or an older one of the same, can arrive after a newer one."""


def wrong_on_the_way(evidence: Evidence) -> Iterator[Violation]:
    """All steps that no rollout takes."""
    courses: defaultdict[Place, list[Deployment]] = defaultdict(list)
    for each in evidence.jira_state["history"]:
        courses[place_of(each["deployment"])].append(each["deployment"])
    for place, course in courses.items():
        yield from _regressions(place, course)
        yield from _sharing(place, course)


def dropped(evidence: Evidence) -> Iterator[Violation]:
    """Updates that came after the same or a newer one, where no fault explains it."""
    if evidence.faults & EXPLAIN_DROPPED:
        return
    for each in evidence.jira_state["dropped"]:
        update = each["deployment"]
        text = f"{_name(place_of(update))} {update['state']}, update {update['updateSequenceNumber']}"
        yield Violation(Wrong.DROPPED, f"{text}, at {each['received']}")


def _regressions(place: Place, course: Sequence[Deployment]) -> Iterator[Violation]:
    for before, after in pairwise(course):
        old, new = before["state"], after["state"]
        if new != old and new not in NEXT.get(old, ()):
            yield Violation(
                Wrong.REGRESSION, f"{_name(place)} was {old}, then {new} ({after['description']})"
            )
        for field in ("updateSequenceNumber", "lastUpdated"):
            is_back = after[field] < before[field] or (
                field == "updateSequenceNumber" and after[field] == before[field]
            )
            if is_back:
                values = f"{before[field]} ({old}), then {after[field]} ({new})"
                yield Violation(Wrong.REGRESSION, f"{_name(place)}: {field} was {values}")


def _sharing(place: Place, course: Sequence[Deployment]) -> Iterator[Violation]:
    """One number is one version; only one that waits may still give way to another."""
    told = [
        (each["displayName"], each.get("label"), frozenset(keys_of(each)))
        for each in course
        if each["state"] != "pending"
    ]
    for before, after in pairwise(told):
        if before[:2] != after[:2] or not before[2] <= after[2]:
            yield Violation(Wrong.SHARED_NUMBER, f"{_name(place)} was {_said(*before)}, then {_said(*after)}")


def _name(place: Place) -> str:
    return " ".join(map(str, place))


def _said(name: str, label: str | None, keys: frozenset[str]) -> str:
    return f"{name!r} ({label}, {' '.join(sorted(keys))})"
