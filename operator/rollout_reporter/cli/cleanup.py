"""`rollout-reporter cleanup`: leave nothing behind in the cluster; the chart runs it before it is removed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final

import typer

from rollout_reporter.cluster.api import delete
from rollout_reporter.cluster.conditions import write_condition
from rollout_reporter.cluster.errors import ClusterError, ConflictError, ForbiddenError, NotFoundError
from rollout_reporter.cluster.held_lease import HeldLease
from rollout_reporter.cluster.lease import LEASE
from rollout_reporter.cluster.reports import remove_report, report_name
from rollout_reporter.cluster.traces import HiddenNamespaceError, Traces, find_traces
from rollout_reporter.core.election import LEASE_DURATION, RENEW_DEADLINE
from rollout_reporter.core.workload import WorkloadRef

from .asking import confirm
from .connection import connect
from .failure import CommandError
from .options import Kubeconfig, OwnNamespace, WatchNamespaces, Yes
from .texts import listed

ROUNDS: Final = 3
"""How often conditions are looked for. A Rollout's controller may write an old list back once."""

AT_ONCE: Final = 8
"""How many things are removed at the same time: the pod that does it has little time."""

PATIENCE: Final = timedelta(seconds=60)
"""For how long the end of a cleanup may wait for the clock."""

Removal = Callable[[], Awaitable[object]]
Step = tuple[str, Removal]
"""A thing in words, and how to remove it."""


@dataclass(frozen=True)
class Options:
    """What is to be cleaned up."""

    namespaces: Sequence[str]
    """Those to look through; none: all."""
    _: KW_ONLY
    keep_reports: bool
    skip_forbidden: bool


def cleanup(  # noqa: PLR0913 (one parameter for each flag)
    *,
    namespace: OwnNamespace,
    watch_namespaces: WatchNamespaces = "",
    keep_reports: Annotated[
        bool,
        typer.Option("--keep-reports", help="Leave the RolloutReports, the memory of what was reported."),
    ] = False,
    skip_forbidden: Annotated[
        bool,
        typer.Option(
            "--skip-forbidden",
            help="Go on without watched Namespaces that may not be read (nor may one that is gone)"
            " and without conditions that may not be removed; they are named.",
        ),
    ] = False,
    yes: Yes = False,
    kubeconfig: Kubeconfig = "",
) -> None:
    """Remove from the cluster what an installation has written there.

    That is the condition on the workloads, the RolloutReports, the journal and the Lease. helm uninstall runs
    this by itself. A running operator is made to stop first, and would begin again 15 seconds after the end,
    or at once if something could not be removed: remove its Deployment by then. What was interrupted is
    finished by calling it again.

    Jira keeps what it was told. rollout-reporter forget removes it there, and needs the RolloutReports or the
    name of the cluster for it: run it first, or keep the RolloutReports.
    """
    try:
        options = Options(listed(watch_namespaces), keep_reports=keep_reports, skip_forbidden=skip_forbidden)
        asyncio.run(_cleanup(kubeconfig, namespace, options, yes=yes))
    except (ClusterError, CommandError) as error:
        typer.echo(f"cleanup: {_in_words(error)}", err=True)
        raise typer.Exit(1) from error


async def _cleanup(kubeconfig: str, namespace: str, options: Options, *, yes: bool) -> None:
    async with await connect(kubeconfig) as api:
        look = partial(_look, api, namespace, options)
        if not yes:
            typer.echo(
                f"There is {_counts(await look(), with_reports=not options.keep_reports)}, and the Lease."
            )
            confirm("Remove it?", otherwise="nothing was removed")
        lease = HeldLease(api, namespace, holder="cleanup")
        try:
            if holder := await _take(lease, namespace):
                typer.echo(f"the Lease was taken from {holder}, which stops within {RENEW_DEADLINE:.0f} s")
                await lease.outlast()
            await _remove_conditions(api, lease, look, skip_forbidden=options.skip_forbidden)
            found = await look()
            await _remove(lease, [*_reports(api, found, keep=options.keep_reports), *_journal(api, found)])
            await _remove_lease(lease, found.highest_number)
        except BaseException:  # an interrupt, too
            await lease.release()
            raise
    if found.still_open:
        typer.echo(f"rollouts under way, whose end Jira will not be told: {found.still_open}")
    for each in found.hidden:
        typer.echo(f"namespace {each.namespace} was left as it is, since it cannot be read: {each}")
    typer.echo(f"cleaned up; an operator that is still there begins again in {LEASE_DURATION:.0f} s")


async def _remove_lease(lease: HeldLease, highest_number: int) -> None:
    """Remove the Lease, unless its number is far ahead of the time, as after many leaders that died."""
    if await lease.outlive_numbers(highest_number, patience=PATIENCE):
        await _remove(lease, [(f"Lease {LEASE}", lease.remove)])
        return
    typer.echo(  # it is not released: an operator that is still there would begin at once
        f"the Lease {LEASE} was left: update numbers are more than {PATIENCE.total_seconds():.0f} s ahead of"
        " the time, and an operator that comes soon has to begin above them. It can be deleted later"
    )


async def _look(api: Any, installation: str, options: Options) -> Traces:
    """Look for what there is to remove.

    Raises:
        HiddenNamespaceError: A Namespace may not be read, nor left out. All of them never are.
    """
    found = await find_traces(api, installation, options.namespaces)
    if found.hidden and not (options.namespaces and options.skip_forbidden):
        raise found.hidden[0]
    return found


async def _take(lease: HeldLease, namespace: str) -> str:
    """Take the Lease; return who held it."""
    try:
        return await lease.take()
    except NotFoundError as error:
        raise CommandError(
            f"there is no namespace {namespace}. If it was deleted, create it again for the time of the"
            f" cleanup: kubectl create namespace {namespace}"
        ) from error


def _in_words(error: Exception) -> str:
    """An error with its cure."""
    match error:
        case ConflictError():
            return f"{error}: run the command again"
        case HiddenNamespaceError(namespace=""):
            return f"{error}. Name the Namespaces that you may read with --watch-namespaces"
        case HiddenNamespaceError():
            return (
                f"namespace {error.namespace} cannot be read: {error}. If it is gone, leave it out of"
                " --watch-namespaces, or go on without it: --skip-forbidden"
            )
        case _:
            return str(error)


def _counts(found: Traces, *, with_reports: bool) -> str:
    """What there is, to be put into a sentence."""
    reports = [_counted(found.reports, "RolloutReport")] if with_reports else []
    conditions, journal = _counted(found.shown, "condition"), _counted(found.journal, "page")
    return ", ".join([f"{conditions} on workloads", *reports, f"{journal} of the journal"])


def _counted(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


async def _remove_conditions(
    api: Any, lease: HeldLease, look: Callable[[], Awaitable[Traces]], *, skip_forbidden: bool
) -> None:
    skipped: set[str] = set()
    for _ in range(ROUNDS):
        shown = {f"condition of {each.place}": each for each in (await look()).shown}
        steps = [(what, _off(api, ref)) for what, ref in shown.items() if what not in skipped]
        if not steps:
            return
        skipped |= await _remove(lease, steps, skip_forbidden=skip_forbidden)
    shown = {f"condition of {each.place}": each for each in (await look()).shown}
    left = ", ".join(str(ref.place) for what, ref in shown.items() if what not in skipped)
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


async def _remove(lease: HeldLease, steps: Sequence[Step], *, skip_forbidden: bool = False) -> set[str]:
    """Remove some things at a time, all while no operator leads; what cannot be removed stops no other.

    Returns:
        What may not be removed, and was skipped.

    Raises:
        CommandError: Something could not be removed.
    """
    failures: list[str] = []
    skipped: set[str] = set()
    for start in range(0, len(steps), AT_ONCE):
        some = steps[start : start + AT_ONCE]
        await lease.keep()
        errors = await asyncio.gather(*(_error_of(removal) for _, removal in some))
        for (what, _), error in zip(some, errors, strict=True):
            match error:
                case None:
                    typer.echo(f"removed the {what}")
                case NotFoundError():
                    pass
                case ForbiddenError() if skip_forbidden:
                    typer.echo(f"the {what} was left as it is: {error}")
                    skipped.add(what)
                case _:
                    failures.append(f"the {what} cannot be removed: {error}")
    if failures:
        raise CommandError(f"{'; '.join(failures)}. What is left is removed by another call")
    return skipped


async def _error_of(removal: Removal) -> ClusterError | None:
    try:
        await removal()
    except ClusterError as error:
        return error
    return None
