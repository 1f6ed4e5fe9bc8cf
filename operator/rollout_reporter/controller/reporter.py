"""The reporting loop: sighting → judgement → plan → outbox, and Jira's word back into the ledger.

It decides nothing: what is true is judged in the core. It only brings together what the core needs.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from rollout_reporter.cluster.api import ClusterError, ConflictError, ForbiddenError, NotFoundError
from rollout_reporter.cluster.journal import Listed
from rollout_reporter.cluster.lease import NotLeadingError
from rollout_reporter.cluster.lookups import find_namespace, find_workload
from rollout_reporter.cluster.reports import ForeignReportError, claim_report
from rollout_reporter.core.access import NOBODY, AccessRule
from rollout_reporter.core.judgement import judge_again_at
from rollout_reporter.core.keys import keys_gained, keys_not_allowed, uncertain
from rollout_reporter.core.ledger import Entry, Ledger
from rollout_reporter.core.outcome import Accepted, Outcome
from rollout_reporter.core.plan import close, plan, wants_target
from rollout_reporter.core.report import State, Update
from rollout_reporter.core.resync import Resync, pruned
from rollout_reporter.core.seen import Seen, over
from rollout_reporter.core.target import NoSite, Surroundings, Target, find_target
from rollout_reporter.core.workload import Place, Snapshot

from .backoff import Backoff
from .book import Book, Tracked
from .context import Context
from .examination import examine, with_template
from .inheritance import Inheritance, NotToldYetError, honoured
from .metrics import METRICS
from .outbox import Item
from .post import Post
from .publisher import Publisher
from .queue import WorkQueue
from .readback import ReadBack
from .records import read_records
from .settings import (
    DESCRIPTION_LINGER,
    FINISH_PERIOD,
    HIDDEN_GRACE,
    JOURNAL_PERIOD,
    LINGER,
    OWNED_PERIOD,
    WORKERS,
)
from .sightings import Gone, Hidden, Sighting
from .site_status import Standing
from .sweep import sweep

log = logging.getLogger(__name__)


class Reporter:
    """Keeps the ledgers true, and hands to the post what Jira still has to hear."""

    def __init__(self, context: Context, book: Book, unread: frozenset[str] = frozenset()) -> None:
        self._context, self._api, self._book = context, context.api, book
        self._post = Post(context.sites.link, context.next_number, self, context.now)
        self._publisher = Publisher(context, book, self._post)
        self._unread = unread
        self._read_back = ReadBack(context.sites.link, self._not_held, context.start_above)
        self._queue: WorkQueue[Place] = WorkQueue("workloads")
        self._inheritance = Inheritance(context.sites.link, context.now, self._queue.add)
        self._backoffs: dict[Place, Backoff] = {}

    async def run(self) -> None:
        """Report until cancelled."""
        await self._context.sightings.references_known.wait()
        for place in self._book:
            self._queue.add(place)
        self._context.sightings.listen(self._queue.add)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._post.run())
                group.create_task(self._publisher.run())
                group.create_task(self._read_back.run())
                group.create_task(self._inheritance.run())
                group.create_task(self._keep_journal())
                group.create_task(sweep(self._context, self._book, self._read_unread))
                for _ in range(WORKERS):
                    group.create_task(self._work())
        finally:
            self._context.sightings.listen(None)

    async def _read_unread(self) -> None:
        """Read the records of Namespaces that could not be read so far."""
        if self._unread:
            reports, self._unread = await read_records(self._api, self._context.settings, self._unread)
            for place in self._book.add(reports):
                self._queue.add(place)

    def site_changed(self, name: str) -> None:
        """Look again at whatever waits for a site."""
        for place, tracked in self._book.items():
            if tracked.no_site is not None or tracked.keys_not_allowed:
                self._queue.add(place)
        self._post.hurry(name)

    def resend(self, site: str, resync: Resync) -> int:
        """Want sent again what a resync asks for; return how much of it is still due."""
        concerned = [each for each in self._book.values() if resync.concerns(each.ref.namespace)]
        for tracked in concerned:
            ledger = tracked.ledger.resend(site, resync.requested)
            if resync.prune_keys and tracked.snapshot:
                ledger = pruned(ledger, site, tracked.snapshot.issue_keys)
            if ledger != tracked.ledger:
                tracked.ledger = ledger
                self._hand_over(tracked)
        return sum(entry.site == site for each in concerned for entry in each.due.values())

    def standing(self, site: str) -> Standing:
        """Tell how the sending to a site goes."""
        return self._post.standing(site)

    def settle(self, place: Place, update: Update, outcome: Outcome) -> None:
        """Write down what Jira said of an update."""
        tracked = self._book.get(place)
        if tracked is None:
            return
        now = self._context.now()
        tracked.ledger = tracked.ledger.settle(update, outcome, now)
        self._expect(tracked, update, outcome)
        self._hand_over(tracked)
        if recheck_at := tracked.ledger.recheck_at():
            self._queue.add_after(place, max(recheck_at - now, timedelta(0)))

    def _expect(self, tracked: Tracked, update: Update, outcome: Outcome) -> None:
        """Have it read back how a rollout ended, if that is wanted."""
        entry = tracked.ledger.entry(update.report.key)
        is_wanted = self._context.settings.read_back and not update.report.state.is_open
        if is_wanted and entry and isinstance(outcome, Accepted):
            self._read_back.expect(entry.site, tracked.ref.place, update)

    def _not_held(self, place: Place, update: Update) -> None:
        """Want an update sent again that Jira has accepted but does not hold."""
        if tracked := self._book.get(place):
            tracked.ledger = tracked.ledger.doubt(update)
            self._hand_over(tracked)

    async def enlist(self, items: Sequence[Item]) -> Sequence[Item]:
        """Note down in the journal what is about to be sent; return what is still wanted.

        Raises:
            ClusterError: It cannot be noted down now.
            NotLeadingError: Another process has taken the journal over.
        """
        wanted, listed = [], []
        for item in items:
            tracked = self._book.get(item.place)
            entry = tracked.ledger.entry(item.report.key) if tracked else None
            if tracked and entry and entry.is_due:
                tracked.ledger = tracked.ledger.attempt(entry.key)
                each = Listed(tracked.ref, entry)
                tracked.enlisted.add(each.id)
                wanted.append(item)
                listed.append(each)
        try:
            await self._context.journal.enlist(listed, self._context.ceiling())
        except ConflictError as error:
            raise NotLeadingError("the journal was written by another process") from error
        return wanted

    async def _keep_journal(self) -> None:
        """Take out of the journal what is over and on record; seldom, since writes for the next may do it."""
        while True:
            await asyncio.sleep(JOURNAL_PERIOD.total_seconds())
            try:
                await self._context.journal.flush(self._context.ceiling())
            except ConflictError as error:
                raise NotLeadingError("the journal was written by another process") from error
            except ClusterError as error:
                log.warning("the journal cannot be written: %s", error)

    async def finish(self) -> None:
        """Wait until all that can be sent is sent and shown."""
        self._post.flush()
        parties = (self._queue, self._post, self._publisher)
        while not all(party.is_idle for party in parties):  # noqa: ASYNC110 (of three parties, once)
            await asyncio.sleep(FINISH_PERIOD.total_seconds())
        try:
            await self._context.journal.flush(self._context.ceiling())
        except ClusterError as error:
            log.warning("the journal cannot be written: %s", error)

    def troubled(self, places: Iterable[Place]) -> None:
        """Show that a site cannot be reached, or can again."""
        self._context.sites.hurry()
        for place in places:
            self._publisher.publish(place)

    async def _work(self) -> None:
        while True:
            place = await self._queue.take()
            try:
                await self._process(place)
                self._backoffs.pop(place, None)
            except NotToldYetError:
                log.debug("%s: waits for what Jira was told before", place)  # it is added again then
            except ClusterError as error:
                METRICS.api_error(error)
                log.warning("%s: %s", place, error)
                self._queue.add_after(place, self._delay(place))
            except Exception:  # one workload that cannot be judged must not stop the others
                log.exception("%s: cannot be judged, please report this", place)
                self._queue.add_after(place, self._delay(place))
            finally:
                self._queue.done(place)

    def _delay(self, place: Place) -> timedelta:
        return self._backoffs.setdefault(place, Backoff()).next()

    async def _process(self, place: Place) -> None:
        if place not in self._book and self._context.sightings.get(place) is None:
            return  # it is gone, and all is told
        seen = self._context.sightings.next(place)
        try:
            await self._take_in(seen or await self._look_up(place))
        except (ForbiddenError, NotFoundError):
            if seen is None or not self._context.sightings.done(place, seen):
                raise
            self._queue.add(place)  # a newer sighting waits: what it needs may still be there
            return
        if seen and self._context.sightings.done(place, seen):
            self._queue.add(place)

    async def _take_in(self, sighting: Sighting) -> None:
        """Bring the ledger of a place up to what was seen there."""
        place, tracked = sighting.ref.place, self._book.place_for(sighting.ref)
        before = tracked.ledger
        if isinstance(sighting, Gone) and sighting.ref != tracked.ref:
            sighting = await self._look_up(place)  # a namesake of the one on record has come and gone
        match sighting:
            case Gone():
                self._close(tracked, "the workload was deleted", State.CANCELLED)
            case Hidden():
                if not self._lose_sight(tracked):
                    return  # what is on record may be older than what Jira was told
            case Snapshot() if tracked.has_seen_namesake_of(sighting):
                return
            case _:
                await self._follow(tracked, await self._completed(sighting))
                await self._claim(tracked)
        _count_verdicts(before, tracked.ledger)
        self._hand_over(tracked)

    def _lose_sight(self, tracked: Tracked) -> bool:
        """Close what is open once a workload may not be read for long, and tell whether it has been so long.

        Nobody can know how it ended.
        """
        now = self._context.now()
        tracked.hidden_since = tracked.hidden_since or now
        rest = tracked.hidden_since + HIDDEN_GRACE - now
        if rest > timedelta(0):
            self._queue.add_after(tracked.ref.place, rest)
            return False
        because = "it can be seen no more: its namespace, or the operator's rights there, are gone"
        self._close(tracked, because, State.UNKNOWN)
        return True

    def _close(self, tracked: Tracked, because: str, state: State) -> None:
        """Close what a workload that is gone has left open."""
        closed = close(tracked.ledger, because, self._context.now(), state)
        tracked.ledger = honoured(closed, self._inheritance.ends(tracked, closed))
        tracked.snapshot, tracked.is_gone = None, True

    async def _claim(self, tracked: Tracked) -> None:
        """Make the workload's RolloutReport ours before Jira hears of it: no two installations report it."""
        if tracked.stored or not tracked.ledger.due:
            return
        try:
            claimed = await claim_report(self._api, tracked.ref, self._context.settings.namespace)
        except ForeignReportError as error:
            tracked.owner = error.owner
            self._queue.add_after(tracked.ref.place, OWNED_PERIOD)
            return
        tracked.stored, tracked.owner = claimed, None
        if claimed.ledger.entries:  # it could not be read when this term began
            tracked.ledger, tracked.course = claimed.ledger, claimed.ledger.course
            self._queue.add(tracked.ref.place)

    async def _look_up(self, place: Place) -> Sighting:
        """A workload that is on record, but that the watch has not shown: it may be gone."""
        ref = self._book[place].ref
        try:
            return await find_workload(self._api, ref)
        except NotFoundError:
            return Gone(ref)
        except ForbiddenError as error:
            log.warning("%s: %s", place, error)
            return Hidden(ref)

    async def _follow(self, tracked: Tracked, snapshot: Snapshot) -> None:
        """Bring a workload's ledger up to a snapshot, with whatever has to be looked up for that."""
        now = self._context.now()
        tracked.see(snapshot, now)
        if self._context.sightings.take_gap(snapshot.ref.place):
            tracked.course = replace(tracked.course, is_remembered=True)
        course = await examine(self._api, snapshot, tracked.course, now)
        quiet_time = self._context.settings.keys_quiet_time
        seen = Seen(snapshot, course, tracked.read_keys(snapshot, now), None, quiet_time)
        target = await self._target(tracked, seen)
        seen = replace(seen, target=target, rules=self._rules(tracked, target))
        tracked.keys_not_allowed = keys_not_allowed(seen, tracked.ledger)
        planned = plan(seen, tracked.ledger, now)
        ledger = honoured(planned, self._inheritance.ends(tracked, planned))
        tracked.course, tracked.ledger = course, ledger if over(snapshot) else ledger.recheck(now)
        tracked.confirm()
        tracked.skipped += uncertain(seen, tracked.ledger)
        tracked.gains = keys_gained(seen, tracked.ledger)
        gained_at = tracked.gains[1] if tracked.gains else None
        moments = (judge_again_at(snapshot, course, now), gained_at, tracked.ledger.recheck_at())
        for moment in (moment for moment in moments if moment and moment > now):
            self._queue.add_after(snapshot.ref.place, moment - now + timedelta(milliseconds=1))

    async def _completed(self, snapshot: Snapshot) -> Snapshot:
        """A Rollout with the template that it refers to; a Deployment muted if a Rollout refers to it."""
        if snapshot.workload_ref:
            return await with_template(self._api, snapshot)
        referrer = self._context.sightings.referrer(snapshot.ref.place)
        if referrer is None:
            return snapshot
        self._queue.add(referrer)
        return replace(snapshot, is_muted=True)

    async def _target(self, tracked: Tracked, seen: Seen) -> Target | None:
        """Where a rollout that begins now is reported to; not asked for one that is on record."""
        if not wants_target(seen, tracked.ledger):
            tracked.no_site = None
            return None
        namespace = await find_namespace(self._api, seen.snapshot.ref.namespace)
        around = Surroundings(namespace, self._context.cluster, self._context.sites.known())
        target = find_target(seen.snapshot, seen.issue_keys, around)
        if isinstance(target, NoSite):
            tracked.no_site = target.message
            return None
        tracked.no_site = None
        return target

    def _rules(self, tracked: Tracked, target: Target | None) -> tuple[AccessRule, ...]:
        """The access rules of the site that the workload is reported to."""
        current = tracked.ledger.current
        name = target.site if target else current.site if current else ""
        site = self._context.sites.known().get(name)
        if name and site is None:
            return (NOBODY,)
        return site.access if site else ()

    def _hand_over(self, tracked: Tracked) -> None:
        """Give the post what is due, and show how things stand."""
        is_urgent = any(entry.is_urgent for entry in tracked.ledger.due)
        tracked.urgent_since = (tracked.urgent_since or self._context.now()) if is_urgent else None
        due = tracked.due
        for site, key in tracked.handed - due.keys():
            self._post.withdraw(site, key)
        tracked.handed = set(due)
        for entry in due.values():
            if self._context.settings.dry_run:
                tracked.rehearse(entry)
            else:
                item = Item(tracked.ref.place, entry.report, entry.is_urgent)
                self._post.put(entry.site, item, linger=_linger(entry))
        self._publisher.publish(tracked.ref.place)


def _count_verdicts(before: Ledger, now: Ledger) -> None:
    for entry in now.entries:
        known = before.entry(entry.key)
        if known is None or known.state is not entry.state:
            METRICS.judged(now.ref.kind, entry.state)


def _linger(entry: Entry) -> timedelta:
    return LINGER if entry.is_urgent else DESCRIPTION_LINGER
