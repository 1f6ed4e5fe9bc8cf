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

from rollout_reporter.cluster.api import ClusterError, connect, get

from . import doctor_cluster
from .doctor_finding import Finding, Mark, good, wrong
from .doctor_rights import CONDITIONS, NAMESPACE, NAMESPACES, OWN, WORKLOADS, Reviewer, secret
from .doctor_sites import read_sites, site
from .kubeconfig import Kubeconfig, chosen

LOG_WIDTH: Final = 1000
"""Where nobody looks at a terminal, a line is a line, however long."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What was installed, as the chart tells it the operator."""

    namespace: str
    account: str
    watch_namespaces: Sequence[str]
    allowed_hosts: Sequence[str]
    conditions_on_workloads: bool


def doctor(  # noqa: PLR0913 (one parameter for each flag)
    *,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", envvar="POD_NAMESPACE", help="Namespace of the operator.")
    ] = "rollout-reporter",
    service_account: Annotated[
        str, typer.Option(help="The operator's ServiceAccount, whose rights are looked at.")
    ] = "rollout-reporter",
    watch_namespaces: Annotated[
        str,
        typer.Option(
            envvar="ROLLOUT_REPORTER_WATCH_NAMESPACES",
            help="Namespaces that the operator watches, separated by commas; none for the whole cluster.",
        ),
    ] = "",
    allowed_hosts: Annotated[
        str,
        typer.Option(
            envvar="ROLLOUT_REPORTER_ALLOWED_HOSTS",
            help="Hosts beside Atlassian's that credentials may be sent to, separated by commas.",
        ),
    ] = "",
    conditions_on_workloads: Annotated[
        bool,
        typer.Option(
            envvar="ROLLOUT_REPORTER_CONDITIONS_ON_WORKLOADS",
            help="Whether the operator shows its condition on Deployments and Rollouts.",
        ),
    ] = True,
    kubeconfig: Kubeconfig = "",
) -> None:
    """Look at everything that the operator needs, from its rights to Jira's answer; change nothing.

    Each line is ✓ (well), ✗ (not well, with the cure), ? (you may not look at it) or ! (worth knowing). The
    exit code is 1 if there is a ✗. In the operator's pod the flags are those of the operator:
    kubectl exec deploy/rollout-reporter -- rollout-reporter doctor
    """
    installation = Installation(
        namespace=namespace,
        account=service_account,
        watch_namespaces=watch_namespaces.replace(",", " ").split(),
        allowed_hosts=allowed_hosts.replace(",", " ").split(),
        conditions_on_workloads=conditions_on_workloads,
    )
    found = asyncio.run(_examine(chosen(kubeconfig), installation))
    width = None if sys.stdout.isatty() else LOG_WIDTH
    Console(highlight=False, emoji=False, width=width).print(_table(found))
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
    of_namespaces = NAMESPACE if installation.watch_namespaces else NAMESPACES
    for namespace in installation.watch_namespaces or ("",):
        async for finding in reviewer.findings((*WORKLOADS, of_namespaces, *conditions), namespace):
            yield finding
    async for finding in reviewer.findings((*OWN, *map(secret, secrets)), installation.namespace):
        yield finding


def _table(found: Iterable[Finding]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for each in found:
        sign, colour = each.mark.value
        table.add_row(Text(sign, colour), Text(each.subject), Text(each.text))
    return table
