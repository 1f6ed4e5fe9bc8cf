"""`rollout-reporter doctor`: is everything there that the operator needs?"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rollout_reporter.cluster.api import get
from rollout_reporter.cluster.errors import ClusterError

from . import doctor_cluster
from .connection import connect
from .doctor_finding import Finding, Mark, good, wrong
from .doctor_rights import CONDITIONS, NAMESPACE, NAMESPACES, OWN, SELECTION, WORKLOADS, Reviewer, secret
from .doctor_sites import read_sites, site
from .options import (
    AllowedHosts,
    ConditionsOnWorkloads,
    Kubeconfig,
    NamespaceSelector,
    OwnNamespace,
    WatchNamespaces,
)
from .texts import listed

LOG_WIDTH: Final = 1000
"""Where nobody looks at a terminal, a line is a line, however long."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What was installed, as the chart tells it the operator."""

    namespace: str
    account: str
    watch_namespaces: Sequence[str]
    namespace_selector: str
    allowed_hosts: Sequence[str]
    conditions_on_workloads: bool


def doctor(  # noqa: PLR0913 (one parameter for each flag)
    *,
    namespace: OwnNamespace = "rollout-reporter",
    service_account: Annotated[
        str, typer.Option(help="The operator's ServiceAccount, whose rights are looked at.")
    ] = "rollout-reporter",
    watch_namespaces: WatchNamespaces = "",
    namespace_selector: NamespaceSelector = "",
    allowed_hosts: AllowedHosts = "",
    conditions_on_workloads: ConditionsOnWorkloads = True,
    kubeconfig: Kubeconfig = "",
) -> None:
    """Check all that the operator needs, and say what to do.

    It looks from the rights of the operator to an answer of Jira, and changes nothing. Each line is ✓ (well),
    ✗ (not well, with the cure), ? (you may not look at it) or ! (worth knowing). The exit code is 1 if there
    is a ✗.
    """
    installation = Installation(
        namespace=namespace,
        account=service_account,
        watch_namespaces=listed(watch_namespaces),
        namespace_selector=namespace_selector,
        allowed_hosts=listed(allowed_hosts),
        conditions_on_workloads=conditions_on_workloads,
    )
    found = asyncio.run(_examine(kubeconfig, installation))
    width = None if sys.stdout.isatty() else LOG_WIDTH
    console = Console(highlight=False, emoji=False, width=width)
    with console.capture() as printed:
        console.print(_table(found))
    for line in printed.get().splitlines():
        typer.echo(line.rstrip())  # a log need not be as wide as its longest line
    wrongs = sum(each.mark is Mark.WRONG for each in found)
    if wrongs:
        typer.echo(f"doctor: {wrongs} of {len(found)} are not well", err=True)
        raise typer.Exit(1)


async def _examine(kubeconfig: str, installation: Installation) -> list[Finding]:
    try:
        async with await connect(kubeconfig) as api:
            version = str((await get(api, "/version")).get("gitVersion", ""))
            reached = good("cluster", f"{api.configuration.host} answers, Kubernetes {version}")
            return [reached, *[each async for each in _all(api, installation)]]
    except ClusterError as error:
        return [wrong("cluster", str(error), "see kubectl config current-context, or name a --kubeconfig")]


async def _all(api: Any, installation: Installation) -> AsyncIterator[Finding]:
    namespace = installation.namespace
    yield await doctor_cluster.kinds(api)
    yield await doctor_cluster.rollouts(api)
    sites = await read_sites(api, namespace)
    specs = [] if isinstance(sites, Finding) else [each.spec for each in sites if each.spec]
    secrets = sorted({each.credentials_secret_ref.name for each in specs})
    async for finding in _rights(api, installation, secrets):
        yield finding
    yield await doctor_cluster.policy(api, namespace)
    yield await doctor_cluster.lease(api, namespace)
    yield await doctor_cluster.journal(api, namespace)
    if isinstance(sites, Finding):
        yield sites
        return
    for stored in sites:
        async for finding in site(api, stored, installation.allowed_hosts):
            yield finding


async def _rights(api: Any, installation: Installation, secrets: Sequence[str]) -> AsyncIterator[Finding]:
    reviewer = Reviewer(api, installation.namespace, installation.account)
    if obstacle := await reviewer.begin():
        yield obstacle
        return
    conditions = CONDITIONS if installation.conditions_on_workloads else ()
    selection = (SELECTION,) if installation.namespace_selector else ()
    of_namespaces = (NAMESPACE,) if installation.watch_namespaces else (NAMESPACES, *selection)
    for namespace in installation.watch_namespaces or ("",):
        async for finding in reviewer.findings((*WORKLOADS, *of_namespaces, *conditions), namespace):
            yield finding
    async for finding in reviewer.findings((*OWN, *map(secret, secrets)), installation.namespace):
        yield finding


def _table(found: Iterable[Finding]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for each in found:
        sign, colour = each.mark.value
        table.add_row(Text(sign, colour), Text(each.subject), Text(each.text))
    return table
