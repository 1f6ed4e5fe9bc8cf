"""The sweep: compares what exists with what was seen, since a broken watch tells nothing of what it misses.

A list of metadata alone is small. It finds workloads that were deleted while the watch was broken, and proves
that the watch is alive: if it has not shown a version of a workload for a while, it is started again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from rollout_reporter.cluster.errors import ClusterError, ForbiddenError, NotFoundError
from rollout_reporter.cluster.lookups import Existing, find_workload, list_workloads
from rollout_reporter.core.workload import Kind, Snapshot, WorkloadRef

from .book import Book
from .context import Context
from .metrics import METRICS
from .sightings import Gone, Hidden

log = logging.getLogger(__name__)

PERIOD: Final = timedelta(minutes=5)
WATCH_LAG: Final = timedelta(seconds=10)
"""How long the watch may take to show what a list has shown."""


@dataclass(slots=True)
class World:
    """What exists."""

    uids: set[str] = field(default_factory=set)
    ours: list[Existing] = field(default_factory=list)
    """Workloads that are annotated, or on record."""
    hidden: set[str] = field(default_factory=set)
    """Namespaces that may not be read."""


async def sweep(context: Context, book: Book, before: Callable[[], Awaitable[None]]) -> None:
    """Look again and again whether all is as it was seen, until cancelled."""
    while True:
        is_gap = await _gap_or_period(context.sightings.gap)
        try:
            await before()
            await (find_ends if is_gap else sweep_once)(context, book)
        except ClusterError as error:
            log.warning("cannot look whether all workloads still exist: %s", error)


async def _gap_or_period(gap: asyncio.Event) -> bool:
    """Wait for a gap in the watch, and a while more, or until it is time anyway; tell whether it was one."""
    try:
        async with asyncio.timeout(PERIOD.total_seconds()):
            await gap.wait()
    except TimeoutError:
        return False
    await asyncio.sleep(WATCH_LAG.total_seconds())
    gap.clear()
    return True


async def sweep_once(context: Context, book: Book) -> None:
    """Find what the watch has missed: ends of workloads, by their uids, and versions of living ones."""
    world = await find_ends(context, book)
    behind = [each for each in world.ours if _is_behind(context, book, each)]
    if behind:
        await asyncio.sleep(WATCH_LAG.total_seconds())
        await _catch_up(context, [each for each in behind if _is_behind(context, book, each)])


async def find_ends(context: Context, book: Book) -> World:
    """Find the ends of workloads that the watch has missed, and return what exists."""
    known = [tracked.ref for tracked in book.values() if not tracked.is_gone]
    world = await _look(context, {ref.uid for ref in known})
    for ref in known:
        if ref.namespace in world.hidden:
            context.sightings.put(Hidden(ref))
    ended = [ref for ref in known if ref.namespace not in world.hidden and ref.uid not in world.uids]
    if ended:
        await asyncio.sleep(WATCH_LAG.total_seconds())  # the watch itself would tell how they ended
    for ref in ended:
        if _is_untold(context, ref):
            log.warning("%s: its end was missed by the watch", ref.place)
            context.sightings.put(Gone(ref), after_gap=True)
    return world


def _is_untold(context: Context, ended: WorkloadRef) -> bool:
    seen = context.sightings.get(ended.place)
    return seen is None or (isinstance(seen, Snapshot) and seen.ref == ended)


async def _look(context: Context, known: Collection[str]) -> World:
    world = World()
    for namespace in context.settings.watch_namespaces or ("",):
        try:
            for kind in Kind:
                async for each in list_workloads(context.api, kind, namespace):
                    world.uids.add(each.ref.uid)
                    if each.is_annotated or each.ref.uid in known:
                        world.ours.append(each)
        except ForbiddenError as error:
            if not namespace:
                raise
            METRICS.api_error(error)
            log.warning("namespace %s cannot be read: %s", namespace, error)
            world.hidden.add(namespace)
    return world


def _is_behind(context: Context, book: Book, existing: Existing) -> bool:
    """Whether the watch has shown less of a workload than a list.

    If its Namespace is not selected any more, that counts only until all is told that had begun before.
    """
    seen, tracked = context.sightings.get(existing.ref.place), book.get(existing.ref.place)
    is_served = context.is_served(existing.ref.namespace)
    if seen is None or seen.ref != existing.ref:
        return existing.is_annotated and is_served
    if not is_served and (tracked is None or tracked.ledger.is_settled):
        return False
    if not isinstance(seen, Snapshot):
        return False
    is_ours = seen.is_annotated or existing.is_annotated
    return is_ours and seen.resource_version < existing.resource_version


async def _catch_up(context: Context, missed: Collection[Existing]) -> None:
    for each in missed:
        try:
            context.sightings.put(await find_workload(context.api, each.ref), after_gap=True)
        except NotFoundError:
            context.sightings.put(Gone(each.ref), after_gap=True)
    unseen = [each.ref for each in missed if context.is_served(each.ref.namespace)]
    for ref in unseen:
        log.warning("%s: the watch has missed a change", ref.place)
    if unseen:
        context.restart_watch()
