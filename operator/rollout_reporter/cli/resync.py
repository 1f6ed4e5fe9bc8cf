"""`rollout-reporter resync`: send everything known again, because Jira has forgotten it."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.status import Status

from rollout_reporter.cluster.api import ClusterError, connect
from rollout_reporter.cluster.sites import StoredSite, load_sites, request_resync
from rollout_reporter.core.resync import Resync

from .kubeconfig import Kubeconfig, OperatorNamespace, chosen

PERIOD: Final = 1.0
"""Seconds between looks at the progress."""


def resync(  # noqa: PLR0913 (one parameter for each flag)
    *,
    site: Annotated[str, typer.Option(help="Name of the JiraSite.")] = "default",
    every: Annotated[bool, typer.Option("--all", help="All JiraSites.")] = False,
    namespace: Annotated[
        list[str] | None,
        typer.Option(help="Only workloads of this Namespace; * is a wildcard; repeat it for more."),
    ] = None,
    prune_keys: Annotated[
        bool,
        typer.Option("--prune-keys", help="Also take away issues that the workloads name no more."),
    ] = False,
    wait: Annotated[bool, typer.Option(help="Wait until everything is sent, and show the progress.")] = True,
    operator_namespace: OperatorNamespace = "rollout-reporter",
    kubeconfig: Kubeconfig = "",
) -> None:
    """Send everything known to Jira again: it forgets all of it when the OAuth credential is deleted."""
    wish = Resync(datetime.now(UTC), tuple(namespace or ()), prune_keys)
    try:
        asyncio.run(_resync(chosen(kubeconfig), operator_namespace, None if every else site, wish, wait=wait))
    except ClusterError as error:
        typer.echo(f"resync: {error}", err=True)
        raise typer.Exit(1) from error


async def _resync(kubeconfig: str, namespace: str, site: str | None, wish: Resync, *, wait: bool) -> None:
    console = Console(stderr=True)
    async with await connect(kubeconfig) as api:
        names = [each.name async for each in load_sites(api, namespace) if site in {None, each.name}]
        if not names:
            known = f"no JiraSite {site!r}" if site else "no JiraSite"
            raise ClusterError(f"there is {known} in namespace {namespace}, see kubectl get jirasites -A")
        for name in names:
            await request_resync(api, namespace, name, wish)
        if not wait:
            console.print(f"asked for: {', '.join(names)}; see kubectl -n {namespace} describe jirasites")
            return
        with console.status("waiting for the operator") as status:
            while True:
                if _is_finished([each async for each in load_sites(api, namespace)], wish, status):
                    break
                await asyncio.sleep(PERIOD)
        console.print(f"everything is sent again: {', '.join(names)}")


def _is_finished(sites: list[StoredSite], wish: Resync, status: Status) -> bool:
    running = [each for each in sites if each.resync == wish]
    progress = {each.name: each.status.resync for each in running}
    begun = {name: each for name, each in progress.items() if each and each.requested == wish.requested}
    status.update(", ".join(f"{name}: {each.remaining} to send" for name, each in begun.items()) or "waiting")
    return len(begun) == len(running) and all(each.finished for each in begun.values())
