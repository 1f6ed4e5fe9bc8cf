"""A resync: everything known is sent again, because Jira may have forgotten it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase

from .entry import Entry
from .ledger import Ledger


@dataclass(frozen=True, slots=True)
class Resync:
    """What is to be sent again."""

    requested: datetime
    """Everything that was acknowledged before it."""
    namespaces: tuple[str, ...] = ()
    """Globs; empty for all."""
    prune_keys: bool = False
    """Whether present Jira deployments lose the issues that their workloads name no more."""

    def concerns(self, namespace: str) -> bool:
        """Whether workloads of a Namespace are to be sent again."""
        return not self.namespaces or any(fnmatchcase(namespace, glob) for glob in self.namespaces)


def unanswered(due: Iterable[Entry], site: str, since: datetime) -> int:
    """How many of those that are due had begun before a moment, and were not answered to since."""
    old = [each for each in due if each.site == site and each.began < since]
    answers = [each.refusal or each.acknowledged for each in old]
    return sum(answer is None or answer.at < since for answer in answers)


def pruned(ledger: Ledger, site: str, shown: tuple[str, ...]) -> Ledger:
    """Take from the present Jira deployment the issues that the workload shows no more.

    One issue at least stays, since Jira holds no deployment without any; earlier ones keep theirs. Keys that
    wait for their quiet time go on waiting.
    """
    current = ledger.current
    if current is None or current.site != site or current.is_waiting:
        return ledger
    kept = tuple(key for key in current.issue_keys if key in shown)
    noted = tuple(key for key in current.noted_keys if key in shown)
    return ledger.put(replace(current, issue_keys=kept, noted_keys=noted)) if kept else ledger
