"""Sending to one Jira site: batches from its outbox, one request at a time, patience when Jira has none."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from rollout_reporter.cluster.errors import ClusterError
from rollout_reporter.cluster.lease import NotLeadingError
from rollout_reporter.core.outcome import (
    OF_CONTENT,
    Answer,
    Judged,
    Outcome,
    Rejected,
    Trouble,
    TroubleReason,
    Unanswered,
)
from rollout_reporter.core.report import DeploymentKey, Update
from rollout_reporter.core.workload import Place

from .backoff import Backoff, delay_after
from .metrics import METRICS
from .outbox import MAX_BATCH, RESOLUTION, Item, Outbox
from .settings import FORBIDDEN_PERIOD, JIRA_BACKOFF_MOST, MUTE, NOTE_PERIOD

log = logging.getLogger(__name__)

Outcomes = Mapping[DeploymentKey, Outcome]

_MUTE: Final = Trouble(
    TroubleReason.UNAVAILABLE,
    "Jira answers, but says neither yes nor no to what it is sent: does jira.apiURL lead to Jira?",
)

_PERHAPS_OF_ONE: Final = frozenset(
    {TroubleReason.UNAVAILABLE, TroubleReason.FORBIDDEN, TroubleReason.SITE_NOT_FOUND}
)
"""Answers that may be about one deployment alone: something on the way refuses its text, or its project."""


class Link(Protocol):
    """A way to a Jira site."""

    async def submit(self, updates: Sequence[Update]) -> Answer:
        """Send updates of different Jira deployments."""


class Ledgers(Protocol):
    """Who knows what is to be sent, and wants to know what became of it."""

    async def enlist(self, items: Sequence[Item]) -> Sequence[Item]:
        """Note down, before anything is sent, what may have been sent; return what is still wanted.

        Raises:
            ClusterError: It cannot be noted down now.
        """

    async def note(self, items: Sequence[Item]) -> None:
        """Note down what cannot be sent at present."""

    def settle(self, place: Place, update: Update, outcome: Outcome) -> None:
        """Write down what Jira said."""

    def troubled(self, places: Iterable[Place]) -> None:
        """Show that a site cannot be reached, or can again."""


class Sender:
    """Sends one site's outbox."""

    def __init__(
        self,
        site: str,
        *,
        link: Callable[[], Link | Trouble],
        next_number: Callable[[], Awaitable[int]],
        ledgers: Ledgers,
        now: Callable[[], datetime],
    ) -> None:
        self.site = site
        self._log = logging.LoggerAdapter(log, {"site": site})
        self.outbox = Outbox()
        self.trouble: Trouble | None = None
        self.next_attempt: datetime | None = None
        self.worked_at = 0.0
        """When Jira last took a request, in time of the event loop."""
        self._link, self._next_number, self._ledgers, self._now = link, next_number, ledgers, now
        self._backoff = Backoff(most=JIRA_BACKOFF_MOST)
        self._most = MAX_BATCH
        """In one request; fewer while it may be too many, or one of them, that Jira cannot answer."""
        self._stood_alone = False
        """Whether what Jira could not answer last was one deployment, which may be the culprit."""
        self._mute = 0
        """Answers in a row that said nothing of what was asked."""
        self._hurry = asyncio.Event()
        self._tried: dict[DeploymentKey, int] = {}
        """The last number of those whose numbers are ahead of the clock."""
        self._resume_at = 0.0
        """Time of the event loop, which no clock that is set can move."""

    def hurry(self) -> None:
        """Try again now: something about the site has changed. The link keeps to what its Jira asks for."""
        self._hurry.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            batch = await self.outbox.take(self._most, apart=self._stood_alone)
            try:
                await self._send(batch)
            except ClusterError as error:
                self._wait(batch, f"nothing is sent, the journal cannot be written: {error}")
            except NotLeadingError:
                raise
            except Exception:  # one report that cannot be sent must not stop the others
                log.exception("site %s: a report cannot be sent, please report this", self.site)
                self._wait(batch, "trying again")
            finally:
                self.outbox.done(item.report.key for item in batch)
            if self.next_attempt:
                await self._pause()

    async def _send(self, batch: Sequence[Item]) -> None:
        self._hurry.clear()
        link = self._link()
        if isinstance(link, Trouble):
            self._fail(batch, link)
            return
        wanted = await self._ledgers.enlist(batch)
        self.outbox.done({item.report.key for item in batch} - {item.report.key for item in wanted})
        if not wanted:
            return
        updates = [Update(item.report, await self._number(item)) for item in wanted]
        outcomes, trouble = await self._submit_and_note(link, updates)
        silent = self._settle(wanted, updates, outcomes)
        if trouble:
            self._suspect(silent, trouble)
            self._fail(silent, trouble)
            return
        self._mute = self._mute + 1 if len(silent) == len(wanted) else 0
        if self._mute >= MUTE:
            self._suspect(silent, _MUTE)
            self._fail(silent, _MUTE)
            return
        self._succeed()
        if silent:
            self._ask_again(silent)

    async def _number(self, item: Item) -> int:
        """A number above all that Jira may hold of the deployment, those sent in vain included.

        The clock may have been days ahead when Jira acknowledged the last one.
        """
        own, key = await self._next_number(), item.report.key
        number = max(own, item.least, self._tried.get(key, 0) + 1)
        if number > own:
            self._tried[key] = number
        return number

    async def _submit_and_note(
        self, link: Link, updates: Sequence[Update]
    ) -> tuple[Outcomes, Trouble | None]:
        """Submit, and keep noted down meanwhile what comes to wait: an answer may take half a minute."""
        is_over = asyncio.Event()
        noting = asyncio.create_task(self._note_until(is_over))
        try:
            said = await _submit(link, updates)
            is_over.set()
            await noting  # to its end: a write that is broken off may have been done
        finally:
            noting.cancel()
        return said

    def _settle(
        self, batch: Sequence[Item], updates: Sequence[Update], outcomes: Outcomes
    ) -> tuple[Item, ...]:
        """Hand on what Jira said; return what it said nothing about."""
        silent = []
        for item, update in zip(batch, updates, strict=True):
            outcome = outcomes.get(update.report.key, Unanswered())
            METRICS.reported(self.site, update.report.state, outcome, self.outbox.waited(item.report.key))
            if isinstance(outcome, Unanswered):
                silent.append(item)
            else:
                self._ledgers.settle(item.place, update, outcome)
        return tuple(silent)

    def _succeed(self) -> None:
        was_troubled, self.trouble, self.next_attempt = self.trouble, None, None
        self.worked_at = asyncio.get_running_loop().time()
        self._backoff.reset()
        self._most, self._stood_alone = min(2 * self._most, MAX_BATCH), False
        METRICS.term.recovered(self.site)
        if was_troubled:
            self._log.info("site %s: works again", self.site)
            self._ledgers.troubled(self.outbox.places())

    def _ask_again(self, items: Sequence[Item]) -> None:
        """Send again, but not at once, what Jira said neither yes nor no of; others need not wait for it."""
        for item in items:
            self.outbox.give_back(item, delay=delay_after(self.outbox.failures(item.report.key)))
        self._log.warning("site %s: no word from Jira on %d of the deployments", self.site, len(items))

    def _suspect(self, batch: Sequence[Item], trouble: Trouble) -> None:
        """Ask for less next time, until what has failed stands alone, if it may be that one of it has.

        After one alone all again: where answers are lost, Jira has at least heard.
        """
        if trouble.reason in _PERHAPS_OF_ONE:
            self._most = min(self._most, len(batch)) // 2 or MAX_BATCH
            self._stood_alone = len(batch) == 1

    def _fail(self, batch: Sequence[Item], trouble: Trouble) -> None:
        """Nothing is lost: all of it stays wanted until it is sent or a newer state replaces it."""
        for item in batch:
            self.outbox.give_back(item)
        least = FORBIDDEN_PERIOD if trouble.reason is TroubleReason.FORBIDDEN else timedelta(0)
        delay = self._backoff.next(at_least=max(least, trouble.retry_after or timedelta(0)))
        self.trouble = trouble
        self._postpone(delay)
        METRICS.troubled(self.site, trouble)
        self._log.warning(
            "site %s: %s (next attempt in %.0f s)", self.site, trouble.message, delay.total_seconds()
        )
        self._ledgers.troubled(self.outbox.places())

    def _postpone(self, delay: timedelta) -> None:
        self._resume_at = asyncio.get_running_loop().time() + delay.total_seconds()
        self.next_attempt = self._now() + delay

    def _wait(self, batch: Sequence[Item], why: str) -> None:
        """Send nothing for a while, for a cause on our side."""
        for item in batch:
            self.outbox.give_back(item)
        self._postpone(self._backoff.next())
        self._log.warning("site %s: %s", self.site, why)

    async def _pause(self) -> None:
        """Wait for the next attempt, and keep noted down what is wanted until then."""
        loop = asyncio.get_running_loop()
        while self._resume_at - loop.time() > RESOLUTION:
            if await _is_set(self._hurry, min(self._resume_at, loop.time() + NOTE_PERIOD.total_seconds())):
                return
            await self._ledgers.note(self.outbox.items())

    async def _note_until(self, over: asyncio.Event) -> None:
        """Note down what waits as often as while nothing is sent."""
        loop = asyncio.get_running_loop()
        while not await _is_set(over, loop.time() + NOTE_PERIOD.total_seconds()):
            await self._ledgers.note(self.outbox.items())


async def _is_set(event: asyncio.Event, until: float) -> bool:
    """Wait for an event until some time of the event loop, and tell whether it has come."""
    try:
        async with asyncio.timeout_at(until):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def _submit(link: Link, updates: Sequence[Update]) -> tuple[Outcomes, Trouble | None]:
    """Submit, and halve what is refused as a whole until the culprit stands alone.

    Returns:
        What Jira said of each update, and the trouble that kept it from saying more.
    """
    try:
        answer = await link.submit(updates)
    except ValueError as error:
        answer = Trouble(TroubleReason.BAD_REQUEST, f"it cannot be put into a request: {error}")
    if isinstance(answer, Judged):
        return answer.outcomes, None
    if answer.reason not in OF_CONTENT:
        return {}, answer
    if len(updates) == 1:
        return {updates[0].report.key: Rejected((answer.message,))}, None
    half = len(updates) // 2
    outcomes, trouble = await _submit(link, updates[:half])
    if trouble:
        return outcomes, trouble
    more, trouble = await _submit(link, updates[half:])
    return {**outcomes, **more}, trouble
