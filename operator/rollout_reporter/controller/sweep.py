"""The sweep: finds workloads that were deleted while the watch was broken; nothing else tells of them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from rollout_reporter.cluster.api import ClusterError, ForbiddenError
from rollout_reporter.cluster.lookups import list_uids
from rollout_reporter.core.workload import Kind

from .book import Book
from .context import Context
from .sightings import Gone, Hidden

log = logging.getLogger(__name__)

PERIOD: Final = timedelta(minutes=5)


async def sweep(context: Context, book: Book, before: Callable[[], Awaitable[None]]) -> None:
    """Look again and again whether the workloads on record still exist; until cancelled."""
    while True:
        await asyncio.sleep(PERIOD.total_seconds())
        try:
            await before()
            await sweep_once(context, book)
        except ClusterError as error:
            log.warning("cannot look whether all workloads still exist: %s", error)


async def sweep_once(context: Context, book: Book) -> None:
    """Compare the workloads on record with those that exist, by their uids."""
    known = [tracked.ref for tracked in book.values() if not tracked.is_gone]
    found: set[str] = set()
    hidden: set[str] = set()
    for namespace in context.settings.watch_namespaces or ("",):
        try:
            for kind in Kind:
                found |= await list_uids(context.api, kind, namespace)
        except ForbiddenError as error:
            if not namespace:
                raise
            log.warning("namespace %s cannot be read: %s", namespace, error)
            hidden.add(namespace)
    for ref in known:
        if ref.namespace in hidden:
            context.sightings.put(Hidden(ref))
        elif ref.uid not in found:
            log.warning("%s: its end was missed by the watch", ref.place)
            context.sightings.put(Gone(ref), after_gap=True)
