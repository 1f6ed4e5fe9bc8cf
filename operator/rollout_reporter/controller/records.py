"""What this installation has on record. A Namespace without rights must not stop the others."""

import logging
from collections.abc import Iterable

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.errors import ClusterError, ForbiddenError, NotFoundError
from rollout_reporter.cluster.reports import StoredReport, load_reports

from .settings import Settings

log = logging.getLogger(__name__)


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
