"""One Jira deployment, as it should be and as Jira acknowledged it."""

import hashlib
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from .course import Rollout
from .report import DeploymentKey, Environment, Pipeline, Report, State

RECHECK_FIRST: Final = timedelta(seconds=30)
RECHECK_MOST: Final = timedelta(hours=6)
RECHECK_UNTIL: Final = timedelta(days=7)


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


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Jira has not taken all of a report: it refused it, or knew not all of its issues."""

    since: datetime
    """When it said so first."""
    essence: str
    """Of the report that this is about; of another one it may take all."""


@dataclass(frozen=True, kw_only=True)  # no slots: the digests are kept
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
    was_idle: bool = False
    """See `Rollout.was_idle`."""
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
    shortfall: Shortfall | None = None
    is_uncertain: bool = False
    """Whether Jira may hold it as still open: it was sent so, and no answer to that has ever come."""
    is_awaited: bool = False
    """Whether it was last sent as still open, and the answer to that has not come yet."""

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
            # In whole seconds, as a status tells it: told again from that alone, it must not be earlier.
            last_updated=self.since.replace(microsecond=0),
        )

    @cached_property
    def content(self) -> str:
        """Digest of its report, see `content_of`."""
        return content_of(self.report)

    @cached_property
    def essence(self) -> str:
        """Digest of its report without the description, see `essence_of`."""
        return essence_of(self.report)

    @property
    def is_due(self) -> bool:
        """Whether Jira still has to hear of it."""
        acknowledged = self.acknowledged.content if self.acknowledged else None
        refused = self.refusal.content if self.refusal else None
        return self.content not in {acknowledged, refused}

    @property
    def is_urgent(self) -> bool:
        """Whether more than a description is due."""
        acknowledged = self.acknowledged.essence if self.acknowledged else None
        return self.is_due and self.essence != acknowledged

    @property
    def may_have_been_taken(self) -> bool:
        """Whether Jira may have taken it as still open, and its answer was never seen."""
        return self.is_uncertain or self.is_awaited

    @property
    def is_perhaps_open_in_jira(self) -> bool:
        """Whether the last that Jira has heard of it may be that it is under way."""
        return self.may_have_been_taken or (self.acknowledged is not None and self.acknowledged.state.is_open)

    @property
    def is_refused_end(self) -> bool:
        """Whether Jira has refused to hear of its end, and may hold it as under way for that."""
        return self.refusal is not None and not self.state.is_open and self.is_perhaps_open_in_jira

    def has_answer_since(self, at: datetime, state: State) -> bool:
        """Whether Jira has answered since `at` on being told this state."""
        known, refused = self.acknowledged, self.refusal
        is_refused = refused is not None and refused.at >= at and self.state is state
        return is_refused or (known is not None and known.at >= at and known.state is state)

    @property
    def recheck_at(self) -> datetime | None:
        """When to ask again about issues that Jira did not know, or what else it refused.

        They may have been created since, or the cause may be gone. The longer it has asked in vain, the more
        seldom; after a week never again.
        """
        answer = self.refusal or self.acknowledged
        if answer is None or not (self.refusal or answer.unknown_keys):
            return None
        # Records of an earlier version do not tell since when.
        age = answer.at - (self.shortfall.since if self.shortfall else self.since)
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
            was_idle=self.was_idle,
        )


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
