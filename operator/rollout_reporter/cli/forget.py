"""`rollout-reporter forget`: remove from Jira what was reported to it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import typer
from rich.console import Console

from rollout_reporter.cluster.errors import ClusterError
from rollout_reporter.core import names
from rollout_reporter.core.report import DeploymentKey
from rollout_reporter.jira.answers import AGAIN
from rollout_reporter.jira.client import JiraClient
from rollout_reporter.jira.payload import wire_properties
from rollout_reporter.jira.wire import http_client

from .asking import confirm
from .failure import CommandError
from .options import AllowedHosts, Kubeconfig, OperatorNamespace, Site, Yes
from .removal import OneDeployment, Removal, WithProperties, remembered
from .site import Way, way_to
from .texts import listed
from .workload import named

AFTERWARDS: Final = (
    "The operator takes it for told and does not send it again by itself. It does report what changes from "
    "now on: a new rollout, one that is still under way, issue keys that are added, issues that Jira did not "
    f"know when it was told. To keep a workload out of Jira, remove its annotation {names.ISSUE_KEYS} or set "
    f'{names.IGNORE} to "true". rollout-reporter resync sends again what RolloutReports remember.'
)


def forget(  # noqa: PLR0913 (one parameter for each flag)
    *,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="All that the RolloutReports of this Namespace remember.")
    ] = "",
    workload: Annotated[
        str, typer.Option(help="Only this one of the --namespace, as deployment/web or rollout/checkout.")
    ] = "",
    pipeline: Annotated[str, typer.Option(help="One deployment, by the id of its pipeline,")] = "",
    environment: Annotated[str, typer.Option(help="the id of its environment,")] = "",
    number: Annotated[
        int | None, typer.Option(help="and its deploymentSequenceNumber.", min=0, max=2**63 - 1)
    ] = None,
    properties: Annotated[
        list[str] | None,
        typer.Option(
            "--property",
            metavar="NAME=VALUE",
            help="All that was sent with it, of workloads that are gone too: cluster=NAME is everything of a "
            "cluster, installation=NAMESPACE of the operator in that Namespace. Repeated, all have to hold.",
        ),
    ] = None,
    site: Site = "default",
    yes: Yes = False,
    allowed_hosts: AllowedHosts = "",
    operator_namespace: OperatorNamespace = "rollout-reporter",
    kubeconfig: Kubeconfig = "",
) -> None:
    """Remove deployments from Jira, after asking.

    What is removed stays away until something changes: the operator takes it for told, also after a restart.
    It does report a new rollout, the further course of one that is under way, issue keys that are added, and
    what "comes back" in the table that is shown first. To keep a workload out of Jira for good, first remove
    its annotation rollout-reporter.dev/issue-keys or set rollout-reporter.dev/ignore to "true". An operator
    that crashes may send again what became of workloads that were deleted in its last ten minutes.

    A RolloutReport remembers the last eleven deployments of its workload. Everything else goes by --property.
    """
    key, wanted = _key(pipeline, environment, number), _properties(properties or [])
    if [bool(namespace), key is not None, bool(wanted)].count(True) != 1:
        raise typer.BadParameter(
            "say what to remove by one of --namespace, --property, "
            "or --pipeline with --environment and --number"
        )
    if workload and not namespace:
        raise typer.BadParameter("--workload needs the --namespace that it is in")
    known = OneDeployment(key) if key else WithProperties(wanted) if wanted else None
    only = named(workload) if workload else None
    hosts = listed(allowed_hosts)
    try:
        way = asyncio.run(
            way_to(site, namespace=operator_namespace, kubeconfig=kubeconfig, allowed_hosts=hosts)
        )
        removal = known or asyncio.run(
            remembered(namespace, only, site=site, installation=operator_namespace, kubeconfig=kubeconfig)
        )
        _forget(removal, way, yes=yes)
    except (ClusterError, CommandError) as error:
        typer.echo(f"forget: {error}", err=True)
        raise typer.Exit(1) from error


def _key(pipeline: str, environment: str, number: int | None) -> DeploymentKey | None:
    if not (pipeline or environment or number is not None):
        return None
    if not (pipeline and environment and number is not None):
        raise typer.BadParameter("--pipeline, --environment and --number belong together")
    return DeploymentKey(pipeline, environment, number)


def _properties(texts: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not value or name in found:
            raise typer.BadParameter(
                f"--property {text!r} is not like cluster=eu1, or its name is there twice"
            )
        found[name] = value
    try:
        return wire_properties(found) if found else found
    except ValueError as error:
        raise typer.BadParameter(
            "--property takes at most five names, without a colon and without an underscore at the beginning"
        ) from error


def _forget(removal: Removal, way: Way, *, yes: bool) -> None:
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(removal.shown())
    if not yes:
        confirm(f"Remove {removal.what} from Jira?", otherwise="nothing was removed")
    asyncio.run(_remove(removal, way))
    console.print(f"Jira was told to remove {removal.what}, and does so in a moment. {AFTERWARDS}")


async def _remove(removal: Removal, way: Way) -> None:
    """Ask Jira for one removal after the other; what is removed already does no harm when it is run again."""
    async with http_client() as http:
        calls = removal.calls(JiraClient(way.settings, way.credentials, http))
        with Console(stderr=True).status("") as status:
            for done, call in enumerate(calls):
                progress = f"Jira has confirmed {done} of {len(calls)}"
                status.update(progress)
                try:
                    trouble = await call()
                except asyncio.CancelledError as error:
                    raise CommandError(f"interrupted, {progress}: run the command again") from error
                if trouble:
                    message = trouble.message.replace(AGAIN, "Run the command again")
                    raise CommandError(f"{progress}: {message}")
