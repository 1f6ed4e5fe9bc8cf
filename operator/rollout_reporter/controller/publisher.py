"""Showing how things stand: RolloutReport, condition and Events, with as few writes as that takes.

What is shown follows what Jira holds. A RolloutReport is written when everything is settled with Jira or a
person has to know why not, so one transition of a rollout costs one write of it.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from rollout_reporter.cluster.conditions import write_condition
from rollout_reporter.cluster.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    TerminatingError,
)
from rollout_reporter.cluster.events import Event, EventRecorder, EventType
from rollout_reporter.cluster.lookups import workload_reference
from rollout_reporter.cluster.reports import (
    ForeignReportError,
    claim_report,
    load_report,
    remove_report,
    store_report,
)
from rollout_reporter.cluster.resources import ConditionModel
from rollout_reporter.core.condition import Condition, ShownCondition, Status, shown
from rollout_reporter.core.conditions import SENDING, Circumstances, issues_known, reported
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.workload import Kind, Place, Snapshot, WorkloadRef

from .backoff import Backoffs
from .book import Book, Tracked
from .context import Context
from .metrics import METRICS
from .post import Post
from .queue import WorkQueue
from .settings import ANNOUNCE_AFTER, CONFLICT_PAUSE, QUIET, WRITERS
from .site_status import IDLE

log = logging.getLogger(__name__)


class Publisher:
    """Writes what people read, and what the next leader remembers."""

    def __init__(self, context: Context, book: Book, post: Post) -> None:
        self._context, self._api = context, context.api
        self._book, self._post = book, post
        self._events = EventRecorder(self._api, instance=context.identity, now=context.now)
        self._queue: WorkQueue[Place] = WorkQueue("publisher")
        self._backoffs: Backoffs[Place] = Backoffs()

    def publish(self, place: Place) -> None:
        """Want a place shown as it stands."""
        self._queue.add(place)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to write now."""
        return self._queue.is_idle

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            place = await self._queue.take()
            try:
                if self._context.is_leader() and (tracked := self._book.get(place)):
                    await self._show(tracked)
                self._backoffs.reset(place)
            except ClusterError as error:
                METRICS.api_error(error)
                log.warning("%s: cannot be shown: %s", place, error)
                self._queue.add_after(place, self._backoffs.next(place))
            except Exception:  # one workload that cannot be shown must not stop the others
                log.exception("%s: cannot be shown, please report this", place)
                self._queue.add_after(place, self._backoffs.next(place))
            finally:
                self._queue.done(place)

    async def _show(self, tracked: Tracked) -> None:
        condition = self._condition(tracked)
        tracked.unreported = condition.reason if condition and condition.status is Status.FALSE else None
        if tracked.is_gone:
            await self._show_gone(tracked, condition)
            return
        if rest := self._quiet_time(tracked, condition):
            self._queue.add_after(tracked.ref.place, rest)
            return
        await self._tell_skipped(tracked)
        before = self._told_before(tracked)
        await self._show_on_report(tracked, condition)
        if condition != self._condition(tracked):  # it has changed meanwhile
            self.publish(tracked.ref.place)
            return
        await self._show_on_workload(tracked, condition)
        if condition and condition != before:
            await self._tell(tracked, condition)

    def _told_before(self, tracked: Tracked) -> Condition | None:
        """The condition that people could read so far, on the workload or on its RolloutReport."""
        if tracked.shown and self._context.settings.conditions_on_workloads:
            return tracked.shown.condition
        stored = tracked.stored.conditions if tracked.stored else ()
        found = next((each for each in stored if each.type == "Reported"), None)
        return Condition(Status(found.status), found.reason, found.message) if found else None

    async def _show_gone(self, tracked: Tracked, condition: Condition | None) -> None:
        """Keep the memory of a workload that is gone until Jira has heard of its end."""
        ref = tracked.ref
        is_owed = tracked.due or tracked.ledger.refused_ends.entries
        if is_owed and not self._context.settings.dry_run:
            if not tracked.hidden_since:
                await self._show_on_report(tracked, condition)
            return
        if tracked.stored and not tracked.hidden_since:
            await self._remove(ref)
            tracked.stored = None
        self._strike(tracked, tracked.ledger)
        if tracked.is_gone and tracked.ref == ref:  # no namesake has come meanwhile
            self._book.pop(ref.place, None)
            self._context.sightings.forget(ref)

    async def _remove(self, ref: WorkloadRef) -> None:
        try:
            await remove_report(self._api, ref)
        except ForbiddenError as error:  # our rights have gone with the Namespace
            log.warning("%s: its RolloutReport cannot be removed: %s", ref.place, error)

    def _condition(self, tracked: Tracked) -> Condition | None:
        if tracked.snapshot is not None and not tracked.snapshot.is_annotated:
            return None
        entry = tracked.wanted_entry
        standing = self._post.standing(entry.site) if entry else IDLE
        around = Circumstances(
            owner=tracked.owner,
            malformed_keys=tracked.malformed_keys,
            gains=tracked.gains,
            no_site=tracked.no_site,
            keys_not_allowed=tracked.keys_not_allowed,
            refused_spec=tracked.refused_spec,
            has_no_replicas=tracked.has_no_replicas,
            is_asked=tracked.course.asked is not None,
            trouble=standing.trouble,
            next_attempt=standing.next_attempt,
            dry_run=self._context.settings.dry_run,
        )
        return reported(entry, around)

    def _quiet_time(self, tracked: Tracked, condition: Condition | None) -> timedelta | None:
        """For how long `Sending` need not be shown (again): Jira is about to hear, and the answer follows.

        When a new rollout begins that is a moment, in which its controller writes too; longer for each later
        state of a rollout that Jira knows.
        """
        if condition is None or condition.reason != SENDING:
            return None
        entry, since = tracked.wanted_entry, tracked.urgent_since
        is_shown = tracked.shown is not None and tracked.shown.condition.reason == SENDING
        is_new = not is_shown and not (entry and entry.acknowledged)
        if since is None:
            return None if is_new else QUIET
        rest = (ANNOUNCE_AFTER if is_new else QUIET) - (self._context.now() - since)
        return rest if rest > timedelta(0) else None

    async def _show_on_report(self, tracked: Tracked, condition: Condition | None) -> None:
        ledger, stored = tracked.ledger, tracked.stored
        if tracked.owner:
            self._strike(tracked, ledger)
            return
        if not ledger.entries or self._is_about_to_settle(tracked, condition):
            return
        conditions = _conditions(tracked, condition, self._context.now())
        if stored and (stored.ledger, stored.conditions) == (ledger, conditions):
            self._strike(tracked, ledger)
            return
        try:
            if stored is None or stored.ledger.ref != ledger.ref:
                stored = await claim_report(self._api, ledger.ref, self._context.settings.namespace)
            tracked.claim(await store_report(self._api, ledger, conditions, stored))
            self._strike(tracked, ledger)
        except TerminatingError:
            return  # with its Namespace goes what is recorded there; the journal knows what is owed to Jira
        except (ConflictError, NotFoundError, ForeignReportError):
            await self._reload(tracked)
            raise

    def _is_about_to_settle(self, tracked: Tracked, condition: Condition | None) -> bool:
        """Whether there is more to record in a moment: Jira's answer.

        If that takes long, what is true is recorded without it, or it would be lost with this leader.
        """
        is_sending = condition is not None and condition.reason == SENDING
        if not is_sending or not (tracked.ledger.due or tracked.course.asked):
            return False
        if tracked.urgent_since is None:
            return True
        if self._context.now() - tracked.urgent_since >= QUIET:
            return False
        self._queue.add_after(tracked.ref.place, QUIET)
        return True

    async def _reload(self, tracked: Tracked) -> None:
        """Read a RolloutReport that somebody has written or removed; it may be another installation's now."""
        found = await load_report(self._api, tracked.ref)
        if found and not found.is_of(self._context.settings.namespace):
            tracked.stored, tracked.owner = None, found.installation
        else:
            tracked.stored = found

    def _strike(self, tracked: Tracked, recorded: Ledger) -> None:
        """Let what is over and on record, or forgotten, leave the journal."""
        known = (*recorded.entries, *tracked.ledger.entries)
        owed = {
            (each.site, each.key)
            for each in known
            if each.is_due or each.state.is_open or (each.is_refused_end and each.recheck_at)
        }
        over = tracked.enlisted - owed
        self._context.journal.strike(over)
        tracked.enlisted -= over

    async def _show_on_workload(self, tracked: Tracked, condition: Condition | None) -> None:
        if not self._context.settings.conditions_on_workloads or tracked.snapshot is None:
            return
        before = tracked.shown
        if tracked.owner and before:
            return  # it is the other one's to write
        if condition == (before.condition if before else None):
            tracked.described_since = None
            return
        if not tracked.may_be_written or self._can_wait(tracked, condition):
            return
        now = self._context.now()
        wanted = shown(condition, before, now) if condition else None
        try:
            version = await self._write_condition(tracked, tracked.snapshot, wanted, now)
        except NotFoundError:
            return  # the watch will tell of its end
        except ConflictError:  # it has changed, and the watch is about to show that
            self._queue.add_after(tracked.ref.place, CONFLICT_PAUSE)
            return
        tracked.shown, tracked.shown_version, tracked.described_since = wanted, version, None

    async def _write_condition(
        self, tracked: Tracked, snapshot: Snapshot, wanted: ShownCondition | None, now: datetime
    ) -> int:
        if not snapshot.is_annotated:  # its changes may not be seen, it is none of ours
            return await write_condition(self._api, tracked.ref, wanted, now)
        known = max(snapshot.resource_version, tracked.shown_version)
        newest = self._context.sightings.get(snapshot.ref.place)
        is_newer = isinstance(newest, Snapshot) and newest.resource_version > known
        if is_newer and snapshot.ref.kind is Kind.DEPLOYMENT:
            raise ConflictError("it has changed, as a sighting that waits for its turn shows")
        return await write_condition(self._api, tracked.ref, wanted, now, version=known)

    def _can_wait(self, tracked: Tracked, condition: Condition | None) -> bool:
        """Whether it is a mere change of the message, which waits a while: often more is about to change."""
        shown = tracked.shown.condition if tracked.shown else None
        if (
            shown is None
            or condition is None
            or (shown.status, shown.reason)
            != (
                condition.status,
                condition.reason,
            )
        ):
            return False
        now = self._context.now()
        tracked.described_since = tracked.described_since or now
        if now - tracked.described_since >= QUIET:
            return False
        self._queue.add_after(tracked.ref.place, QUIET)
        return True

    async def _tell(self, tracked: Tracked, condition: Condition) -> None:
        """Post an Event on a transition; a changed message alone is none."""
        entry = tracked.wanted_entry
        news = (entry.number if entry else 0, condition.reason)
        if condition.status is Status.UNKNOWN or tracked.told == news:
            return
        tracked.told = news
        event = Event(
            regarding=workload_reference(tracked.ref),
            type=EventType.WARNING if condition.status is Status.FALSE else EventType.NORMAL,
            reason=f"Reported{condition.reason}" if condition.status is Status.TRUE else condition.reason,
            action="Report",
            note=condition.message,
        )
        await self._post_event(tracked, event)

    async def _tell_skipped(self, tracked: Tracked) -> None:
        if not tracked.skipped:
            return
        revisions = ", ".join(str(each.revision) for each in tracked.skipped)
        tracked.skipped = ()
        event = Event(
            regarding=workload_reference(tracked.ref),
            type=EventType.WARNING,
            reason="RolloutsSkipped",
            action="Report",
            note=f"Jira is not told of revision {revisions}: it came and went unseen, and its issue keys are"
            " not certain. Keys in the pod template are",
        )
        await self._post_event(tracked, event)

    async def _post_event(self, tracked: Tracked, event: Event) -> None:
        log.info("%s: %s: %s", tracked.ref.place, event.reason, event.note)
        try:
            await self._events.record(event)
        except ClusterError as error:
            log.warning("%s: no Event: %s", tracked.ref.place, error)


def _conditions(tracked: Tracked, condition: Condition | None, now: datetime) -> tuple[ConditionModel, ...]:
    """Conditions of the RolloutReport: what is shown on the workload, and whether Jira knows the issues."""
    before = {each.type: each for each in tracked.stored.conditions} if tracked.stored else {}
    wanted = {"Reported": condition, "IssuesKnown": issues_known(tracked.wanted_entry)}
    return tuple(_model(kind, each, before.get(kind), now) for kind, each in wanted.items() if each)


def _model(kind: str, condition: Condition, before: ConditionModel | None, now: datetime) -> ConditionModel:
    is_same = before is not None and before.status == condition.status
    return ConditionModel(
        type=kind,
        status=condition.status.value,
        reason=condition.reason,
        message=condition.message,
        last_transition_time=before.last_transition_time
        if before and is_same
        else now.replace(microsecond=0),
    )
