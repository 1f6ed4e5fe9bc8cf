"""The operator, put together: the watch, the candidacy for leadership, and the reporting of a leader."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import TypeVar

import httpx
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter import __version__
from rollout_reporter.cluster.api import connect
from rollout_reporter.cluster.discovery import cluster_uid
from rollout_reporter.cluster.errors import ClusterError
from rollout_reporter.cluster.journal import Journal
from rollout_reporter.cluster.lease import Leadership, NotLeadingError
from rollout_reporter.jira.wire import http_client

from .backoff import Backoff
from .book import Book
from .context import Context
from .enlistment import ours_alone
from .lost_journal import Rebuilt, rebuild
from .metrics import METRICS
from .patiences import Patiences
from .probes import serve_probes
from .records import read_records
from .reporter import Reporter
from .settings import STEADY, Settings
from .sightings import Sightings
from .sites import Sites
from .watch import Watch

log = logging.getLogger(__name__)

T = TypeVar("T")


async def run_operator(settings: Settings, kubeconfig: str = "") -> None:
    """Run the operator until it is told to stop by SIGTERM or SIGINT.

    Raises:
        UnconfiguredError: No way to a cluster is known.
        OSError: A port is taken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    async with await connect(kubeconfig) as api, http_client() as http:
        operator = Operator(api, http, settings)
        log.info("Rollout Reporter %s starts as %s", __version__, operator.identity)
        await operator.run(stop)
    log.info("stopped")


class Operator:
    """One process: it always watches, and reports while it leads."""

    def __init__(self, api: ApiClient, http: httpx.AsyncClient, settings: Settings) -> None:
        self._api, self._http, self._settings = api, http, settings
        self._sightings = Sightings()
        self._watch = Watch(api, settings, self._sightings)
        self._stop = asyncio.Event()
        self._leadership: Leadership | None = None
        self._has_taken_over = False
        self._book = Book()
        """Of this term; between two of them, what is on no record."""
        self._led: Leadership | None = None
        """Our last term."""
        self._patiences = Patiences()
        name = os.environ.get("POD_NAME") or socket.gethostname()
        self.identity = f"{name}_{uuid.uuid4().hex[:8]}"

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; what is due is then still sent, and leadership handed over."""
        self._stop = stop
        async with asyncio.TaskGroup() as group:
            services = [
                group.create_task(self._watch.run(), name="watch"),
                group.create_task(self._serve_probes(), name="probes"),
            ]
            await self._campaign()
            for service in services:
                service.cancel()

    async def _serve_probes(self) -> None:
        await serve_probes(
            self._settings, why_unhealthy=self._watch.why_unhealthy, why_unready=self._why_unready
        )

    def _why_unready(self) -> str | None:
        """Why this process neither reports nor could at once, in a sentence."""
        if why_not := self._watch.why_unready():
            return why_not
        if self._has_taken_over or (self._leadership and self._leadership.is_standby):
            return None
        if self._leadership and self._leadership.is_leader:
            return "it leads, and has not taken over yet what an earlier leader has left"
        return "it does not lead, and does not know who does"

    async def _campaign(self) -> None:
        """Stand for leadership again and again, until told to stop."""
        backoff, clock = Backoff(), asyncio.get_running_loop().time
        while not self._stop.is_set():
            started = clock()
            leadership = Leadership(self._api, namespace=self._settings.namespace, identity=self.identity)
            self._leadership = leadership
            async with _in_background(leadership.run()):
                try:
                    await _first_of(self._stop.wait(), leadership.elected())
                    if leadership.is_leader:
                        await self._lead(leadership)
                except* NotLeadingError as lost:
                    log.warning("leadership was lost: %s", lost.exceptions[0])
            if clock() - started > STEADY.total_seconds():
                backoff.reset()
            await _first_of(self._stop.wait(), asyncio.sleep(backoff.next().total_seconds()))

    async def _lead(self, leadership: Leadership) -> None:
        if self._led and self._led.own_term != leadership.last_term:
            self._book = Book()  # who has led since may have told more
        METRICS.begin_term()
        try:
            async with _in_background(self._report(leadership)) as reporting:
                await _first_of(leadership.lost.wait(), reporting)
        finally:
            self._has_taken_over = False
            self._book, self._led = self._book.unrecorded(), leadership
            METRICS.end_term()

    async def _report(self, leadership: Leadership) -> None:
        """Report until cancelled; a stop is answered by sending first what is due."""
        preparing = asyncio.create_task(self._prepare(leadership))
        try:
            await _first_of(self._stop.wait(), preparing)
        finally:
            preparing.cancel()
            await asyncio.wait([preparing])  # it writes the journal, which may be another one's by now
        if preparing.cancelled():
            return
        sites, reporter = preparing.result()
        self._has_taken_over = True
        async with _in_background(reporter.run()) as reporting:
            async with _in_background(sites.run()) as polling:
                await _first_of(self._stop.wait(), polling, reporting)
                await reporter.finish()
            await sites.hand_over()

    async def _prepare(self, leadership: Leadership) -> tuple[Sites, Reporter]:
        """Take over what an earlier leader has left, however long the cluster takes to tell it."""
        cluster = self._settings.cluster_name
        if cluster is None:
            cluster = await _persistently(lambda: cluster_uid(self._api))
        journal = Journal(self._api, self._settings.namespace)
        listed, noted = await _persistently(lambda: journal.take_over(leadership.ceiling))
        reports, unread = await _persistently(lambda: read_records(self._api, self._settings))
        known = [report.ledger.highest_update_number() for report in reports]
        known += [] if leadership.was_handed_over else [noted]
        ignored = [leadership.ignored_ceiling] if leadership.ignored_ceiling else []
        for number in (*ignored, *await leadership.start_above(known)):
            METRICS.skipped_numbers.inc()
            log.error("a recorded update number is more than a day ahead and ignored: %d", number)
        sites = Sites(
            self._api,
            self._http,
            self._settings,
            cluster=cluster,
            now=leadership.now,
            patiences=self._patiences,
        )
        await _persistently(sites.load)
        if journal.is_torn:
            rebuilt = await rebuild(reports, listed, sites.link)
            await leadership.start_above(rebuilt.numbers)
            await _persistently(lambda: _mend(journal, rebuilt, leadership.ceiling))
            listed += rebuilt.listed
        context = Context(
            api=self._api,
            settings=self._settings,
            identity=self.identity,
            cluster=cluster,
            sightings=self._sightings,
            is_served=self._watch.is_served,
            follow=self._watch.follow,
            restart_watch=self._watch.restart,
            sites=sites,
            journal=journal,
            now=leadership.now,
            is_leader=lambda: leadership.is_leader,
            next_number=leadership.next_number,
            start_above=leadership.start_above,
            ceiling=lambda: leadership.ceiling,
        )
        book = Book.of(reports, listed, leadership.now())
        book.recall(self._book, unread)
        self._book = book
        METRICS.term.open_book(
            tracked=book.__len__,
            journal=journal.__len__,
            open_in=book.count_in,
            unreported=book.count_unreported,
        )
        reporter = Reporter(context, book, unread)
        sites.serve(reporter)
        return sites, reporter


async def _mend(journal: Journal, rebuilt: Rebuilt, ceiling: int) -> None:
    with ours_alone():
        await journal.mend(rebuilt.listed, ceiling)


@contextlib.asynccontextmanager
async def _in_background(work: Coroutine[None, None, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run work beside the block, and end it with the block."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) and not _is_loss_alone(error):
            log.error("a part of the operator ended: %s", error, exc_info=error)


def _is_loss_alone(error: BaseException) -> bool:
    """Whether nothing has happened but that somebody else leads; that is told where the next term begins."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_loss_alone, error.exceptions))
    return isinstance(error, NotLeadingError)


async def _first_of(*works: Awaitable[object]) -> None:
    """Wait for the first of several to end, cancel those that were begun here, raise what it raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    begun = [task for task, work in zip(tasks, works, strict=True) if task is not work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in begun:
            task.cancel()
        await asyncio.wait(begun)
    for task in done:
        task.result()


async def _persistently(work: Callable[[], Awaitable[T]]) -> T:
    """Try until it succeeds: what is missing may come, and a person is told what it is."""
    backoff = Backoff()
    while True:
        try:
            return await work()
        except ClusterError as error:
            delay = backoff.next().total_seconds()
            log.warning("%s (again in %.0f s)", error, delay)
            await asyncio.sleep(delay)
