"""Which Jira deployment is about which version."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaos.evidence import Evidence
from chaos.expected import Expected, Sight, expected_of
from chaos.versions import History, Version, histories

Deployment = Mapping[str, Any]
Place = tuple[str, str, int]
"""Pipeline, environment, number."""


@dataclass(frozen=True)
class Pair:
    """A version, and what Jira holds of it."""

    expected: Expected
    deployment: Deployment | None


@dataclass(frozen=True)
class Match:
    """All that Jira holds of one workload."""

    history: History
    pairs: Sequence[Pair]
    """One for each version, the oldest first."""
    strays: Sequence[Deployment]
    """Those that are about no version."""


def matched(evidence: Evidence) -> list[Match]:
    """Find for each version of each workload the Jira deployment that is about it."""
    sight, held = Sight(evidence.absences), held_of(evidence)
    return [
        _match(
            history,
            expected_of(history, sight, evidence.truth.until),
            [each for each in held if is_of(each, history)],
        )
        for history in histories(evidence.truth)
    ]


def held_of(evidence: Evidence) -> list[Deployment]:
    """What Jira holds."""
    return [each["deployment"] for each in evidence.jira_state["deployments"]]


def is_of(deployment: Deployment, history: History) -> bool:
    """Whether it is in the pipeline of a workload."""
    return bool(deployment["pipeline"]["id"].endswith(history.pipeline))


def place_of(deployment: Deployment) -> Place:
    """What identifies a deployment in Jira."""
    number: int = deployment["deploymentSequenceNumber"]
    return deployment["pipeline"]["id"], deployment["environment"]["id"], number


def keys_of(deployment: Deployment) -> set[str]:
    """The issues that a deployment names."""
    associations = deployment.get("associations") or []
    return {
        key
        for each in associations
        if each["associationType"] in {"issueIdOrKeys", "issueKeys"}
        for key in each["values"]
    }


def _match(history: History, expected: Sequence[Expected], held: Sequence[Deployment]) -> Match:
    """By keys and number; then by keys in order; then by number, where the keys are wrong."""
    left = sorted(held, key=lambda each: each["deploymentSequenceNumber"])
    found: dict[int, Deployment] = {}
    for fits in (_fits, _has_keys, _has_number):
        for index, each in enumerate(expected):
            if index not in found and (taken := _take(left, each.version, fits)):
                found[index] = taken
    return Match(history, [Pair(each, found.get(index)) for index, each in enumerate(expected)], left)


def _take(
    left: list[Deployment], version: Version, fits: Callable[[Deployment, Version], bool]
) -> Deployment | None:
    for index, each in enumerate(left):
        if fits(each, version):
            return left.pop(index)
    return None


def _fits(deployment: Deployment, version: Version) -> bool:
    return _has_keys(deployment, version) and _has_number(deployment, version)


def _has_keys(deployment: Deployment, version: Version) -> bool:
    return keys_of(deployment) == {*version.wish.keys}


def _has_number(deployment: Deployment, version: Version) -> bool:
    return bool(deployment["deploymentSequenceNumber"] == version.number)
