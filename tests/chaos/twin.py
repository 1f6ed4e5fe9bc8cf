"""A run against its twin, in which the same script was played and nothing broke.

The other checks trust what the recorder saw, and rules on what has to follow from it. This one asks them only
which version a deployment is about, and what nobody could see: what the script decides has to be the same in
Jira both times, whatever they make of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from chaos.decided import Name, decided
from chaos.evidence import Evidence, Violation, Wrong
from chaos.excuses import ALLOWED, MISSING, Excuse, excuses_of
from chaos.expected import Sight
from chaos.matching import Deployment, Match, Place, keys_of, matched, place_of
from chaos.panel import OPEN
from chaos.script import Script


@dataclass(frozen=True)
class Entry:
    """What Jira held of a version in the end."""

    state: str = MISSING
    keys: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    """All states that mean an end, and that Jira was told of it, the last one included."""
    excuses: frozenset[Excuse] = frozenset()


Panel = Mapping[Name, Entry]
"""What Jira held in the end, in a form that can be compared over runs."""

_NOTHING: Final = Entry()


def panel_of(evidence: Evidence) -> Panel:
    """What Jira held in the end."""
    sight, ends = Sight(evidence.absences), _ends(evidence)
    panel: dict[Name, Entry] = {}
    for match in matched(evidence):
        for tag, entry in _entries(match, sight, ends):
            times = (Name(str(match.history), tag, time) for time in count(1))
            panel[next(each for each in times if each not in panel)] = entry
    return panel


def differences(script: Script, twin: Panel, run: Panel) -> Iterator[Violation]:
    """All that is decided by the script, and that is not as it is in the twin."""
    scripted = decided(script)
    for name in {**scripted, **twin, **run}:
        difference = _difference(twin.get(name, _NOTHING), run.get(name, _NOTHING))
        if difference and scripted.get(name, True):
            yield Violation(Wrong.OTHER_THAN_UNDISTURBED, f"{name} {difference}")


def _difference(twin: Entry, run: Entry) -> str:
    """What differs and should not, for a sentence; empty if nothing does."""
    if run.state != twin.state and not _is_excused(twin, run):
        return f"is {run.state}, undisturbed it is {twin.state}"
    if MISSING in {run.state, twin.state}:
        return ""
    if run.keys != twin.keys:
        return f"has {_listed(run.keys)}, undisturbed it has {_listed(twin.keys)}"
    if wrong := run.ends - twin.ends - {run.state}:
        return f"was called {_listed(wrong)} on its way, undisturbed it never was"
    return ""


def _is_excused(twin: Entry, run: Entry) -> bool:
    """Whether one of them has an excuse to be other than the other."""
    return any((twin.state, run.state) in ALLOWED[each] for each in run.excuses) or any(
        (run.state, twin.state) in ALLOWED[each] for each in twin.excuses
    )


def _entries(match: Match, sight: Sight, ends: Mapping[Place, frozenset[str]]) -> Iterator[tuple[str, Entry]]:
    """Tags and entries of all versions, the oldest first, and of all that Jira holds besides."""
    expected = [pair.expected for pair in match.pairs]
    for index, pair in enumerate(match.pairs):
        held = _held(pair.deployment, ends) if pair.deployment else _NOTHING
        excuses = frozenset(excuses_of(expected[index:], sight))
        yield pair.expected.version.wish.release.tag, replace(held, excuses=excuses)
    for stray in match.strays:
        yield str(stray.get("label")), _held(stray, ends)


def _held(deployment: Deployment, ends: Mapping[Place, frozenset[str]]) -> Entry:
    keys = frozenset(keys_of(deployment))
    return Entry(deployment["state"], keys, ends.get(place_of(deployment), frozenset()))


def _ends(evidence: Evidence) -> Mapping[Place, frozenset[str]]:
    """The states, of each deployment that Jira ever held, that mean an end."""
    found: defaultdict[Place, set[str]] = defaultdict(set)
    for each in evidence.jira_state["history"]:
        told = each["deployment"]
        found[place_of(told)] |= {told["state"]} - OPEN
    return {place: frozenset(states) for place, states in found.items()}


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
