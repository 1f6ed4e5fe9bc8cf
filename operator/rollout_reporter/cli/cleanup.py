"""`rollout-reporter cleanup`: leave nothing behind in the cluster; the chart runs it before it is removed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final

import typer

from rollout_reporter.cluster.api import ClusterError, ConflictError, NotFoundError, connect, delete
from rollout_reporter.cluster.conditions import write_condition
from rollout_reporter.cluster.lease import LEASE
from rollout_reporter.cluster.reports import remove_report, report_name
from rollout_reporter.core.election import LEASE_DURATION, RENEW_DEADLINE
from rollout_reporter.core.workload import WorkloadRef

from .asking import confirm
from .cleanup_lease import HeldLease
from .cleanup_traces import Traces, find_traces
from .failure import CommandError
from .kubeconfig import Kubeconfig, chosen

ROUNDS: Final = 3
"""How often conditions are looked for. A Rollout's controller may write an old list back once."""

Removal = Callable[[], Awaitable[object]]
Step = tuple[str, Removal]
"""A thing in words, and how to remove it."""


def cleanup(
    *,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", envvar="POD_NAMESPACE", help="Namespace of the operator.")
    ],
    watch_namespaces: Annotated[
        str,
        typer.Option(
            envvar="ROLLOUT_REPORTER_WATCH_NAMESPACES",
            help="Namespaces that the operator watches, separated by commas; none for the whole cluster.",
        ),
    ] = "",
    keep_reports: Annotated[
        bool,
        typer.Option("--keep-reports", help="Leave the RolloutReports, the memory of what was reported."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    kubeconfig: Kubeconfig = "",
) -> None:
    """Remove what an installation has written into the cluster, before it is uninstalled.

    That is the condition on the workloads, the RolloutReports, the journal and the Lease. A running operator
    is made to stop first, and would begin again 15 seconds after the end: remove its Deployment by then.
    What was interrupted is finished by calling it again. Jira keeps what it was told; rollout-reporter forget
    removes it there, and needs the RolloutReports or the name of the cluster for it.
    """
    namespaces = watch_namespaces.replace(",", " ").split()
    try:
        asyncio.run(_cleanup(chosen(kubeconfig), namespace, namespaces, keep_reports=keep_reports, yes=yes))
    except (ClusterError, CommandError) as error:
        typer.echo(f"cleanup: {error}", err=True)
        raise typer.Exit(1) from error


async def _cleanup(
    kubeconfig: str, namespace: str, namespaces: Sequence[str], *, keep_reports: bool, yes: bool
) -> None:
    async with await connect(kubeconfig) as api:
        look = partial(find_traces, api, namespace, namespaces)
        if not yes:
            typer.echo(f"There is {(await look()).listed(with_reports=not keep_reports)}, and the Lease.")
            confirm("Remove it?", otherwise="nothing was removed")
        lease = HeldLease(api, namespace)
        if holder := await lease.take():
            typer.echo(f"the Lease was taken from {holder}, which stops within {RENEW_DEADLINE:.0f} s")
            await lease.outlast()
        await _remove_conditions(api, lease, look)
        found = await look()
        await _remove(lease, [*_reports(api, found, keep=keep_reports), *_journal(api, found)])
        await _remove(lease, [(f"Lease {LEASE}", lease.remove)])
    if found.still_open:
        typer.echo(f"rollouts under way, whose end Jira will not be told: {found.still_open}")
    typer.echo(f"cleaned up; an operator that is still there begins again in {LEASE_DURATION:.0f} s")


async def _remove_conditions(api: Any, lease: HeldLease, look: Callable[[], Awaitable[Traces]]) -> None:
    for _ in range(ROUNDS):
        shown = (await look()).shown
        if not shown:
            return
        await _remove(lease, [(f"condition of {each.place}", _off(api, each)) for each in shown])
    left = ", ".join(str(each.place) for each in (await look()).shown)
    if left:
        raise CommandError(
            f"the condition of {left} comes back, so somebody writes it: is another operator running? "
            "RolloutReports, journal and Lease were left"
        )


def _off(api: Any, ref: WorkloadRef) -> Removal:
    async def remove() -> None:
        with suppress(ConflictError):  # changed, or made again: the next look tells
            await write_condition(api, ref, None, datetime.now(UTC))

    return remove


def _reports(api: Any, found: Traces, *, keep: bool) -> list[Step]:
    if keep:
        return []
    refs = [each.ledger.ref for each in found.reports]
    return [
        (f"RolloutReport {each.namespace}/{report_name(each)}", partial(remove_report, api, each))
        for each in refs
    ]


def _journal(api: Any, found: Traces) -> list[Step]:
    return [(f"ConfigMap {path.rpartition('/')[2]}", partial(delete, api, path)) for path in found.journal]


async def _remove(lease: HeldLease, steps: Iterable[Step]) -> None:
    """Remove one thing after the other, each while no operator leads; what cannot be removed stops no other.

    Raises:
        CommandError: Something could not be removed.
    """
    failures: list[str] = []
    for what, remove in steps:
        await lease.keep()
        try:
            await remove()
        except NotFoundError:
            continue
        except ClusterError as error:
            failures.append(f"the {what} cannot be removed: {error}")
            continue
        typer.echo(f"removed the {what}")
    if failures:
        raise CommandError(f"{'; '.join(failures)}. What is left is removed by another call")
