"""What a leader works with, against a fake API server."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.journal import Journal
from rollout_reporter.controller.book import Book
from rollout_reporter.controller.context import Context
from rollout_reporter.controller.patiences import Patiences
from rollout_reporter.controller.reporter import Reporter
from rollout_reporter.controller.settings import Settings
from rollout_reporter.controller.sightings import Sightings
from rollout_reporter.controller.sites import Sites
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.resync import Resync
from rollout_reporter.core.target import Site
from rollout_reporter.core.workload import Place
from rollout_reporter.jira.wire import utc_now
from unit.controller.awaiting import in_background, until
from unit.controller.fake_jira import Desk, FakeJira
from unit.core.situations import ref

CEILING = 10**12


async def _start_above(_: Iterable[int]) -> None:
    """The numbers of these tests are their own."""


@asynccontextmanager
async def leading(
    api: ApiClient,
    *,
    follow: Callable[[str], None] = lambda _: None,
    restart_watch: Callable[[], None] = lambda: None,
    **options: Any,
) -> AsyncIterator[Context]:
    """One term of leadership, without JiraSites."""
    settings = Settings(namespace="ops", **options)
    sightings = Sightings()
    sightings.references_known.set()
    async with httpx.AsyncClient() as http:
        yield Context(
            api=api,
            settings=settings,
            identity="pod_1",
            cluster="eu1",
            sightings=sightings,
            is_served=lambda namespace: namespace != "kube-system",
            follow=follow,
            restart_watch=restart_watch,
            sites=Sites(api, http, settings, cluster="eu1", now=utc_now, patiences=Patiences()),
            journal=Journal(api, "ops"),
            now=utc_now,
            is_leader=lambda: True,
            next_number=Desk().next_number,
            start_above=_start_above,
            ceiling=lambda: CEILING,
        )


SITE = Site(name="default", url="https://example.atlassian.net")


class Leader:
    """A new leader, with what it finds on record."""

    def __init__(
        self,
        context: Context,
        book: Book,
        jira: FakeJira | None = None,
        *,
        unread: frozenset[str] = frozenset(),
    ) -> None:
        self._context, self.book, self.sightings = context, book, context.sightings
        if jira:
            context.sites.link = lambda _: jira  # type: ignore[method-assign,assignment,return-value]
        self._reporter = Reporter(context, book, unread)

    def states(self) -> list[str]:
        """What Jira should hold."""
        return [each.state.value for each in self.book[ref().place].ledger.entries]

    def know_sites(self) -> None:
        """Have a JiraSite."""
        self._context.sites.known = lambda: {"default": SITE}  # type: ignore[method-assign]

    def handed(self, place: Place) -> list[str]:
        """States that are on their way from a place."""
        tracked = self.book.get(place)
        return [each.state.value for each in tracked.due.values()] if tracked else []

    def entries(self) -> list[Entry]:
        """All Jira deployments of all places."""
        return [each for tracked in self.book.values() for each in tracked.ledger.entries]

    def resend(self, resync: Resync) -> int:
        """Have a JiraSite ask for everything once more; returns how much is still due."""
        return self._reporter.resend("default", resync)

    async def read_unread(self) -> None:
        """What each sweep does first."""
        await self._reporter._read_unread()

    def site_changed(self) -> None:
        """Have the reporter hear of a JiraSite."""
        self._reporter.site_changed("default")

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Report for the length of a block."""
        async with in_background(self._reporter.run()):
            yield

    async def work_until(self, condition: Callable[[], bool]) -> None:
        """Report until something holds."""
        async with self.working():
            await until(condition)
