"""Rollouts that came and went unseen: told later, as far as it is certain whose they were."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from .closing import superseded
from .course import Course
from .entry import Entry
from .keys import certain_keys
from .ledger import Ledger
from .missed import id_of_missed
from .opening import is_of, next_number, opened, renamed
from .report import State
from .seen import Seen
from .workload import Kind, ReplicaSetFacts

_OVERTAKEN: Final = "superseded before it was under way"
_UNSEEN: Final = "came and went while nobody looked: its outcome is not known"


def catch_up(seen: Seen, ledger: Ledger, now: datetime) -> Ledger:
    """Record rollouts that came and went unseen, as far as it is certain whose they were.

    Nothing that was there before the workload was first reported is invented: there is no gap before it.
    """
    for facts in seen.course.missed:
        if seen.target is None or facts.is_ignored or ledger.find(id_of_missed(facts)):
            continue
        waiting = ledger.waiting
        asked = None if seen.course.may_have_ended(facts) else seen.asked_with(facts)
        is_it = waiting is not None and _is_of(waiting, facts, seen.course)
        recorded = waiting.issue_keys if waiting and is_it else ()
        keys = recorded or seen.allowed(certain_keys(seen, facts, ledger), seen.target.environment.type)
        if not keys:
            continue
        if seen.course.has_outlived_awaited:
            waiting = None
        if waiting and is_it:  # it went on while nobody looked
            begun = waiting
        elif waiting:  # the first that was taken up has its number; what waits now comes later
            begun = renamed(waiting, seen, keys, facts.images)
        else:
            number = next_number(seen, ledger, seen.target, facts.revision)
            begun = opened(seen, seen.target, number, keys, facts.images)
        ledger = superseded(
            ledger,
            f"revision {facts.revision}",
            now,
            was_unseen=asked is None or asked.was_unseen,
            but=begun.key,
        )
        least = max(facts.created, waiting.since) if waiting else facts.created
        entry = replace(
            begun,
            rollout_id=id_of_missed(facts),
            revision=facts.revision,
            replica_set=facts.pod_hash if seen.snapshot.ref.kind is Kind.ROLLOUT else facts.name,
            replica_set_created=facts.created,
            template=facts.template,
            release=facts.release,
            state=State.CANCELLED if asked else State.UNKNOWN,
            because=_OVERTAKEN if asked else _UNSEEN,
            since=least,
            began=asked.since if asked else facts.created,
        )
        if end := seen.course.told_end(facts):
            since = max(end.since or least, least)
            entry = replace(entry, state=end.state, because=end.because, since=since)
        ledger = ledger.put(entry)
    return ledger


def _is_of(waiting: Entry, facts: ReplicaSetFacts, course: Course) -> bool:
    """Whether a waiting entry is about a version; its images tell that only if it can be of no other one."""
    if waiting.release == facts.release:
        return True
    is_of_current = course.taken_up is not None and course.taken_up.release == waiting.release
    rivals = [each for each in course.missed if each is not facts and each.images == facts.images]
    return not (is_of_current or rivals) and is_of(waiting, facts.release, facts.images)
