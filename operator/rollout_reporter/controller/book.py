"""What the leader knows of each place: the working memory of one term of leadership."""

import logging
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rollout_reporter.cluster.journal_pages import Listed
from rollout_reporter.cluster.reports import StoredReport
from rollout_reporter.core.closing import close
from rollout_reporter.core.condition import ShownCondition
from rollout_reporter.core.course import Course
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.ledger import MOST, Ledger
from rollout_reporter.core.report import DeploymentKey, Report, State
from rollout_reporter.core.untold import Untold
from rollout_reporter.core.workload import Kind, Place, ReplicaSetFacts, Signal, Snapshot, WorkloadRef

from .settings import DOUBT
from .sightings import Sighting

log = logging.getLogger(__name__)


Id = tuple[str, DeploymentKey]
"""A Jira deployment over all sites."""


@dataclass(slots=True, kw_only=True)
class Tracked:
    """One place with an annotated workload, or with one that was annotated."""

    ledger: Ledger
    course: Course = field(default_factory=Course)
    snapshot: Snapshot | None = None
    """`None` until the workload was seen in this term, and when it is gone."""
    is_gone: bool = False
    hidden_since: datetime | None = None
    """Since when we may not read it: its Namespace, or our rights in it, may be gone."""
    handed: set[Id] = field(default_factory=set)
    """What the post has, or had, to send."""
    enlisted: set[Id] = field(default_factory=set)
    """What the journal lists."""
    inherited: set[Id] = field(default_factory=set)
    """What an earlier leader may have sent without recording it."""
    listed: tuple[Listed, ...] = ()
    """What the journal lists of it, until that is brought together with its record."""
    issue_keys: tuple[str, ...] = ()
    keys_since: datetime | None = None
    gains: tuple[tuple[str, ...], datetime] | None = None
    """Keys that the present Jira deployment is about to gain, and when."""
    keys_not_allowed: tuple[str, ...] = ()
    no_site: str | None = None
    untold: Untold | None = None
    """Rollouts that could not be recorded, for want of a site or of its permission."""
    owner: str | None = None
    """Namespace of another installation that reports the workload; then we do not."""
    is_claimed: bool = False
    """Whether a RolloutReport has ever said that this installation reports the workload."""
    stored: StoredReport | None = None
    """The RolloutReport as it was written last."""
    shown: ShownCondition | None = None
    """The condition on the workload as it was seen or written last."""
    shown_version: int = 0
    """Version of the workload that `shown` is of."""

    doubted_since: datetime | None = None
    """Since when nothing but older snapshots than the last one come."""
    described_since: datetime | None = None
    """Since when the condition on the workload should have another message."""
    urgent_since: datetime | None = None
    """Since when Jira does not hold the present state."""
    rehearsed: tuple[Report, ...] = ()
    """What a dry run has logged in place of sending it."""
    skipped: tuple[ReplicaSetFacts, ...] = ()
    """Rollouts that came and went unseen, and that nobody is told of: their keys are not certain."""
    unreported: str | None = None
    """Reason for which Jira does not hold what it should, see `conditions.UNREPORTED`."""
    told: tuple[int, str] | None = None
    """The Jira deployment and reason of the last Event."""

    def rehearse(self, entry: Entry) -> None:
        """Log, once, what a dry run does not send."""
        if entry.report not in self.rehearsed:
            log.info("%s: dry run, not sent: %s", self.ref.place, entry.report)
            others = [each for each in self.rehearsed if each.key != entry.key]
            self.rehearsed = (*others[-MOST:], entry.report)

    def claim(self, stored: StoredReport) -> None:
        """Note that this installation reports the workload."""
        self.stored, self.is_claimed, self.owner, self.listed = stored, True, None, ()

    @property
    def is_record_known(self) -> bool:
        """Whether all that is on record of it was read in this term, or there was nothing."""
        return self.is_claimed and not self.listed

    def recall(self, record: Ledger, now: datetime) -> None:
        """Go back to a record that could not be read before, and to what the journal lists besides."""
        for each in self.listed:
            record = _owing(record, each, now)
        self.ledger, self.course = record, record.course

    @property
    def is_yet_to_be_seen(self) -> bool:
        """Whether it is on record, and nobody has looked yet whether it is still as it was."""
        return self.snapshot is None and not self.is_gone and self.hidden_since is None

    @property
    def due(self) -> dict[Id, Entry]:
        """What Jira still has to hear from us.

        What an earlier leader has left open is not: it may have told more than it could write down. Of a
        workload that is not (or no more) ours to report, it is the end of what Jira has heard from us.
        """
        due = {(entry.site, entry.key): entry for entry in self.ledger.due}
        return {id_: each for id_, each in due.items() if self._is_ours(id_, each)}

    def _is_ours(self, id_: Id, entry: Entry) -> bool:
        is_ours = self.is_claimed and not self.owner
        if entry.state.is_open:
            return is_ours and id_ not in self.inherited
        return is_ours or entry.is_perhaps_open_in_jira

    def confirm(self) -> None:
        """Believe what an earlier leader has left open, where the workload itself says the same now."""
        snapshot, course = self.snapshot, self.course
        entry = None
        if course.asked:
            waiting = self.ledger.waiting
            entry = waiting if waiting and waiting.template == course.asked.template else None
        elif course.taken_up and snapshot and snapshot.observed:
            entry = self.ledger.find(course.taken_up.id)
        if entry:
            self.inherited.discard((entry.site, entry.key))

    @property
    def wanted_entry(self) -> Entry | None:
        """The Jira deployment that people want to read about."""
        if self.snapshot is None:
            return self.ledger.current
        if self.course.asked:
            return self.ledger.waiting
        taken_up = self.course.taken_up
        return self.ledger.find(taken_up.id) if taken_up else None

    @property
    def may_be_written(self) -> bool:
        """Whether a write of ours on the workload meets none of its controller's.

        The Deployment controller speaks of a new ReplicaSet once. If that write meets another one, it forgets
        to, and then it never calls the rollout failed.
        """
        snapshot, rollout = self.snapshot, self.course.taken_up
        if snapshot is None or snapshot.ref.kind is not Kind.DEPLOYMENT or not snapshot.is_annotated:
            return True
        if not snapshot.observed or (self.course.asked and not snapshot.paused):
            return False
        return self.course.asked is not None or rollout is None or rollout.revision == snapshot.revision

    @property
    def refused_spec(self) -> str | None:
        """Why the workload's controller refuses its spec, if it does."""
        return self.snapshot.reading.because if self.snapshot and self.course.is_refused else None

    @property
    def has_no_replicas(self) -> bool:
        """Whether nothing runs because nobody wants it to."""
        return self.snapshot is not None and self.snapshot.reading.signal is Signal.IDLE

    @property
    def malformed_keys(self) -> tuple[str, ...]:
        """Words in the place of issue keys that are none."""
        if self.snapshot is None:
            return ()
        own, template = self.snapshot.wishes.issue_keys, self.snapshot.template_wishes.issue_keys
        return (template if template.given else own).malformed

    @property
    def ref(self) -> WorkloadRef:
        """The workload that stands here now."""
        return self.ledger.ref

    def has_seen_namesake_of(self, snapshot: Snapshot) -> bool:
        """Whether a snapshot comes too late: another workload of its name was seen since."""
        seen = self.snapshot
        return seen is not None and seen.ref != snapshot.ref and snapshot.is_older_than(seen)

    def doubt(self, snapshot: Snapshot, now: datetime) -> timedelta:
        """For how long a snapshot is not believed that is older than what was seen of the same workload.

        A list from an API server that lags shows such ones, and its watch soon shows the newer ones again. A
        cluster that was restored from a backup goes on counting from lower versions.
        """
        seen = self.snapshot
        if seen is None or seen.ref != snapshot.ref or not snapshot.is_older_than(seen):
            self.doubted_since = None
            return timedelta(0)
        self.doubted_since = min(self.doubted_since or now, now)  # a clock may be set back
        return max(DOUBT - (now - self.doubted_since), timedelta(0))

    def may_be_behind(self, snapshot: Snapshot) -> bool:
        """Whether a first look shows a version of which the record knows an end.

        The workload may have gone back to it, or that look is older than the record: a watch can be late.
        """
        if self.snapshot is not None or snapshot.ref != self.ref:
            return False
        shown = [each for each in self.ledger.entries if each.template == snapshot.template]
        if not shown or shown[-1].workload_uid != self.ref.uid or shown[-1].state.is_open:
            return False
        return shown[-1] is not self.ledger.current or shown[-1].state is not State.SUCCESSFUL

    def see(self, snapshot: Snapshot, now: datetime) -> None:
        """Take in a new snapshot; another workload of the same name closes what its namesake left open."""
        if snapshot.ref != self.ref:
            closed = close(self.ledger, "the workload was deleted", now)
            self.ledger = replace(closed, ref=snapshot.ref)
            self.course, self.untold, self.shown, self.shown_version = Course(), None, None, 0
        self.snapshot, self.is_gone, self.hidden_since = snapshot, False, None
        if snapshot.resource_version >= self.shown_version:
            self.shown, self.shown_version = snapshot.shown, snapshot.resource_version

    def read_keys(self, snapshot: Snapshot, now: datetime) -> datetime:
        """Take in the keys as they read now; return since when they read so."""
        if self.keys_since is None or snapshot.issue_keys != self.issue_keys:
            self.issue_keys, self.keys_since = snapshot.issue_keys, now
        self.keys_since = min(self.keys_since, now)  # a clock may be set back
        return self.keys_since


class Book(dict[Place, Tracked]):
    """All places."""

    @classmethod
    def of(cls, reports: Iterable[StoredReport], listed: Iterable[Listed], now: datetime) -> "Book":
        """Open the book with what an earlier term has written down.

        What the journal lists may have been sent without being recorded. A place without a record is that of
        the youngest workload which is listed there.
        """
        book = cls({each.ledger.ref.place: _remembered(each) for each in reports})
        for each in sorted(listed, key=lambda each: each.entry.number, reverse=True):
            tracked = book.place_for(each.ref)
            tracked.ledger = _owing(tracked.ledger, each, now)
            tracked.enlisted.add(each.id)
            tracked.inherited.add(each.id)
            tracked.is_claimed = True
            tracked.course = tracked.ledger.course
            if tracked.stored is None:
                tracked.listed += (each,)
        return book

    def add(self, reports: Iterable[StoredReport]) -> tuple[Place, ...]:
        """Take in what could be read only now; what was seen since counts for more. Return what is new."""
        found = {each.ledger.ref.place: _remembered(each) for each in reports}
        new = {place: tracked for place, tracked in found.items() if place not in self}
        self.update(new)
        return tuple(new)

    def unrecorded(self) -> "Book":
        """Those of which there is no RolloutReport: the next term would not know of them."""
        return Book({place: each for place, each in self.items() if not each.stored and each.ledger.entries})

    def recall(self, former: "Book", unread: Container[str]) -> None:
        """Take in what our last term knew and could not put on record, as while the CRD is not there.

        Only for who knows that nobody has led since: another leader may have told more. Another installation
        may have claimed a workload meanwhile, so it is to be claimed again.
        """
        for place, known in former.items():
            if place not in self and place.namespace not in unread:
                ledger = known.ledger
                self[place] = Tracked(ledger=ledger, course=ledger.course, inherited=set(known.inherited))

    def count_in(self, state: State) -> int:
        """How many Jira deployments should have this state."""
        entries = (entry for tracked in self.values() for entry in tracked.ledger.entries)
        return sum(entry.state is state for entry in entries)

    def count_unreported(self, reason: str) -> int:
        """Of how many workloads Jira does not hold what it should, for this reason."""
        return sum(tracked.unreported == reason for tracked in self.values())

    def highest_number(self, place: Place, pipeline_id: str, environment_id: str) -> int | None:
        """Highest number that workloads elsewhere than in a place have in a pipeline and environment."""
        others = (tracked.ledger for other, tracked in self.items() if other != place)
        numbers = (each.highest_number(pipeline_id, environment_id) for each in others)
        return max((each for each in numbers if each is not None), default=None)

    def tells(self, sighting: Sighting | None) -> bool:
        """Whether a sighting shows a rollout that is over, and that Jira has heard the end of."""
        tracked = self.get(sighting.ref.place) if sighting else None
        if tracked is None or not isinstance(sighting, Snapshot) or tracked.ref != sighting.ref:
            return False
        current = tracked.ledger.current
        return bool(current and current.template == sighting.template and tracked.ledger.is_settled)

    def place_for(self, ref: WorkloadRef) -> Tracked:
        """What is known of a workload's place."""
        return self.setdefault(ref.place, Tracked(ledger=Ledger(ref)))


def _owing(ledger: Ledger, listed: Listed, now: datetime) -> Ledger:
    """The ledger with what may have been sent and not been recorded: it is owed to Jira again."""
    noted, known = listed.entry, ledger.entry(listed.entry.key)
    if known and known.has_answer_since(listed.at, noted.state):
        return ledger
    newest = noted if known is None or not _is_news(known, listed) else known
    # Its number may be far ahead of the clock by now, and only a higher one counts.
    acknowledged = known.acknowledged if known else None
    heard = acknowledged and replace(acknowledged, state=noted.state, content="", essence="")
    entry = replace(newest, acknowledged=heard, refusal=None, is_uncertain=True)
    if listed.ref != ledger.ref and entry.state.is_open:
        because = "the workload was deleted"
        entry = replace(entry, state=State.CANCELLED, because=because, since=now)
    return ledger.put(entry)


def _is_news(recorded: Entry, listed: Listed) -> bool:
    """Whether a record knows more than what was noted last: that was sent, or about to be, and this was not.

    Not the state that became true later is the newer one: a number can turn out to be another version's.
    """
    is_untold_end = listed.entry.state.is_open and not recorded.state.is_open and recorded.is_due
    return is_untold_end or recorded.since > listed.at


def _remembered(report: StoredReport) -> Tracked:
    return Tracked(ledger=report.ledger, course=report.ledger.course, stored=report, is_claimed=True)
