"""What an installation leaves behind in a cluster."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core.names import REPORTED
from rollout_reporter.core.objects import ref_of
from rollout_reporter.core.workload import Kind, WorkloadRef

from .api import Object, list_pages, path_to
from .errors import ForbiddenError, NotFoundError
from .journal_pages import ceiling_on, find_pages
from .lookups import workload_path
from .reports import StoredReport, load_reports


class HiddenNamespaceError(ForbiddenError):
    """A Namespace may not be read."""

    def __init__(self, namespace: str, cause: ForbiddenError) -> None:
        super().__init__(str(cause))
        self.namespace = namespace
        """Empty where all of them were looked at."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What is there to remove."""

    shown: Sequence[WorkloadRef]
    """Workloads that show our condition, but for those that another installation reports."""
    reports: Sequence[StoredReport]
    """RolloutReports of this installation."""
    journal: Sequence[str]
    """Paths of the pages of its journal."""
    highest_number: int = 0
    """The highest update number that its journal says may have been issued."""
    hidden: Sequence[HiddenNamespaceError] = ()
    """Why some Namespaces could not be looked at."""

    @property
    def still_open(self) -> int:
        """Rollouts whose end Jira has not been told."""
        return sum(each.state.is_open for report in self.reports for each in report.ledger.entries)


async def find_traces(api: ApiClient, installation: str, namespaces: Sequence[str]) -> Traces:
    """Look through some Namespaces, or with none through the cluster.

    A condition without a RolloutReport, as that of a workload whose keys are none, names no installation. It
    is removed as well: another one that reports the workload would show its own again.

    Raises:
        ClusterError: The cluster does not answer, or refuses all but single Namespaces.
    """
    hidden: list[HiddenNamespaceError] = []
    shown: list[WorkloadRef] = []
    reports: list[StoredReport] = []
    for namespace in namespaces or ("",):
        try:
            everybodys = [each async for each in _reports(api, namespace)]
            showing = [each async for each in _shown(api, namespace)]
        except ForbiddenError as error:
            hidden.append(HiddenNamespaceError(namespace, error))
            continue
        others = {each.ledger.ref.place for each in everybodys if not each.is_of(installation)}
        reports += [each for each in everybodys if each.is_of(installation)]
        shown += [each for each in showing if each.place not in others]
    pages = await find_pages(api, installation)
    journal = [path_to("v1", "configmaps", installation, each["name"]) for each in pages]
    highest = max((ceiling_on({"metadata": each}) for each in pages), default=0)
    return Traces(shown, reports, journal, highest, hidden)


async def _reports(api: ApiClient, namespace: str) -> AsyncIterator[StoredReport]:
    """All RolloutReports; none if the CRD is gone."""
    try:
        async for each in load_reports(api, namespace):
            yield each
    except NotFoundError:
        return


async def _shown(api: ApiClient, namespace: str) -> AsyncIterator[WorkloadRef]:
    """All workloads that show our condition; none of a kind that is not served."""
    for kind in Kind:
        try:
            async for body in list_pages(api, workload_path(WorkloadRef(namespace, kind, "", ""))):
                if _shows(body):
                    yield ref_of(body, kind)
        except NotFoundError:
            continue


def _shows(body: Object) -> bool:
    conditions = (body.get("status") or {}).get("conditions") or []
    return any(each["type"] == REPORTED for each in conditions)
