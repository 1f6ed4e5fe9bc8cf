"""The reporting loop: sighting → ledger → outbox, and Jira's word back into the ledger."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from rollout_reporter.cluster.errors import ClusterError, ForbiddenError, NotFoundError
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.outcome import Accepted, Outcome
from rollout_reporter.core.report import Update
from rollout_reporter.core.resync import Resync, pruned, unanswered
from rollout_reporter.core.workload import Place, Snapshot

from .backoff import Backoffs
from .book import Book, Tracked
from .context import Context
from .enlistment import Enlistment
from .follower import Follower
from .metrics import METRICS
from .outbox import Item
from .post import Post
from .publisher import Publisher
from .queue import WorkQueue
from .readback import ReadBack
from .records import keep_records, read_records
from .settings import DESCRIPTION_LINGER, FINISH_PERIOD, LINGER, PATIENCE_WITH_RIGHTS, STOP_GRACE, WORKERS
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
        self._resyncs: dict[str, Resync] = {}
        """The last one of each site."""
        self._read_back = ReadBack(context.sites.link, self._not_held, context.start_above)
        self._queue: WorkQueue[Place] = WorkQueue("workloads")
        self._follower = Follower(context, book, self._queue)
        self._enlistment = Enlistment(context, book)
        self._backoffs: Backoffs[Place] = Backoffs()
        self._refused_since: dict[Place, datetime] = {}

    async def run(self) -> None:
        """Report until cancelled."""
        await self._context.sightings.references_known.wait()
        for place, tracked in self._book.items():
            self._want(place, is_news=not tracked.ledger.is_settled)
        self._context.sightings.listen(self._note)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._post.run())
                group.create_task(self._publisher.run())
                group.create_task(self._read_back.run())
                group.create_task(self._enlistment.run())
                group.create_task(sweep(self._context, self._book, self._read_unread))
                group.create_task(keep_records(self._context, self._book, self._publisher.publish))
                for _ in range(WORKERS):
                    group.create_task(self._work())
        finally:
            self._context.sightings.listen(None)

    def _note(self, place: Place) -> None:
        """Look at a place where something was seen; what Jira has heard of already waits for what is new."""
        self._want(place, is_news=not self._book.tells(self._context.sightings.get(place)))

    def _want(self, place: Place, *, is_news: bool) -> None:
        (self._queue.add if is_news else self._queue.add_last)(place)

    async def _read_unread(self) -> None:
        """Read the records of Namespaces that could not be read so far."""
        if self._unread:
            reports, self._unread = await read_records(self._api, self._context.settings, self._unread)
            for place in self._book.add(reports):
                self._resend_late(self._book[place])
                self._queue.add(place)

    def _resend_late(self, tracked: Tracked) -> None:
        """What could not be read when a resync was asked for is meant by it, too."""
        for site, resync in self._resyncs.items():
            if resync.concerns(tracked.ref.namespace):
                tracked.ledger = tracked.ledger.resend(site, resync.requested)

    def site_changed(self, name: str) -> None:
        """Look again at whatever waits for a site."""
        for place, tracked in self._book.items():
            if tracked.no_site is not None or tracked.keys_not_allowed:
                self._queue.add(place)
        self._post.hurry(name)

    def resend(self, site: str, resync: Resync) -> int:
        """Want sent again what a resync asks for; return how much of it is still due."""
        self._resyncs[site] = resync
        concerned = [each for each in self._book.values() if resync.concerns(each.ref.namespace)]
        for tracked in concerned:
            ledger = tracked.ledger.resend(site, resync.requested)
            if resync.prune_keys and tracked.snapshot:
                ledger = pruned(ledger, site, tracked.snapshot.issue_keys)
            if ledger != tracked.ledger:
                tracked.ledger = ledger
                self._hand_over(tracked)
        unseen = sum(resync.prune_keys and each.is_yet_to_be_seen for each in concerned)
        due = [entry for each in concerned for entry in each.due.values()]
        return unseen + unanswered(due, site, resync.requested)

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
        if entry is None or not (self._context.settings.read_back and isinstance(outcome, Accepted)):
            return
        if update.report.state.is_open:
            self._read_back.forget(entry.site, update.report.key)
        else:
            self._read_back.expect(entry.site, tracked.ref.place, update)

    def _not_held(self, place: Place, update: Update) -> None:
        """Want an update sent again that Jira has accepted but does not hold."""
        if tracked := self._book.get(place):
            tracked.ledger = tracked.ledger.doubt(update)
            self._hand_over(tracked)

    async def enlist(self, items: Sequence[Item]) -> Sequence[Item]:
        """Note down what is about to be sent, see `Enlistment.enlist`."""
        return await self._enlistment.enlist(items)

    async def note(self, items: Sequence[Item]) -> None:
        """Note down what cannot be sent, see `Enlistment.note`."""
        await self._enlistment.note(items)

    async def finish(self) -> None:
        """Wait until all that can be sent is sent and shown, but not for long; note down what is left."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_GRACE.total_seconds()):
                await self._send_and_show()
        with suppress(TimeoutError):  # else the last note is the one of a second ago
            async with asyncio.timeout(STOP_GRACE.total_seconds()):
                await self._enlistment.note(self._post.items())
                await self._enlistment.flush()

    async def _send_and_show(self) -> None:
        self._post.flush()
        parties = (self._queue, self._post, self._publisher)
        while not all(party.is_idle for party in parties):  # noqa: ASYNC110 (of three parties, once)
            await asyncio.sleep(FINISH_PERIOD.total_seconds())

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
                self._backoffs.reset(place)
                self._refused_since.pop(place, None)
            except ClusterError as error:
                METRICS.api_error(error)
                log.warning("%s: %s", place, error)
                self._queue.add_after(place, self._backoffs.next(place))
            except Exception:  # one workload that cannot be judged must not stop the others
                log.exception("%s: cannot be judged, please report this", place)
                self._queue.add_after(place, self._backoffs.next(place))
            finally:
                self._queue.done(place)

    async def _process(self, place: Place) -> None:
        if place not in self._book and self._context.sightings.get(place) is None:
            return  # it is gone, and all is told
        seen = self._context.sightings.next(place)
        try:
            tracked = await self._follower.take_in(seen or await self._follower.look_up(place))
        except (ForbiddenError, NotFoundError) as error:
            is_final = isinstance(error, NotFoundError) or self._is_refused_for_long(place)
            if seen is None or not is_final:
                raise
            if not self._context.sightings.done(place, seen):
                await self._look_whether_it_is_there(place)
                raise
            self._queue.add(place)  # a newer sighting waits: what it needs may still be there
            return
        if tracked:
            self._hand_over(tracked)
        if seen and self._context.sightings.done(place, seen):
            self._queue.add(place)

    async def _look_whether_it_is_there(self, place: Place) -> None:
        """A Namespace that is gone has taken our rights along, also those to watch it: nothing else tells."""
        found = await self._follower.look_up(place)
        if not isinstance(found, Snapshot):
            self._context.sightings.put(found)

    def _is_refused_for_long(self, place: Place) -> bool:
        """Whether rights are not just late: an API server that was restarted forbids all for a while.

        How often it has refused does not tell, since each event of a busy workload is another attempt.
        """
        now = self._context.now()
        return now - self._refused_since.setdefault(place, now) >= PATIENCE_WITH_RIGHTS

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
                least = entry.acknowledged.update_number + 1 if entry.acknowledged else 0
                item = Item(tracked.ref.place, entry.report, entry.is_urgent, least)
                self._post.put(entry.site, item, linger=_linger(entry))
        self._publisher.publish(tracked.ref.place)


def _linger(entry: Entry) -> timedelta:
    return LINGER if entry.is_urgent else DESCRIPTION_LINGER
