"""The ledger of a workload: its Jira deployments, each as it should be and as Jira acknowledged it.

It is what a RolloutReport stores, and all that has to survive a restart.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Final

from .course import Course, Earlier, Rollout
from .numbers import revision_in
from .outcome import Accepted, Outcome, Rejected
from .report import DeploymentKey, Environment, Pipeline, Report, State, Update
from .workload import WorkloadRef

RECHECK_FIRST: Final = timedelta(minutes=5)
RECHECK_MOST: Final = timedelta(hours=6)
RECHECK_UNTIL: Final = timedelta(days=7)

HISTORY: Final = 10
"""How many earlier Jira deployments a ledger remembers."""
MOST: Final = 50
"""How many it remembers at the most, while Jira cannot be reached."""
MOST_UNCERTAIN: Final = 500
"""How many of those that Jira may hold as still open; each attempt in vain makes one more."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What Jira last accepted of a Jira deployment."""

    state: State
    content: str
    """Digest of the whole report, see `content_of`."""
    essence: str
    """Digest without the description, see `essence_of`."""
    update_number: int
    at: datetime
    unknown_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Jira's final no to a report; another content is worth another try."""

    content: str
    message: str
    unknown_keys: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One Jira deployment: one rollout of the workload, reported to one site."""

    workload_uid: str
    """An earlier workload of the same name has revisions and ReplicaSets of the same names."""
    site: str
    pipeline: Pipeline
    environment: Environment
    number: int
    rollout_id: str | None
    """See `Rollout.id`; `None` for a pending one whose template no controller has taken up yet."""
    revision: int | None = None
    replica_set: str | None = None
    replica_set_created: datetime | None = None
    template: str
    release: str
    replaces: str | None = None
    """Id of the rollout that this one rolls back."""
    began: datetime
    paused_since: datetime | None = None
    paused_for: timedelta = timedelta(0)
    state: State
    because: str
    since: datetime
    issue_keys: tuple[str, ...]
    noted_keys: tuple[str, ...] = ()
    """Keys that the workload showed when these were decided on; only a change of them adds any."""
    service_ids: tuple[str, ...] = ()
    display_name: str
    description: str = ""
    """A user's own words, put before the cause."""
    url: str
    label: str = ""
    left_out: int = 0
    """How many issues and services are beyond Jira's limit."""
    hints: tuple[str, ...] = ()
    """What a person should know of how its environment and link were found."""
    acknowledged: Acknowledged | None = None
    refusal: Refusal | None = None
    is_uncertain: bool = False
    """Whether Jira may hold it as still open: it was sent so, and no answer has come since."""

    @property
    def key(self) -> DeploymentKey:
        """Identity of the Jira deployment in its site."""
        return DeploymentKey(self.pipeline.id, self.environment.id, self.number)

    @property
    def report(self) -> Report:
        """What Jira should hold."""
        rollback = " (rollback)" if self.replaces else ""
        revision = f"revision {self.revision}{rollback}: " if self.revision is not None else ""
        return Report(
            pipeline=self.pipeline,
            environment=self.environment,
            number=self.number,
            state=self.state,
            issue_keys=self.issue_keys,
            service_ids=self.service_ids,
            display_name=self.display_name,
            description=" · ".join(filter(None, [self.description, f"{revision}{self.because}"])),
            saying=repr((self.description, self.revision, self.replaces, self.because)),
            url=self.url,
            label=self.label,
            last_updated=self.since,
        )

    @property
    def is_due(self) -> bool:
        """Whether Jira still has to hear of it."""
        content = content_of(self.report)
        acknowledged = self.acknowledged.content if self.acknowledged else None
        refused = self.refusal.content if self.refusal else None
        return content not in {acknowledged, refused}

    @property
    def is_urgent(self) -> bool:
        """Whether more than a description is due."""
        acknowledged = self.acknowledged.essence if self.acknowledged else None
        return self.is_due and essence_of(self.report) != acknowledged

    @property
    def is_perhaps_open_in_jira(self) -> bool:
        """Whether the last that Jira has heard of it may be that it is under way."""
        return self.is_uncertain or (self.acknowledged is not None and self.acknowledged.state.is_open)

    @property
    def recheck_at(self) -> datetime | None:
        """When to ask again about issues that Jira did not know, or what else it refused.

        They may have been created since, or the cause may be gone. The longer that goes on, the more seldom;
        after a week never again.
        """
        answer = self.refusal or self.acknowledged
        if answer is None or not (self.refusal or answer.unknown_keys):
            return None
        age = answer.at - self.since
        return answer.at + min(max(age / 2, RECHECK_FIRST), RECHECK_MOST) if age < RECHECK_UNTIL else None

    @property
    def is_waiting(self) -> bool:
        """Whether it is about a template that no controller has taken up yet."""
        return self.rollout_id is None and self.state.is_open

    def rollout(self, rollout_id: str) -> Rollout:
        """The rollout that it is about, as far as it was recorded."""
        return Rollout(
            id=rollout_id,
            template=self.template,
            release=self.release,
            revision=self.revision,
            replica_set=self.replica_set,
            replica_set_created=self.replica_set_created,
            replaces=self.replaces,
            state=self.state,
            because=self.because,
            since=self.since,
            began=self.began,
            progressed_at=self.since,
            paused_since=self.paused_since,
            paused_for=self.paused_for,
        )


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

    def keys_of_release(self, release: str) -> tuple[str, ...]:
        """The keys under which a release was reported before."""
        own = [each.issue_keys for each in self._own if each.release == release and each.rollout_id]
        return own[-1] if own else ()

    @property
    def _own(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.workload_uid == self.ref.uid)

    def put(self, entry: Entry) -> "Ledger":
        """Add an entry or replace the one of the same number."""
        others = tuple(each for each in self.entries if each.key != entry.key)
        entries = tuple(sorted((*others, entry), key=lambda each: each.number))
        return replace(self, entries=_forget(entries))

    def recheck(self, now: datetime) -> "Ledger":
        """Want those sent again that Jira may take by now, with all their issues."""
        ledger = self
        for entry in self.entries:
            if entry.recheck_at and entry.recheck_at <= now:
                known = entry.acknowledged and replace(entry.acknowledged, content="")
                ledger = ledger.put(replace(entry, acknowledged=known, refusal=None))
        return ledger

    def recheck_at(self) -> datetime | None:
        """When the next of them wants to be sent again."""
        return min((each.recheck_at for each in self.entries if each.recheck_at), default=None)

    def resend(self, site: str, since: datetime) -> "Ledger":
        """Want everything sent again that a site acknowledged before a moment: it may have forgotten it."""
        ledger = self
        for entry in self.entries:
            answer = entry.refusal or entry.acknowledged
            if entry.site == site and answer and answer.at < since:
                ledger = ledger.put(replace(entry, acknowledged=None, refusal=None))
        return ledger

    def attempt(self, key: DeploymentKey) -> "Ledger":
        """Note that an entry is about to be sent: whatever the answer, Jira may hold it from now on.

        So what it acknowledged before may stand no more, should that be wanted again.
        """
        entry = self.entry(key)
        if entry is None:
            return self
        known = entry.acknowledged
        if known and known.content != content_of(entry.report):
            known = replace(known, content="")
        return self.put(
            replace(entry, acknowledged=known, is_uncertain=entry.is_uncertain or entry.state.is_open)
        )

    def doubt(self, update: Update) -> "Ledger":
        """Want an update sent again that Jira accepted, unless a later one was acknowledged already."""
        entry = self.entry(update.report.key)
        if entry is None or entry.acknowledged is None or entry.acknowledged.update_number != update.number:
            return self
        return self.put(replace(entry, acknowledged=None))

    def settle(self, update: Update, outcome: Outcome, at: datetime) -> "Ledger":
        """Write down what Jira said of an update, unless a later one was acknowledged already."""
        entry = self.entry(update.report.key)
        if entry is None:
            return self
        content = content_of(update.report)
        match outcome:
            case Accepted(unknown_keys) if not entry.acknowledged or (
                entry.acknowledged.update_number < update.number
            ):
                state = update.report.state
                essence = essence_of(update.report)
                acknowledged = Acknowledged(state, content, essence, update.number, at, unknown_keys)
                settled = replace(entry, acknowledged=acknowledged, refusal=None, is_uncertain=False)
                return self.put(failed_after_all(settled))
            case Rejected(messages, unknown_keys):
                refusal = Refusal(content, "; ".join(messages), unknown_keys, at)
                return self.put(replace(entry, refusal=refusal))
            case _:
                return self


def failed_after_all(entry: Entry) -> Entry:
    """An entry that was given up: if Jira has heard last that it had failed, that stays its end."""
    told = entry.acknowledged.state if entry.acknowledged else None
    if told is not State.FAILED or entry.state not in {State.CANCELLED, State.UNKNOWN}:
        return entry
    return replace(entry, state=State.FAILED, because=f"had failed before, then {entry.because}")


def content_of(report: Report) -> str:
    """Digest of all that Jira shows of a report, the same in all versions that know the same facts."""
    facts = {each.name: getattr(report, each.name) for each in fields(report)}
    facts["description"] = facts.pop("saying") or facts["description"]
    told = sorted((name, str(value)) for name, value in facts.items() if value)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def essence_of(report: Report) -> str:
    """Digest of a report without its description, which may change often and matters less."""
    return content_of(replace(report, description="", saying=""))


def _forget(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Drop the oldest ones, but none that Jira still has to hear of.

    In a long outage those that are over and that Jira has never heard of go too: it holds nothing untrue of
    them, and memory stays bounded.
    """
    kept = tuple(entries)
    while len(kept) > HISTORY + 1 and not (kept[0].is_due or kept[0].state.is_open):
        kept = kept[1:]
    unheard = [each for each in kept[:-1] if each.acknowledged is None and not each.state.is_open]
    certain = [each for each in unheard if not each.is_uncertain]
    uncertain = [each for each in unheard if each.is_uncertain]
    too_many = certain[: max(0, len(kept) - len(uncertain) - MOST)]
    too_many += uncertain[: max(0, len(uncertain) - MOST_UNCERTAIN)]
    forgotten = set(map(id, too_many))
    return tuple(each for each in kept if id(each) not in forgotten)
