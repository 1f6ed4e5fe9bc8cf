"""All that is known of a workload when its ledger is brought up to date."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .access import AccessRule, allowed
from .course import Asked, Course
from .report import EnvironmentType
from .target import Target
from .workload import ReplicaSetFacts, Snapshot

KEYS_QUIET_TIME: Final = timedelta(seconds=60)
"""Changed keys wait this long: they may be meant for a rollout that is about to begin (`kubectl annotate`,
then `kubectl set image`), which then owns them. Else they are a correction, and the present Jira deployment
gains them; it never loses any."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is known of a workload now."""

    snapshot: Snapshot
    course: Course
    keys_since: datetime
    """Since when the workload is seen to have its present keys."""
    target: Target | None
    """Where a rollout that begins now is reported to; `None` if nowhere."""
    keys_quiet_time: timedelta = KEYS_QUIET_TIME
    rules: tuple[AccessRule, ...] = ()
    """The access rules of its site."""

    def allowed(self, keys: tuple[str, ...], kind: EnvironmentType) -> tuple[str, ...]:
        """Those of the keys that it may report to from an environment of this type."""
        return allowed(self.rules, self.snapshot.ref.namespace, keys, kind)

    def asked_with(self, facts: ReplicaSetFacts) -> Asked | None:
        """The wish for a rollout that came and went unseen, see `Course.asked_with`."""
        return self.course.asked_with(facts, by_images=self.snapshot.is_reworded)

    @property
    def issue_keys(self) -> tuple[str, ...]:
        """The keys that the workload shows."""
        return self.snapshot.issue_keys


def over(snapshot: Snapshot) -> str | None:
    """Why nothing more is to be reported of a workload, `None` if it is."""
    if snapshot.deleting:
        return "the workload was deleted"
    if snapshot.is_muted:
        return "a Rollout has taken over"
    if snapshot.wishes.ignore:
        return "it is to be ignored"
    return None if snapshot.is_annotated else "its issue keys were removed"
