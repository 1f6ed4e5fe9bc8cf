"""What an installation leaves behind in a cluster, found for `rollout-reporter cleanup`."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from rollout_reporter.cluster.api import (
    ClusterError,
    ForbiddenError,
    NotFoundError,
    Object,
    list_pages,
    path_to,
)
from rollout_reporter.cluster.journal import LABEL
from rollout_reporter.cluster.lookups import workload_path
from rollout_reporter.cluster.reports import StoredReport, load_reports
from rollout_reporter.core.names import REPORTED
from rollout_reporter.core.objects import ref_of
from rollout_reporter.core.workload import Kind, WorkloadRef

from .failure import CommandError


@dataclass(frozen=True, slots=True)
class Traces:
    """What is there to remove."""

    shown: Sequence[WorkloadRef]
    """Workloads that show our condition, but for those that another installation reports."""
    reports: Sequence[StoredReport]
    """RolloutReports of this installation."""
    journal: Sequence[str]
    """Paths of the pages of its journal."""

    @property
    def still_open(self) -> int:
        """Rollouts whose end Jira has not been told."""
        return sum(each.state.is_open for report in self.reports for each in report.ledger.entries)

    def listed(self, *, with_reports: bool) -> str:
        """What there is, to be put into a sentence."""
        reports = [_counted(self.reports, "RolloutReport")] if with_reports else []
        conditions, journal = _counted(self.shown, "condition"), _counted(self.journal, "page")
        return ", ".join([f"{conditions} on workloads", *reports, f"{journal} of the journal"])


async def find_traces(api: Any, installation: str, namespaces: Sequence[str]) -> Traces:
    """Look through some Namespaces, or with none through the cluster.

    A condition without a RolloutReport, as that of a workload whose keys are none, names no installation. It
    is removed as well: another one that reports the workload would show its own again.

    Raises:
        CommandError: A Namespace may not be read.
        ClusterError: The cluster does not answer, or refuses.
    """
    shown: list[WorkloadRef] = []
    reports: list[StoredReport] = []
    for namespace in namespaces or ("",):
        try:
            everybodys = [each async for each in _reports(api, namespace)]
            others = {each.ledger.ref.place for each in everybodys if not each.is_of(installation)}
            reports += [each for each in everybodys if each.is_of(installation)]
            shown += [each async for each in _shown(api, namespace) if each.place not in others]
        except ForbiddenError as error:
            raise _unreadable(namespace, error) from error
    pages = list_pages(
        api, path_to("v1", "configmaps", installation), label_selector=f"{LABEL}=true", metadata_only=True
    )
    names = [each["metadata"]["name"] async for each in pages]
    return Traces(shown, reports, [path_to("v1", "configmaps", installation, each) for each in names])


async def _reports(api: Any, namespace: str) -> AsyncIterator[StoredReport]:
    """All RolloutReports; none if the CRD is gone."""
    try:
        async for each in load_reports(api, namespace):
            yield each
    except NotFoundError:
        return


async def _shown(api: Any, namespace: str) -> AsyncIterator[WorkloadRef]:
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


def _unreadable(namespace: str, error: ClusterError) -> CommandError:
    if not namespace:
        return CommandError(f"{error}. Name the Namespaces that you may read with --watch-namespaces")
    return CommandError(
        f"namespace {namespace} cannot be read: {error}. If it is gone, leave it out of --watch-namespaces; "
        "if this is a hook of Helm's, helm uninstall --no-hooks goes on without it"
    )


def _counted(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
