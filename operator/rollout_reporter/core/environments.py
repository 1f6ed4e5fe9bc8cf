"""Which of Jira's environments a workload runs in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from . import names
from .lines import quoted
from .report import Environment, EnvironmentType
from .workload import Wishes

# The words of github-for-jira, so that a name means the same whatever tool reports it:
# https://github.com/atlassian/github-for-jira/blob/main/src/transforms/transform-deployment.ts
_WORDS: Final[Mapping[EnvironmentType, str]] = {
    EnvironmentType.DEVELOPMENT: "development dev trunk develop",
    EnvironmentType.TESTING: (
        "testing test tests tst integration integ intg int acceptance accept acpt "
        "qa qc control quality uat sit"
    ),
    EnvironmentType.STAGING: "staging stage stg sta preprod model internal",
    EnvironmentType.PRODUCTION: "production prod prd live",
}
_PATTERNS: Final = {
    kind: re.compile(rf"(^|.*[^a-z0-9])({'|'.join(words.split())})([^a-z0-9].*)?$")
    for kind, words in _WORDS.items()
}
_MAX_NAME: Final = 255
_LABELS: Final = ("environment", "env")


@dataclass(frozen=True, slots=True)
class EnvironmentRule:
    """A site's rule: Namespaces by glob, and the environment that they are."""

    namespaces: tuple[str, ...]
    name: str
    type: EnvironmentType


@dataclass(frozen=True, slots=True)
class NamespaceFacts:
    """What a Namespace says of itself."""

    name: str
    wishes: Wishes
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FoundEnvironment:
    """The environment, and what a person should know of how it was found."""

    environment: Environment
    hint: str = ""


def find_environment(
    wishes: Wishes, namespace: NamespaceFacts, rules: Sequence[EnvironmentRule], cluster: str
) -> FoundEnvironment:
    """Find the environment of a workload.

    The first that speaks wins: its annotations, its Namespace's, the site's rules, then well-known words in
    the Namespace's labels, its name and the cluster's name.
    """
    name = wishes.environment or namespace.wishes.environment
    kind = wishes.environment_type or namespace.wishes.environment_type
    otherwise = _without_annotation(namespace, rules, cluster)
    if kind is None:
        return _named(name) if name else otherwise
    name = name or otherwise.environment.name
    try:
        return _found(name, EnvironmentType(kind.lower()))
    except ValueError:
        known = ", ".join(EnvironmentType)
        hint = f"{names.ENVIRONMENT_TYPE} {quoted(kind)} is none of {known}"
        return _found(name, EnvironmentType.UNMAPPED, hint)


def _named(name: str) -> FoundEnvironment:
    kind = type_of(name)
    return _found(name, kind) if kind else _unmapped(name)


def _without_annotation(
    namespace: NamespaceFacts, rules: Sequence[EnvironmentRule], cluster: str
) -> FoundEnvironment:
    for rule in rules:
        if any(fnmatchcase(namespace.name, glob) for glob in rule.namespaces):
            return _found(rule.name, rule.type)
    labels = [namespace.labels[label] for label in _LABELS if namespace.labels.get(label)]
    for name in (*labels, namespace.name, cluster):
        if kind := type_of(name):
            return _found(name, kind)
    return _unmapped(namespace.name)


def type_of(name: str) -> EnvironmentType | None:
    """The type that a name suggests, `None` if it suggests nothing."""
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.match(name.lower())), None)


def _found(name: str, kind: EnvironmentType, hint: str = "") -> FoundEnvironment:
    """An environment; Jira takes 255 characters of its name."""
    return FoundEnvironment(Environment(name[:_MAX_NAME], name[:_MAX_NAME], kind), hint)


def _unmapped(name: str) -> FoundEnvironment:
    hint = f"environment type unmapped, set it with {names.ENVIRONMENT_TYPE}"
    return _found(name, EnvironmentType.UNMAPPED, hint)
