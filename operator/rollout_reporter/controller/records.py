"""What this installation has on record. A Namespace without rights must not stop the others."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.errors import ClusterError, ForbiddenError, NotFoundError
from rollout_reporter.cluster.reports import StoredReport, list_reports, load_reports, report_name
from rollout_reporter.core.workload import Place

from .book import Book
from .context import Context
from .settings import Settings

log = logging.getLogger(__name__)

PERIOD: Final = timedelta(minutes=1)
"""How often it is looked whether all of them are still there; a list of metadata alone is small."""
MISSING_PERIOD: Final = timedelta(seconds=5)
"""The same while the cluster does not know their kind."""


async def read_records(
    api: ApiClient, settings: Settings, namespaces: Iterable[str] | None = None
) -> tuple[list[StoredReport], frozenset[str]]:
    """Read our RolloutReports in some Namespaces, or in all that are watched.

    Returns:
        What was read, and the Namespaces that may not be read: they, or our rights in them, may be gone.

    Raises:
        ClusterError: Nothing can be read.
    """
    found: list[StoredReport] = []
    unread: set[str] = set()
    for namespace in settings.watch_namespaces or ("",) if namespaces is None else namespaces:
        try:
            found += [each async for each in load_reports(api, namespace) if each.is_of(settings.namespace)]
        except NotFoundError as error:
            message = "the cluster does not know the kind RolloutReport: install the CRDs of the chart"
            raise ClusterError(message) from error
        except ForbiddenError as error:
            if not namespace:
                raise
            log.warning("namespace %s cannot be read, and is left out for now: %s", namespace, error)
            unread.add(namespace)
    return found, frozenset(unread)


async def keep_records(context: Context, book: Book, publish: Callable[[Place], None]) -> None:
    """Look again and again whether all RolloutReports are still there, until cancelled.

    Somebody may remove one, or all with their CRD; nobody else would notice as long as nothing changes.
    """
    is_known = True
    while True:
        await asyncio.sleep((PERIOD if is_known else MISSING_PERIOD).total_seconds())
        try:
            await restore_records(context, book, publish)
            is_known = True
        except NotFoundError:
            if is_known:
                log.warning("the cluster knows the kind RolloutReport no more: install the CRDs of the chart")
            is_known = False
        except ClusterError as error:
            log.warning("cannot look whether all RolloutReports are still there: %s", error)


async def restore_records(context: Context, book: Book, publish: Callable[[Place], None]) -> None:
    """Have written again what was removed.

    Raises:
        NotFoundError: The cluster does not know their kind.
        ClusterError: They cannot be listed.
    """
    for namespace in context.settings.watch_namespaces or ("",):
        written = [tracked.stored for tracked in book.values() if tracked.stored and not tracked.is_gone]
        try:
            there = {each async for each in list_reports(context.api, namespace)}
        except ForbiddenError:
            if not namespace:
                raise
            continue  # nobody can know
        for stored in written:
            ref = stored.ledger.ref
            if namespace in {"", ref.namespace} and (ref.namespace, report_name(ref)) not in there:
                _restore(stored, book, publish)


def _restore(removed: StoredReport, book: Book, publish: Callable[[Place], None]) -> None:
    place = removed.ledger.ref.place
    tracked = book.get(place)
    if tracked is None or tracked.stored is not removed:
        return  # it was written meanwhile
    log.warning("%s: its RolloutReport was removed, and is written again", place)
    tracked.stored = None
    publish(place)
