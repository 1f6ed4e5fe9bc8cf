"""Who may report to what: the rules of a site."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from .report import EnvironmentType


@dataclass(frozen=True, slots=True)
class AccessRule:
    """Allows Namespaces (globs) to report to projects, in environments of these types; empty allows all."""

    namespaces: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    environment_types: tuple[EnvironmentType, ...] = ()

    def allows(self, namespace: str, issue_key: str, kind: EnvironmentType) -> bool:
        """Whether a workload of this Namespace may report to this issue."""
        return (
            (not self.namespaces or any(fnmatchcase(namespace, glob) for glob in self.namespaces))
            and (not self.projects or issue_key.rpartition("-")[0] in self.projects)
            and (not self.environment_types or kind in self.environment_types)
        )


NOBODY: Final = AccessRule(namespaces=("",))
"""Allows nobody: what a site wants is not known while it is not there."""


def allowed(
    rules: Sequence[AccessRule], namespace: str, issue_keys: Sequence[str], kind: EnvironmentType
) -> tuple[str, ...]:
    """The issues that a workload of this Namespace may report to; a site without rules allows all."""
    if not rules:
        return tuple(issue_keys)
    return tuple(key for key in issue_keys if any(rule.allows(namespace, key, kind) for rule in rules))
