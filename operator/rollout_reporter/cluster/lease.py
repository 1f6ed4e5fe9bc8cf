"""Leadership on a Lease, and the update numbers that only a leader may issue.

The Lease carries two things in one write: who leads, and the ceiling of the numbers that it may issue. Both
are guarded by its resourceVersion, so a write that lost a race changes neither. The decisions are those of
`core.election` and `core.numbers`; here is what asks and writes. The wall clock of this machine is not looked
at: what has to be a date is the API server's, carried on by the monotonic clock.
"""

import asyncio
import logging
import random
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Final

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core.election import (
    LEASE_API,
    RETRY_PERIOD,
    UNSEEN,
    Acquire,
    Create,
    Lost,
    Renew,
    Term,
    TermId,
    Wait,
    ceiling_of,
    claimed,
    decide,
    last_of,
    observe,
    released,
    term_of,
    unclaimed,
    view_of,
)
from rollout_reporter.core.names import APP
from rollout_reporter.core.numbers import CeilingReachedError, UpdateClock

from .api import Answer, Object, Request, path_to, send, server_date
from .errors import ClusterError, ConflictError, NotFoundError
from .server_clock import ServerClock

LEASE: Final = APP
"""Name of the Lease, in the operator's namespace."""

ATTEMPT_TIMEOUT: Final = 4.0
"""Seconds for one request, so that a leader can try twice before its time is over."""

JITTER: Final = 0.4
"""Most seconds by which a pause is lengthened, so that those who wait do not ask in step."""

FALL_PATIENCE: Final = 60.0
"""Seconds for which the API server's clock may be days behind before that is believed."""

TICK: Final = 0.001
"""Least seconds of a pause: a timer may fire a hair before the time that it was set to."""

_log = logging.getLogger(__name__)


class NotLeadingError(Exception):
    """We do not lead, or no longer: somebody else may, so nothing may be written or numbered."""


class Leadership:
    """One candidacy, which leads to at most one term; made inside the event loop that runs it.

    Whoever has lost it makes another one, when `run` has returned, and may use the same identity: it then
    need not wait for its own old record to expire.

    Attributes:
        lost: Set as soon as the term is over, five seconds before an expired Lease could be taken by others;
            also when `run` ends in any other way.
        ignored_ceiling: A ceiling on the Lease that was not believed, because it was more than a day ahead.
            Jira will hide our updates of whatever was sent with such a number: worth an alert.
        own_term: Our term, once we lead.
        last_term: The one before it; `None` if there was no Lease.
        was_handed_over: Whether the leader before has told the last number that it issued, which is above all
            that journal and records can tell.
    """

    def __init__(self, api: ApiClient, *, namespace: str, identity: str) -> None:
        self.lost = asyncio.Event()
        self.ignored_ceiling: int | None = None
        self.own_term: TermId | None = None
        self.last_term: TermId | None = None
        self.was_handed_over = False
        self._api = api
        self._namespace = namespace
        self._collection = path_to(LEASE_API, "leases", namespace)
        self._path = path_to(LEASE_API, "leases", namespace, LEASE)
        self._me = identity
        self._now = asyncio.get_running_loop().time
        self._server: ServerClock | None = None
        self._numbers = UpdateClock()
        self._lease: Object | None = None
        self._seen = UNSEEN
        self._knows_records = False  # whether its numbers are above those of journal and records
        self._is_stale = True  # whether the Lease may be another than the one seen
        self._may_hold = False  # whether the Lease may name us
        self._term: Term | None = None
        self._elected = asyncio.Event()
        self._raised = asyncio.Event()  # one for each write
        self._wanted = asyncio.Event()  # a higher ceiling
        self._fallen_at: float | None = None
        self._complaint = ""

    @property
    def is_leader(self) -> bool:
        """Whether we lead right now. The clock tells, so it is right even if the loop was held up."""
        return self._term is not None and not self._term.is_over(self._now())

    @property
    def is_standby(self) -> bool:
        """Whether another process leads, by the Lease as last seen."""
        view = self._seen.view
        return self._term is None and view is not None and view.holder not in {"", self._me}

    @property
    def ceiling(self) -> int:
        """The highest number that may be issued before the Lease is written again."""
        return self._numbers.ceiling

    async def run(self) -> None:
        """Campaign, lead, and return when leadership is lost; cancel it to hand leadership over."""
        try:
            while not self.lost.is_set():
                await self._step()
        finally:
            self._end()
            if self._may_hold:
                await self._release()

    async def elected(self) -> None:
        """Wait until we lead.

        Raises:
            NotLeadingError: The candidacy has ended.
        """
        await self._elected.wait()
        self._insist()

    async def start_above(self, stored: Iterable[int]) -> tuple[int, ...]:
        """Go above the numbers found in journal and records, before the first number is issued.

        Returns:
            Those that were ignored, because they are more than a day ahead of the API server: worth an alert.

        Raises:
            NotLeadingError: We do not lead.
        """
        self._insist()
        ignored = self._numbers.start_above(stored, epoch_ms(await self.server_now()))
        self._knows_records = True
        return ignored

    async def next_number(self) -> int:
        """Return the next `updateSequenceNumber`, above all that any leader before us could issue.

        It waits while the ceiling has to be raised first.

        Raises:
            NotLeadingError: We do not lead.
        """
        while True:
            self._insist()
            now_ms = epoch_ms(await self.server_now())  # at once: who leads has had an answer
            try:
                return self._numbers.issue(now_ms)
            except CeilingReachedError:
                if self._numbers.is_worth_raising(now_ms):
                    self._wanted.set()
            await self._raised.wait()

    def now(self) -> datetime:
        """Return the API server's time, which no change of this machine's clock moves.

        Raises:
            NotLeadingError: We have never led, so the API server has not told it.
        """
        if self._server is None:
            raise NotLeadingError(f"{self._me} does not know the API server's time")
        return self._server.at(self._now())

    async def server_now(self) -> datetime:
        """Return the API server's time, asked for only if no answer has told it yet."""
        if self._server is None:
            self._server = ServerClock(await server_date(self._api), self._now())
        return self._server.at(self._now())

    def _insist(self) -> None:
        if not self.is_leader:
            raise NotLeadingError(f"{self._me} does not lead")

    async def _step(self) -> None:
        """Look at the Lease if it may have changed, decide, act, pause."""
        try:
            if self._is_stale and self._time_left() > 0:
                await self._look()
            await self._act()
        except ClusterError as error:
            self._is_stale = True
            self._complain(error)
            await self._pause(0.0 if isinstance(error, ConflictError) else RETRY_PERIOD)

    async def _look(self) -> None:
        try:
            answer = await self._send("GET", self._path)
        except NotFoundError:
            self._take_in(None)
        else:
            self._take_in(answer.body)

    def _take_in(self, lease: Object | None) -> None:
        view = None if lease is None else view_of(lease)
        self._lease = lease
        self._seen = observe(self._seen, view, self._now())
        self._may_hold = view is not None and view.holder == self._me
        self._is_stale = False

    async def _act(self) -> None:
        match decide(self._seen, self._me, self._term, self._now()):
            case Wait(seconds):
                self._is_stale = True
                await self._pause(seconds)
            case Lost(because):
                self._lose(because)
            case Renew() if self._has_time_fallen():
                # Else nothing could be issued until then. A new term begins with numbers of today.
                self._lose("the API server's clock has gone back by more than a day")
            case Create():
                await self._claim("POST", self._collection)
            case Acquire() | Renew():
                await self._claim("PUT", self._path)

    async def _claim(self, method: str, path: str) -> None:
        """Write that we lead, with a raised ceiling; both count once the answer is here. Then rest."""
        lease = self._lease or unclaimed(self._namespace, LEASE)
        now = await self.server_now()
        is_new_term = self._term is None
        if is_new_term:
            last = last_of(lease)
            is_believed = self._start_above_lease(ceiling_of(lease) if last is None else last, now)
            self.was_handed_over = is_believed and last is not None
            self.last_term = term_of(lease)
        ceiling = self._numbers.next_ceiling(epoch_ms(now))
        body = claimed(lease, self._me, is_new_term=is_new_term, at=now, ceiling=ceiling)
        self._wanted.clear()
        self._is_stale = self._may_hold = True  # for as long as there is no answer
        sent_at = self._now()
        answer = await self._send(method, path, body)
        self._take_in(answer.body)
        self._term, self.own_term = Term(renewed_at=sent_at), term_of(answer.body)
        self._numbers.raise_ceiling(ceiling)
        self._complaint = ""
        self._wake()
        if is_new_term:
            _log.info("%s leads", self._me)
            self._elected.set()
        await self._rest()

    def _has_time_fallen(self) -> bool:
        """Whether the API server's clock is far behind our numbers for long: one that boots may be wrong."""
        if not self._numbers.is_beyond_belief(epoch_ms(self.now())):
            self._fallen_at = None
            return False
        self._fallen_at = self._now() if self._fallen_at is None else self._fallen_at
        return self._now() - self._fallen_at >= FALL_PATIENCE

    def _start_above_lease(self, number: int, now: datetime) -> bool:
        """Go above the number that the Lease tells; return whether it was believed."""
        if not self._numbers.start_above([number], epoch_ms(now)):
            return True
        self.ignored_ceiling = number
        _log.error("the number %d on the Lease is more than a day ahead and is ignored", number)
        return False

    async def _rest(self) -> None:
        """Wait until the Lease is to be renewed, or a burst needs a higher ceiling."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RETRY_PERIOD):
                await self._wanted.wait()

    async def _pause(self, seconds: float) -> None:
        jitter = random.uniform(0, JITTER)  # noqa: S311 - it is no secret
        await asyncio.sleep(max(TICK, min(seconds + jitter, self._time_left())))

    def _time_left(self) -> float:
        """Return the seconds for which we lead without another renewal; endless if we do not lead."""
        return float("inf") if self._term is None else max(0.0, self._term.ends_at - self._now())

    async def _send(self, method: str, path: str, body: Object | None = None) -> Answer:
        within = min(ATTEMPT_TIMEOUT, self._time_left())
        answer = await send(self._api, Request(method, path, body=body, within=within))
        if answer.date is not None:
            now = self._now()
            before = self._server or ServerClock(answer.date, now)
            self._server = before.after(answer.date, now)
        return answer

    async def _release(self) -> None:
        """Free the Lease, so that the next leader need not wait until it expires; if that fails, it waits."""
        with suppress(ClusterError):
            if self._is_stale:
                await self._look()
            if self._may_hold and self._lease is not None:
                # What it issued last is known to be the last of all only if it knew what came before.
                last = self._numbers.highest if self._knows_records else None
                await self._send("PUT", self._path, released(self._lease, await self.server_now(), last=last))
                _log.info("%s has released the Lease", self._me)

    def _lose(self, because: str) -> None:
        _log.warning("%s leads no longer: %s", self._me, because)
        self._end()

    def _end(self) -> None:
        self._term = None
        self.lost.set()
        self._elected.set()
        self._wake()

    def _wake(self) -> None:
        """Let all who wait for a higher ceiling try again."""
        raised, self._raised = self._raised, asyncio.Event()
        raised.set()

    def _complain(self, error: ClusterError) -> None:
        """Log an error once, not every two seconds."""
        if str(error) != self._complaint and not isinstance(error, ConflictError):
            _log.warning("the Lease %s/%s cannot be kept: %s", self._namespace, LEASE, error)
            self._complaint = str(error)


def epoch_ms(at: datetime) -> int:
    """A time as update numbers have it."""
    return int(at.timestamp() * 1000)
