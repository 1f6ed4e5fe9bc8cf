"""The way from a sighting to a ledger: what has to be looked up, what is true, what Jira should hear of it.

It decides nothing: what is true is judged in the core. It only brings together what the core needs.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from rollout_reporter.cluster.errors import ForbiddenError, NotFoundError, TerminatingError
from rollout_reporter.cluster.lookups import find_workload
from rollout_reporter.cluster.namespaces import Namespaces
from rollout_reporter.cluster.reports import ForeignReportError, claim_report
from rollout_reporter.core.access import NOBODY, AccessRule
from rollout_reporter.core.closing import close
from rollout_reporter.core.judgement import judge_again_at
from rollout_reporter.core.keys import keys_gained, keys_not_allowed, uncertain
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.plan import plan, wants_target
from rollout_reporter.core.report import State
from rollout_reporter.core.seen import Seen, over
from rollout_reporter.core.target import NoSite, Surroundings, Target, find_target
from rollout_reporter.core.untold import take_stock
from rollout_reporter.core.workload import Place, Snapshot, WorkloadRef

from .book import Book, Tracked
from .context import Context
from .examination import examine, with_template
from .metrics import METRICS
from .queue import WorkQueue
from .settings import DOUBT, HIDDEN_GRACE, HIDDEN_PERIOD, NAMESPACE_PERIOD, OWNED_PERIOD
from .sightings import Gone, Hidden, Sighting

log = logging.getLogger(__name__)


class Follower:
    """Follows the workloads of the book from sighting to sighting."""

    def __init__(self, context: Context, book: Book, queue: WorkQueue[Place]) -> None:
        self._context, self._api, self._book, self._queue = context, context.api, book, queue
        self._namespaces = Namespaces(context.api)

    async def take_in(self, sighting: Sighting) -> Tracked | None:
        """Bring the ledger of a place up to what was seen there; `None` if that comes too late or too soon.

        Raises:
            ClusterError: What has to be looked up cannot be.
        """
        place, tracked = sighting.ref.place, self._book.place_for(sighting.ref)
        before = tracked.ledger
        if isinstance(sighting, Hidden) or (isinstance(sighting, Gone) and sighting.ref != tracked.ref):
            # It may be read again by now; or a namesake of the one on record has come and gone.
            sighting = await self._looked_up_again(sighting)
        if isinstance(sighting, Snapshot) and tracked.may_be_behind(sighting):
            sighting = await self._newest(sighting)
        match sighting:
            case Gone():
                self._close(tracked, "the workload was deleted", State.CANCELLED)
            case Hidden():
                if not self._lose_sight(tracked):
                    return None  # what is on record may be older than what Jira was told
            case Snapshot() if tracked.has_seen_namesake_of(sighting):
                return None
            case Snapshot() if rest := tracked.doubt(sighting, self._context.now()):
                self._queue.add_after(place, rest)
                return None
            case _:
                snapshot = await self._completed(sighting)
                tracked = self._book.place_for(snapshot.ref)  # a namesake may have been struck off meanwhile
                before = tracked.ledger
                await self._follow(tracked, snapshot)
                if not await self._claim(tracked):
                    tracked.ledger = before
                    return None
        _count_verdicts(before, tracked.ledger)
        return tracked

    def _lose_sight(self, tracked: Tracked) -> bool:
        """Close what is open once a workload may not be read for long, and tell whether it has been so long.

        Nobody can know how it ended.
        """
        now = self._context.now()
        tracked.hidden_since = min(tracked.hidden_since or now, now)  # a clock may be set back
        rest = tracked.hidden_since + HIDDEN_GRACE - now
        if rest > timedelta(0):
            self._queue.add_after(tracked.ref.place, min(rest, HIDDEN_PERIOD))
            return False
        because = "it can be seen no more: its namespace, or the operator's rights there, are gone"
        self._close(tracked, because, State.UNKNOWN)
        return True

    def _close(self, tracked: Tracked, because: str, state: State) -> None:
        """Close what a workload that is gone has left open; what could not be told is not lost in silence."""
        if tracked.untold:
            first, why = tracked.untold.first_revision, tracked.no_site or "no issue key was allowed"
            untold = f"Jira is not told of revision {first} and later: {why}"
            log.warning("%s: %s; %s", tracked.ref.place, because, untold)
            tracked.untold = None
        now = self._context.now()
        tracked.ledger = close(tracked.ledger, because, now, state).recheck(now, ends_alone=True)
        tracked.snapshot, tracked.is_gone = None, True
        if again_at := tracked.ledger.refused_ends.recheck_at():
            self._queue.add_after(tracked.ref.place, again_at - now)

    async def _claim(self, tracked: Tracked) -> bool:
        """Make the workload's RolloutReport ours before Jira hears of it: no two installations report it.

        Tell whether the workload is there. Of its deletion another process may have told Jira, and removed
        its report; a watch that lags, or has missed that, shows it still.
        """
        if tracked.stored or not tracked.ledger.due:
            return True
        if not await self._is_there(tracked.ref):
            self._queue.add_after(tracked.ref.place, DOUBT)  # or the API server that was asked lags behind
            return False
        try:
            claimed = await claim_report(self._api, tracked.ref, self._context.settings.namespace)
        except ForeignReportError as error:
            tracked.owner = error.owner
            self._queue.add_after(tracked.ref.place, OWNED_PERIOD)
            return True
        except TerminatingError:  # nobody can claim it any more; what is sent is in the journal
            tracked.is_claimed = tracked.is_claimed or not tracked.owner
            return True
        except NotFoundError:  # the CRD is gone: what was ours before is, and is in the journal likewise
            if not tracked.is_claimed:
                raise
            return True
        if claimed.ledger.entries and not tracked.is_record_known:
            tracked.recall(claimed.ledger, self._context.now())
            self._queue.add(tracked.ref.place)
        tracked.claim(claimed)
        return True

    async def _is_there(self, ref: WorkloadRef) -> bool:
        try:
            return (await find_workload(self._api, ref)).ref == ref
        except NotFoundError:
            return False

    async def look_up(self, place: Place) -> Sighting:
        """A workload that is on record, but that the watch has not shown: it may be gone.

        Or it goes back to a version from before its annotation: how that ends is for the watch to show.
        """
        ref = self._book[place].ref
        self._context.follow(ref.uid)  # before it is looked at, or a change in between would be missed
        try:
            return await find_workload(self._api, ref)
        except NotFoundError:
            return Gone(ref)
        except ForbiddenError as error:
            log.warning("%s: %s", place, error)
            return Hidden(ref)

    async def _looked_up_again(self, unsure: Sighting) -> Sighting:
        sighting = await self.look_up(unsure.ref.place)
        if isinstance(unsure, Hidden) and not isinstance(sighting, Hidden):
            self._context.sightings.put(sighting)  # the watch may be silent now, or have told it before
        return sighting

    async def _newest(self, sighting: Snapshot) -> Sighting:
        """What is there now, if that is newer than what the watch has shown, or that it is gone."""
        found = await self.look_up(sighting.ref.place)
        if isinstance(found, Gone):
            return found
        if not isinstance(found, Snapshot) or not sighting.is_older_than(found):
            return sighting
        self._context.sightings.put(found)
        return found

    async def _follow(self, tracked: Tracked, snapshot: Snapshot) -> None:
        """Bring a workload's ledger up to a snapshot, with whatever has to be looked up for that."""
        now = self._context.now()
        tracked.see(snapshot, now)
        if self._context.sightings.take_gap(snapshot.ref.place):
            tracked.course = tracked.course.after_gap(tracked.ledger.awaited)
        seen = await self._examined(tracked, snapshot, now)
        tracked.keys_not_allowed = keys_not_allowed(seen, tracked.ledger)
        ledger = plan(seen, tracked.ledger, now)
        tracked.course = seen.course
        tracked.ledger = ledger.recheck(now, ends_alone=over(snapshot) is not None)
        tracked.confirm()
        tracked.skipped += uncertain(seen, tracked.ledger)
        tracked.gains = keys_gained(seen, tracked.ledger)
        gained_at = tracked.gains[1] if tracked.gains else None
        asked_again = tracked.ledger.refused_ends if over(snapshot) else tracked.ledger
        moments = (judge_again_at(snapshot, seen.course, now), gained_at, asked_again.recheck_at())
        for moment in (moment for moment in moments if moment and moment > now):
            self._queue.add_after(snapshot.ref.place, moment - now + timedelta(milliseconds=1))
        is_held_up = tracked.no_site is not None or tracked.keys_not_allowed
        if is_held_up and wants_target(seen, tracked.ledger):
            self._queue.add_after(snapshot.ref.place, NAMESPACE_PERIOD)

    async def _examined(self, tracked: Tracked, snapshot: Snapshot, now: datetime) -> Seen:
        """All that is known of a workload, and where it is reported to."""
        course = await examine(self._api, snapshot, tracked.course, now)
        quiet_time = self._context.settings.keys_quiet_time
        seen = Seen(snapshot, course, tracked.read_keys(snapshot, now), None, quiet_time)
        target = await self._target(tracked, seen)
        seen = replace(seen, target=target, rules=self._rules(tracked, target))
        untold, recorded = take_stock(tracked.untold, seen, tracked.ledger)
        if recorded:
            seen = replace(seen, course=await examine(self._api, snapshot, recorded, now))
        tracked.untold = untold
        return seen

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
        ref = seen.snapshot.ref
        namespace = await self._namespaces.find(ref.namespace, self._queue.wanted_at(ref.place))
        around = Surroundings(namespace, self._context.cluster, self._context.sites.known())
        target = find_target(seen.snapshot, seen.issue_keys, around)
        if isinstance(target, NoSite):
            tracked.no_site = target.message
            return None
        tracked.no_site = None
        if not seen.snapshot.wishes.pipeline:
            return target
        # Others may share it, and may have been created in the same second.
        key = target.pipeline.id, target.environment.id
        return replace(target, taken=self._book.highest_number(tracked.ref.place, *key))

    def _rules(self, tracked: Tracked, target: Target | None) -> tuple[AccessRule, ...]:
        """The access rules of the site that the workload is reported to."""
        current = tracked.ledger.current
        name = target.site if target else current.site if current else ""
        site = self._context.sites.known().get(name)
        if name and site is None:
            return (NOBODY,)
        return site.access if site else ()


def _count_verdicts(before: Ledger, now: Ledger) -> None:
    for entry in now.entries:
        known = before.entry(entry.key)
        if known is None or known.state is not entry.state:
            METRICS.judged(now.ref.kind, entry.state)
