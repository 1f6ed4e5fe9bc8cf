"""What Jira holds in the end, against what there was."""

from collections.abc import Iterator

from chaos.evidence import Evidence, Violation, Wrong
from chaos.expected import Expected
from chaos.matching import Deployment, Match, held_of, is_of, keys_of, matched
from chaos.steps import ENVIRONMENT
from chaos.versions import History, histories

OPEN = frozenset({"pending", "in_progress"})
GIVEN_UP = frozenset({"cancelled", "rolled_back", "unknown"})
"""What may be left of a version that somebody asked for, and that no controller took up."""


def wrong_in_the_end(evidence: Evidence) -> Iterator[Violation]:
    """All that Jira should not hold, or should and does not."""
    matches = matched(evidence)
    for match in matches:
        yield from _wrong_of(match)
    for each in held_of(evidence):
        if not any(is_of(each, match.history) for match in matches):
            yield Violation(Wrong.PHANTOM, f"{_told(each)}: there was no such workload")


def not_recorded(evidence: Evidence) -> Iterator[Violation]:
    """Versions of the script that the recorder has not seen anybody ask for."""
    known = {history.name: history for history in histories(evidence.truth)}
    for track in evidence.script.tracks:
        wishes = known[track.name].wishes if track.name in known else []
        for release in track.releases:
            if not any(each.keys == release.keys for each in wishes):
                yield Violation(Wrong.BLIND, f"{track.name} with {' '.join(release.keys)}")


def _wrong_of(match: Match) -> Iterator[Violation]:
    history = match.history
    for pair in match.pairs:
        if pair.deployment:
            yield from _wrong_with(history, pair.expected, pair.deployment)
        elif pair.expected.is_certain:
            yield Violation(Wrong.MISSING, f"{history} {pair.expected.version}: should be {pair.expected}")
    for stray in match.strays:
        if not _was_asked_for(history, stray):
            yield Violation(Wrong.PHANTOM, f"{_told(stray)}: {history} had no such version")
    numbers = [pair.deployment["deploymentSequenceNumber"] for pair in match.pairs if pair.deployment]
    if numbers != sorted(set(numbers)):
        yield Violation(Wrong.ORDER, f"{history} has the numbers {numbers}, in the order of its versions")


def _wrong_with(history: History, expected: Expected, deployment: Deployment) -> Iterator[Violation]:
    what, state = f"{history} {expected.version}", deployment["state"]
    if not expected.allows(state):
        kind = Wrong.LEFT_OPEN if state in OPEN else Wrong.STATE
        yield Violation(kind, f"{what} is {state} ({deployment['description']}), should be {expected}")
    if keys_of(deployment) != {*expected.version.wish.keys}:
        yield Violation(Wrong.KEYS, f"{what} has {' '.join(sorted(keys_of(deployment)))}")
    place, tag = deployment["environment"]["id"], expected.version.wish.release.tag
    name, label = deployment["displayName"], deployment.get("label")
    if (place, name, label) != (ENVIRONMENT, f"{history.name} {tag}", tag):
        yield Violation(Wrong.NAME, f"{what} is called {name!r} with the label {label!r} in {place}")


def _was_asked_for(history: History, deployment: Deployment) -> bool:
    """Whether it is left of a version that was asked for, and that never was."""
    if deployment["state"] not in GIVEN_UP:
        return False
    made = {(each.wish.uid, each.wish.release) for each in history.versions}
    unmade = [each for each in history.wishes if (each.uid, each.release) not in made]
    return any({*each.keys} == keys_of(deployment) for each in unmade)


def _told(deployment: Deployment) -> str:
    place = f"{deployment['pipeline']['id']} {deployment['deploymentSequenceNumber']}"
    keys = " ".join(sorted(keys_of(deployment)))
    return f"{place} ({keys}, {deployment['displayName']}, {deployment['state']})"
