"""What is about to be sent is noted down first, so that a crash cannot hide it from the next leader."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from rollout_reporter.cluster.errors import ClusterError, ConflictError
from rollout_reporter.cluster.journal_pages import Listed
from rollout_reporter.cluster.lease import NotLeadingError
from rollout_reporter.core.entry import Entry

from .book import Book, Tracked
from .context import Context
from .outbox import Item
from .settings import JOURNAL_PERIOD

log = logging.getLogger(__name__)


class Enlistment:
    """Keeps the journal of the places in the book."""

    def __init__(self, context: Context, book: Book) -> None:
        self._context, self._book = context, book

    async def enlist(self, items: Sequence[Item]) -> Sequence[Item]:
        """Note down in the journal what is about to be sent; return what is still wanted.

        Raises:
            ClusterError: It cannot be noted down now.
            NotLeadingError: Another process has taken the journal over.
        """
        found = [(item, *one) for item in items if (one := self._wanted(item))]
        for _, tracked, entry in found:
            tracked.ledger = tracked.ledger.attempt(entry.key)
        await self._list([(tracked, entry) for _, tracked, entry in found])
        return [item for item, _, _ in found]

    async def note(self, items: Sequence[Item]) -> None:
        """Note down what Jira does not take at present.

        It is on the RolloutReport, too, which may vanish with its Namespace or its CRD.

        Raises:
            NotLeadingError: Another process has taken the journal over.
        """
        try:
            await self._list([one for item in items if (one := self._wanted(item))])
        except ClusterError as error:
            log.warning("what waits for Jira cannot be noted down: %s", error)

    def _wanted(self, item: Item) -> tuple[Tracked, Entry] | None:
        """The place and the entry that an item is about, if it is still due."""
        tracked = self._book.get(item.place)
        entry = tracked.ledger.entry(item.report.key) if tracked else None
        return (tracked, entry) if tracked and entry and entry.is_due else None

    async def _list(self, found: Sequence[tuple[Tracked, Entry]]) -> None:
        now, listed = self._context.now(), []
        for tracked, entry in found:
            each = Listed(tracked.ref, entry, max(now, _recorded_since(tracked, entry) or now))
            tracked.enlisted.add(each.id)
            listed.append(each)
        with ours_alone():
            await self._context.journal.enlist(listed, self._context.ceiling())

    async def run(self) -> None:
        """Take out of the journal what is over and on record, until cancelled.

        Seldom, since a write for what comes next may do it, too.
        """
        while True:
            await asyncio.sleep(JOURNAL_PERIOD.total_seconds())
            await self.flush()

    async def flush(self) -> None:
        """Take out of the journal now what is over and on record.

        Raises:
            NotLeadingError: Another process has taken the journal over.
        """
        try:
            with ours_alone():
                await self._context.journal.flush(self._context.ceiling())
        except ClusterError as error:
            log.warning("the journal cannot be written: %s", error)


@contextmanager
def ours_alone() -> Iterator[None]:
    """Write to the journal.

    Raises:
        NotLeadingError: Another process has written it, so that one leads.
    """
    try:
        yield
    except ConflictError as error:
        raise NotLeadingError("the journal was written by another process") from error


def _recorded_since(tracked: Tracked, entry: Entry) -> datetime | None:
    """Since when the state is that its record shows: no news, though a clock was set back since."""
    recorded = tracked.stored.ledger.entry(entry.key) if tracked.stored else None
    return recorded.since if recorded else None
