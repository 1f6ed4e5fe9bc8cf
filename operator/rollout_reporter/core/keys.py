"""Whose issue keys are they? Keys belong to a rollout; annotations change at other times than templates."""

from datetime import datetime, timedelta
from typing import Final

from .course import Course, Rollout
from .entry import Entry
from .ledger import Ledger
from .missed import id_of_missed
from .seen import Seen, over
from .workload import ReplicaSetFacts

CORRECTION_TIME: Final = timedelta(seconds=10)
"""Where Jira has refused everything, changed keys are most likely a correction, and wait no longer."""
MAX_ASSOCIATIONS: Final = 500
"""Jira's limit of issues and services of one deployment."""


def keys_of(rollout: Rollout, seen: Seen, ledger: Ledger) -> tuple[str, ...]:
    """The keys of a rollout that begins: those in its template, then others.

    For a way back the workload's keys come last: they can be those of the version that is left.
    """
    recorded = ledger.keys_of_release(rollout.release, rollout.replica_set) if rollout.replaces else ()
    return seen.snapshot.template_wishes.issue_keys.valid or recorded or seen.issue_keys


def keys_to_gain(seen: Seen, entry: Entry) -> tuple[str, ...]:
    """Keys that the workload has gained since the entry's own were decided on."""
    keys = seen.allowed(seen.issue_keys, entry.environment.type)
    return tuple(key for key in keys if key not in {*entry.issue_keys, *entry.noted_keys})


def keys_gained(seen: Seen, ledger: Ledger) -> tuple[tuple[str, ...], datetime] | None:
    """Which keys are added to the present Jira deployment, and when; `None` if none have changed."""
    course = seen.course
    if over(seen.snapshot) or course.asked or course.is_refused or course.taken_up is None:
        return None
    entry = ledger.find(course.taken_up.id)
    gained = keys_to_gain(seen, entry) if entry and len(entry.issue_keys) < MAX_ASSOCIATIONS else ()
    if entry is None or not gained:
        return None
    quiet_time = CORRECTION_TIME if is_refused(entry) else seen.keys_quiet_time
    return gained, seen.keys_since + min(quiet_time, seen.keys_quiet_time)


def is_refused(entry: Entry) -> bool:
    """Whether Jira has refused all that it was ever told of it, so that it holds nothing of it."""
    return entry.refusal is not None and entry.acknowledged is None


def keys_not_allowed(seen: Seen, ledger: Ledger) -> tuple[str, ...]:
    """Keys of the workload that its site's access rules do not let it report to."""
    kind = seen.target.environment.type if seen.target else None
    if kind is None and ledger.current:
        kind = ledger.current.environment.type
    permitted = seen.allowed(seen.issue_keys, kind) if kind else seen.issue_keys
    return tuple(key for key in seen.issue_keys if key not in permitted)


def certain_keys(seen: Seen, facts: ReplicaSetFacts, ledger: Ledger) -> tuple[str, ...]:
    """Keys in its template, or seen with it; else the workload's, if every copy since agrees with them.

    A ReplicaSet shows the workload's keys at the end of its time, which can be those of its successor. So
    the one before has to show the same, or the record if that one is gone or has come back.
    """
    if facts.template_keys.valid:
        return facts.template_keys.valid
    if asked := seen.asked_with(facts):
        return asked.issue_keys
    own = seen.snapshot.wishes.issue_keys.valid
    copies = {each.noted_keys.valid for each in seen.course.missed if not each.template_keys.valid}
    return own if {*copies, _keys_before(seen.course, ledger)} == {own} else ()


def _keys_before(course: Course, ledger: Ledger) -> tuple[str, ...] | None:
    recorded = ledger.find(course.previous.id) if course.previous else None
    if course.keys_before is None and recorded:
        return recorded.issue_keys
    return course.keys_before


def uncertain(seen: Seen, ledger: Ledger) -> tuple[ReplicaSetFacts, ...]:
    """Rollouts that came and went unseen and are skipped, because nobody can know their issue keys."""
    if over(seen.snapshot):
        return ()
    missed = (each for each in seen.course.missed if ledger.find(id_of_missed(each)) is None)
    return tuple(each for each in missed if not (each.is_ignored or certain_keys(seen, each, ledger)))
