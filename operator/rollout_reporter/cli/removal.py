"""What `rollout-reporter forget` can remove from Jira: single deployments, or all with some properties."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from rich.console import RenderableType
from rich.table import Table

from rollout_reporter.cluster.errors import NotFoundError
from rollout_reporter.cluster.reports import load_reports
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.lines import one_line
from rollout_reporter.core.outcome import Trouble
from rollout_reporter.core.report import DeploymentKey
from rollout_reporter.core.workload import Kind, WorkloadRef
from rollout_reporter.jira.client import JiraClient

from .connection import connect
from .failure import CommandError, unknown_kind

Call = Callable[[], Awaitable[Trouble | None]]


class Removal(Protocol):
    """Something that can be removed from Jira."""

    @property
    def what(self) -> str:
        """What it is, to be put into a sentence."""

    def shown(self) -> RenderableType:
        """Show a person what it is about."""

    def calls(self, client: JiraClient) -> Sequence[Call]:
        """All that has to be asked of Jira."""


@dataclass(frozen=True, slots=True)
class OneDeployment:
    """The Jira deployment with a given identity."""

    key: DeploymentKey

    @property
    def what(self) -> str:
        """One."""
        return _counted(1)

    def shown(self) -> RenderableType:
        """A table with its identity."""
        key = self.key
        return _table(
            [{"PIPELINE": key.pipeline_id, "ENVIRONMENT": key.environment_id, "NUMBER": f"{key.number}"}]
        )

    def calls(self, client: JiraClient) -> Sequence[Call]:
        """One."""
        return [partial(client.delete, self.key)]


@dataclass(frozen=True, slots=True)
class WithProperties:
    """All Jira deployments that were sent with all of these properties, however many there are."""

    properties: Mapping[str, str]

    @property
    def what(self) -> str:
        """All of them: Jira does not tell how many."""
        return f"all deployments that were sent with {self._listed}"

    def shown(self) -> RenderableType:
        """A sentence: Jira lists none."""
        return (
            f"Jira would remove everything that was sent with {self._listed} and this site's credential, "
            "workloads that are long gone included. It does not tell how many that are."
        )

    def calls(self, client: JiraClient) -> Sequence[Call]:
        """One for all."""
        return [partial(client.delete_by_properties, self.properties)]

    @property
    def _listed(self) -> str:
        return " and ".join(f"{name}={value}" for name, value in self.properties.items())


@dataclass(frozen=True, slots=True)
class Remembered:
    """Jira deployments that RolloutReports remember, each with its workload."""

    entries: Sequence[tuple[WorkloadRef, Entry]]

    @property
    def what(self) -> str:
        """So many."""
        return _counted(len(self.entries))

    def shown(self) -> RenderableType:
        """A table of them."""
        return _table(map(_row, *zip(*self.entries, strict=True)))

    def calls(self, client: JiraClient) -> Sequence[Call]:
        """One for each."""
        return [partial(client.delete, entry.key) for _, entry in self.entries]


async def remembered(
    namespace: str, workload: tuple[Kind, str] | None, *, site: str, installation: str, kubeconfig: str
) -> Remembered:
    """Find what the RolloutReports of a Namespace, or of one workload in it, remember of a site.

    `installation` is the Namespace of the operator; another one's sites are others.

    Raises:
        CommandError: They remember nothing.
        ClusterError: The cluster does not answer, or refuses.
    """
    async with await connect(kubeconfig) as api:
        try:
            reports = [each async for each in load_reports(api, namespace)]
        except NotFoundError as error:
            raise unknown_kind("RolloutReport") from error
    ledgers = [each.ledger for each in reports if each.is_of(installation)]
    wanted = [each for each in ledgers if workload in {None, (each.ref.kind, each.ref.name)}]
    everywhere = [(ledger.ref, entry) for ledger in wanted for entry in ledger.entries]
    found = [(ref, entry) for ref, entry in everywhere if entry.site == site]
    if not found:
        raise CommandError(_nothing_remembered(namespace, site, {entry.site for _, entry in everywhere}))
    return Remembered(found)


def _nothing_remembered(namespace: str, site: str, others: Iterable[str]) -> str:
    elsewhere = f", but of {', '.join(sorted(others))}: name it with --site" if others else ""
    return (
        f"no RolloutReport in namespace {namespace} remembers a Jira deployment of site {site!r}"
        f"{elsewhere or ': see kubectl get rolloutreports -A'}"
    )


def _row(ref: WorkloadRef, entry: Entry) -> dict[str, str]:
    return {
        "WORKLOAD": str(ref),
        "ISSUES": ", ".join(entry.issue_keys),
        "ENVIRONMENT": one_line(entry.environment.name),
        "REVISION": "" if entry.revision is None else str(entry.revision),
        "STATE": entry.state.value,
        "COMES BACK": _comes_back(entry),
    }


def _comes_back(entry: Entry) -> str:
    """Why the operator would soon send it again; empty if it has no reason to."""
    if entry.state.is_open:
        return "as it goes on"
    if entry.is_due:
        return "it is being sent"
    answer = entry.refusal or entry.acknowledged
    if answer is None or entry.recheck_at is None:
        return ""
    return f"to ask again for {', '.join(answer.unknown_keys or entry.issue_keys)}"


def _table(rows: Iterable[Mapping[str, str]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    listed = list(rows)
    for name in listed[0]:
        table.add_column(name, overflow="fold")
    for row in listed:
        table.add_row(*row.values())
    return table


def _counted(number: int) -> str:
    return f"{number} deployment{'' if number == 1 else 's'}"
