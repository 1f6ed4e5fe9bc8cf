"""What is about to be sent is noted down first, so that a crash cannot hide it from the next leader."""

import asyncio
import logging
from collections.abc import Sequence

from rollout_reporter.cluster.errors import ClusterError, ConflictError
from rollout_reporter.cluster.journal import Listed
from rollout_reporter.cluster.lease import NotLeadingError

from .book import Book
from .context import Context
from .outbox import Item
from .settings import JOURNAL_PERIOD

log = logging.getLogger(__name__)


class Enlistment:
    """Keeps the journal of the places in the book."""

    def __init__(self, context: Context, book: Book) -> None:
        self._context, self._book = context, book

    async def enlist(self, items: Sequence[Item], *, anew: bool) -> Sequence[Item]:
        """Note down in the journal what is about to be sent; return what is still wanted.

        `anew` as in `Journal.enlist`.

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
            await self._context.journal.enlist(listed, self._context.ceiling(), anew=anew)
        except ConflictError as error:
            raise NotLeadingError("the journal was written by another process") from error
        return wanted

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
            await self._context.journal.flush(self._context.ceiling())
        except ConflictError as error:
            raise NotLeadingError("the journal was written by another process") from error
        except ClusterError as error:
            log.warning("the journal cannot be written: %s", error)
