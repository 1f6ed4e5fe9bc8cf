"""The ledger of a workload: its Jira deployments, each as it should be and as Jira acknowledged it.

It is what a RolloutReport stores, and all that has to survive a restart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from .course import Course, Earlier
from .entry import Acknowledged, Entry, Refusal, Shortfall, content_of, essence_of, failed_after_all
from .numbers import revision_in
from .outcome import Accepted, Outcome, Rejected
from .report import DeploymentKey, Update
from .workload import WorkloadRef

HISTORY: Final = 10
"""How many earlier Jira deployments a ledger remembers."""
MOST: Final = 50
"""How many it remembers of those that Jira has never heard of, or will be asked about again."""
MOST_UNCERTAIN: Final = 500
"""How many of those that Jira may hold as still open; each attempt in vain makes one more."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """All Jira deployments of a workload that are remembered, the oldest first."""

    ref: WorkloadRef
    entries: tuple[Entry, ...] = ()

    @property
    def current(self) -> Entry | None:
        """The newest one."""
        return self.entries[-1] if self.entries else None

    @property
    def due(self) -> tuple[Entry, ...]:
        """Those that Jira still has to hear of, the oldest first."""
        return tuple(entry for entry in self.entries if entry.is_due)

    @property
    def is_settled(self) -> bool:
        """Whether all are over, and Jira has heard of their ends."""
        return not any(each.state.is_open or each.is_due for each in self.entries)

    @property
    def course(self) -> Course:
        """What a new process knows of the workload's rollouts."""
        rollouts = [each.rollout(each.rollout_id) for each in self._own if each.rollout_id]
        if not rollouts:
            return Course(is_remembered=bool(self._own), awaited=self.awaited)
        *before, last = rollouts
        earlier = tuple(Earlier(each.template, each.replica_set) for each in reversed(before))
        previous = before[-1] if before else None
        return Course(
            taken_up=last, is_remembered=True, awaited=self.awaited, previous=previous, earlier=earlier
        )

    def highest_number(self, pipeline_id: str, environment_id: str) -> int | None:
        """Highest `deploymentSequenceNumber` recorded for a pipeline and environment."""
        wanted = (pipeline_id, environment_id)
        numbers = [e.number for e in self.entries if (e.pipeline.id, e.environment.id) == wanted]
        return max(numbers, default=None)

    def highest_update_number(self) -> int:
        """Highest `updateSequenceNumber` that Jira acknowledged, 0 for none."""
        return max((e.acknowledged.update_number for e in self.entries if e.acknowledged), default=0)

    def find(self, rollout_id: str | None) -> Entry | None:
        """The entry of a rollout."""
        own = [each for each in self._own if rollout_id and each.rollout_id == rollout_id]
        return own[-1] if own else None

    def entry(self, key: DeploymentKey) -> Entry | None:
        """The entry of a Jira deployment."""
        return next((each for each in self.entries if each.key == key), None)

    @property
    def waiting(self) -> Entry | None:
        """The pending entry whose template no controller has taken up yet."""
        return self.current if self.current and self.current.is_waiting else None

    @property
    def awaited(self) -> int | None:
        """The revision that the pending entry was expected to be given, by its number."""
        return revision_in(self.waiting.number) if self.waiting else None

    def keys_of_release(self, release: str, replica_set: str | None = None) -> tuple[str, ...]:
        """The keys under which a release was reported before.

        It may be known by its ReplicaSet alone: `kubectl argo rollouts undo` writes the template in the words
        of that.
        """
        told = [each for each in self._own if each.rollout_id]
        same = [
            each
            for each in told
            if each.release == release or (replica_set and each.replica_set == replica_set)
        ]
        return same[-1].issue_keys if same else ()

    @property
    def _own(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.workload_uid == self.ref.uid)

    def put(self, entry: Entry) -> "Ledger":
        """Add an entry or replace the one of the same number."""
        others = tuple(each for each in self.entries if each.key != entry.key)
        entries = tuple(sorted((*others, entry), key=lambda each: each.number))
        return replace(self, entries=_forget(entries))

    @property
    def refused_ends(self) -> "Ledger":
        """What Jira may hold as under way though it is over, and will be asked to take once more."""
        refused = (each for each in self.entries if each.is_refused_end and each.recheck_at)
        return replace(self, entries=tuple(refused))

    def recheck(self, now: datetime, *, ends_alone: bool = False) -> "Ledger":
        """Want those sent again that Jira may take by now, with all their issues.

        Of a workload that is not reported any more those ends alone that Jira has refused.
        """
        ledger = self
        for entry in (self.refused_ends if ends_alone else self).entries:
            if entry.recheck_at and entry.recheck_at <= now:
                known = entry.acknowledged and replace(entry.acknowledged, content="")
                ledger = ledger.put(replace(entry, acknowledged=known, refusal=None))
        return ledger

    def recheck_at(self) -> datetime | None:
        """When the next of them wants to be sent again."""
        return min((each.recheck_at for each in self.entries if each.recheck_at), default=None)

    def resend(self, site: str, since: datetime) -> "Ledger":
        """Want everything sent again that a site acknowledged before a moment: it may have forgotten it.

        What is true of now goes first, so it counts as heard of, as far as it is the same.
        """
        ledger = self
        for entry in self.entries:
            answer = entry.refusal or entry.acknowledged
            if entry.site == site and answer and answer.at < since:
                known = entry.acknowledged and replace(entry.acknowledged, content="")
                ledger = ledger.put(replace(entry, acknowledged=known, refusal=None, shortfall=None))
        return ledger

    def attempt(self, key: DeploymentKey) -> "Ledger":
        """Note that an entry is about to be sent: whatever the answer, Jira may hold it from now on.

        So what it acknowledged before may stand no more, should that be wanted again.
        """
        entry = self.entry(key)
        if entry is None:
            return self
        known = entry.acknowledged
        if known and known.content != entry.content:
            known = replace(known, content="")
        return self.put(
            replace(
                entry,
                acknowledged=known,
                is_uncertain=entry.may_have_been_taken,
                is_awaited=entry.state.is_open,
            )
        )

    def doubt(self, update: Update) -> "Ledger":
        """Want an update sent again that Jira accepted, unless a later one was acknowledged already."""
        entry = self.entry(update.report.key)
        if entry is None or entry.acknowledged is None or entry.acknowledged.update_number != update.number:
            return self
        return self.put(replace(entry, acknowledged=replace(entry.acknowledged, content="", essence="")))

    def settle(self, update: Update, outcome: Outcome, at: datetime) -> "Ledger":
        """Write down what Jira said of an update, unless a later one was acknowledged already."""
        entry = self.entry(update.report.key)
        if entry is None:
            return self
        content, essence = content_of(update.report), essence_of(update.report)
        short = entry.shortfall
        if short is None or short.essence != essence:
            short = Shortfall(at, essence)
        match outcome:
            case Accepted(unknown_keys) if not entry.acknowledged or (
                entry.acknowledged.update_number < update.number
            ):
                state = update.report.state
                acknowledged = Acknowledged(state, content, essence, update.number, at, unknown_keys)
                settled = replace(
                    entry,
                    acknowledged=acknowledged,
                    refusal=None,
                    shortfall=short if unknown_keys else None,
                    is_uncertain=False,
                    is_awaited=False,
                )
                return self.put(failed_after_all(settled))
            case Rejected(messages, unknown_keys):
                refusal = Refusal(content, "; ".join(messages), unknown_keys, at)
                return self.put(replace(entry, refusal=refusal, shortfall=short, is_awaited=False))
            case _:
                return self


def _forget(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Drop the oldest ones, but none that Jira still has to hear of, which may be for ever.

    Nor any that Jira will be asked about once more. Memory stays bounded: of those that are over so many are
    kept that Jira has never heard of, of which it holds nothing untrue; so many that it has refused
    altogether or knows without some of their issues; and more of those that it may hold as under way.
    """
    older, newest = (*entries,)[: -HISTORY - 1], (*entries,)[-HISTORY - 1 :]
    kept = (*(each for each in older if each.is_due or each.state.is_open or each.recheck_at), *newest)
    over = [each for each in kept[:-1] if not each.state.is_open]
    unheard = [each for each in over if each.acknowledged is None and each.refusal is None]
    asked_again = [each for each in over if each.recheck_at and not each.is_due]
    too_many = (
        *_beyond(MOST, [each for each in unheard if not each.may_have_been_taken]),
        *_beyond(MOST, [each for each in asked_again if not _is_held_open(each)]),
        *_beyond(MOST_UNCERTAIN, [each for each in unheard if each.may_have_been_taken]),
        *_beyond(MOST_UNCERTAIN, [each for each in asked_again if _is_held_open(each)]),
    )
    forgotten = set(map(id, too_many))
    return tuple(each for each in kept if id(each) not in forgotten)


def _is_held_open(entry: Entry) -> bool:
    return entry.acknowledged is not None and entry.is_refused_end


def _beyond(most: int, entries: Sequence[Entry]) -> Sequence[Entry]:
    """The oldest ones of too many."""
    return entries[: max(0, len(entries) - most)]
