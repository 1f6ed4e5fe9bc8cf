"""`rollout-reporter resync`: send everything known again, because Jira has forgotten it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.status import Status

from rollout_reporter.cluster.api import server_date
from rollout_reporter.cluster.errors import ClusterError, NotFoundError
from rollout_reporter.cluster.sites import StoredSite, load_sites, request_resync
from rollout_reporter.core.resync import Resync
from rollout_reporter.core.target import DEFAULT_SITE

from .connection import connect
from .failure import CommandError, unknown_kind
from .options import Kubeconfig, OperatorNamespace
from .texts import listed

WAITING: Final = "waiting for the operator to begin (Ctrl-C ends the waiting, not the resync)"
PERIOD: Final = 1.0
"""Seconds between looks at the progress."""
_SECOND: Final = timedelta(seconds=1)
"""The API server's time comes in whole ones; the operator takes one that is ahead for that of its look."""


def resync(  # noqa: PLR0913 (one parameter for each flag)
    *,
    site: Annotated[
        str | None,
        typer.Option(help="Name of the JiraSite, see kubectl get jirasites -A; default without one."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All JiraSites, instead of one.")] = False,
    namespace: Annotated[
        list[str] | None,
        typer.Option(
            "--namespace", "-n", help="Only workloads of this Namespace; * is a wildcard. May be repeated."
        ),
    ] = None,
    prune_keys: Annotated[
        bool,
        typer.Option("--prune-keys", help="Also take away issues that the workloads name no more."),
    ] = False,
    wait: Annotated[bool, typer.Option(help="Wait until everything is sent, and show the progress.")] = True,
    operator_namespace: OperatorNamespace = "rollout-reporter",
    kubeconfig: Kubeconfig = "",
) -> None:
    """Send everything known to Jira again.

    Jira forgets all that was sent with an OAuth credential when that is deleted. The operator has to be
    running: it does the sending, and goes on with it when this command is interrupted.
    """
    if every and site:
        raise typer.BadParameter(f"--all takes in --site {site}: leave one of them out")
    asked_at = partial(Resync, namespaces=_globs(namespace or []), prune_keys=prune_keys)
    try:
        only = None if every else site or DEFAULT_SITE
        asyncio.run(_resync(kubeconfig, operator_namespace, only, asked_at, wait=wait))
    except (ClusterError, CommandError) as error:
        typer.echo(f"resync: {error}", err=True)
        raise typer.Exit(1) from error


def _globs(options: list[str]) -> tuple[str, ...]:
    if not all(map(listed, options)):
        raise typer.BadParameter("--namespace is empty: name one, or leave it out to mean all of them")
    return tuple(glob for option in options for glob in listed(option))


async def _resync(
    kubeconfig: str, namespace: str, site: str | None, asked_at: Callable[[datetime], Resync], *, wait: bool
) -> None:
    console = Console(stderr=True)
    async with await connect(kubeconfig) as api:
        try:
            names = [each.name async for each in load_sites(api, namespace) if site in {None, each.name}]
        except NotFoundError as error:
            raise unknown_kind("JiraSite") from error
        if not names:
            known = f"no JiraSite {site!r}" if site else "no JiraSite"
            raise CommandError(
                f"there is {known} in namespace {namespace}, see kubectl get jirasites -A, "
                "and name it with --site and --operator-namespace"
            )
        wish = asked_at(await server_date(api) + _SECOND)  # the clock by which the operator dates answers
        for name in names:
            await request_resync(api, namespace, name, wish)
        if not wait:
            console.print(f"asked for: {', '.join(names)}; see kubectl -n {namespace} describe jirasites")
            return
        with console.status(WAITING) as status:
            while True:
                running = [each async for each in load_sites(api, namespace) if each.resync == wish]
                if lost := set(names) - {each.name for each in running}:
                    raise CommandError(
                        f"{', '.join(sorted(lost))}: the JiraSite is gone, or another resync was asked for "
                        f"meanwhile; see kubectl -n {namespace} describe jirasites"
                    )
                if _is_finished(running, wish, status):
                    break
                await asyncio.sleep(PERIOD)
        console.print(f"everything is sent again: {', '.join(names)}")


def _is_finished(running: list[StoredSite], wish: Resync, status: Status) -> bool:
    progress = {each.name: each.status.resync for each in running}
    begun = {name: each for name, each in progress.items() if each and each.requested == wish.requested}
    status.update(", ".join(f"{name}: {each.remaining} to send" for name, each in begun.items()) or WAITING)
    return len(begun) == len(running) and all(each.finished for each in begun.values())
