"""`rollout-reporter resync`: send everything known again, because Jira has forgotten it."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.status import Status

from rollout_reporter.cluster.api import ClusterError, connect
from rollout_reporter.cluster.sites import StoredSite, load_sites, request_resync

from .kubeconfig import Kubeconfig, OperatorNamespace, chosen

PERIOD: Final = 1.0
"""Seconds between looks at the progress."""


def resync(
    *,
    site: Annotated[str, typer.Option(help="Name of the JiraSite.")] = "default",
    every: Annotated[bool, typer.Option("--all", help="All JiraSites.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait until everything is sent, and show the progress.")] = True,
    operator_namespace: OperatorNamespace = "rollout-reporter",
    kubeconfig: Kubeconfig = "",
) -> None:
    """Send everything known to Jira again: it forgets all of it when the OAuth credential is deleted."""
    try:
        asyncio.run(_resync(chosen(kubeconfig), operator_namespace, None if every else site, wait=wait))
    except ClusterError as error:
        typer.echo(f"resync: {error}", err=True)
        raise typer.Exit(1) from error


async def _resync(kubeconfig: str, namespace: str, site: str | None, *, wait: bool) -> None:
    console = Console(stderr=True)
    moment = datetime.now(UTC)
    async with await connect(kubeconfig) as api:
        names = [each.name async for each in load_sites(api, namespace) if site in {None, each.name}]
        if not names:
            known = f"no JiraSite {site!r}" if site else "no JiraSite"
            raise ClusterError(f"there is {known} in namespace {namespace}, see kubectl get jirasites -A")
        for name in names:
            await request_resync(api, namespace, name, moment)
        if not wait:
            console.print(f"asked for: {', '.join(names)}; see kubectl -n {namespace} describe jirasites")
            return
        with console.status("waiting for the operator") as status:
            while True:
                if _is_finished([each async for each in load_sites(api, namespace)], moment, status):
                    break
                await asyncio.sleep(PERIOD)
        console.print(f"everything is sent again: {', '.join(names)}")


def _is_finished(sites: list[StoredSite], moment: datetime, status: Status) -> bool:
    running = [each for each in sites if each.resync == moment]
    progress = {each.name: each.status.resync for each in running}
    begun = {name: each for name, each in progress.items() if each and each.requested == moment}
    status.update(", ".join(f"{name}: {each.remaining} to send" for name, each in begun.items()) or "waiting")
    return len(begun) == len(running) and all(each.finished for each in begun.values())
