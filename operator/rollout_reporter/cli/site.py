"""The way to Jira for a command that people run: a JiraSite and its Secret, read with their own rights."""

from collections.abc import Collection
from dataclasses import dataclass

from rollout_reporter.cluster.errors import ClusterError, NotFoundError
from rollout_reporter.cluster.sites import load_secret, load_sites
from rollout_reporter.controller.site_link import credentials_of, refused_url, settings_of
from rollout_reporter.core.outcome import Trouble
from rollout_reporter.jira.client import SiteSettings
from rollout_reporter.jira.token import Credentials

from .connection import connect
from .failure import CommandError, unknown_kind


@dataclass(frozen=True, slots=True)
class Way:
    """All that a Jira client needs to know of a site."""

    settings: SiteSettings
    credentials: Credentials


async def way_to(site: str, *, namespace: str, kubeconfig: str, allowed_hosts: Collection[str]) -> Way:
    """Read a JiraSite, and its Secret only if the credential may be sent where the JiraSite says.

    Raises:
        CommandError: Something about the JiraSite or its Secret is missing or not allowed.
        ClusterError: The cluster does not answer, or refuses.
    """
    async with await connect(kubeconfig) as api:
        try:
            found = {each.name: each.spec async for each in load_sites(api, namespace)}
        except NotFoundError as error:
            raise unknown_kind("JiraSite") from error
        if site not in found:
            raise CommandError(
                f"there is no JiraSite {site!r} in namespace {namespace}: see kubectl get jirasites -A, "
                "and name it with --site and --operator-namespace"
            )
        spec = found[site]
        if spec is None:
            raise CommandError(
                f"JiraSite {site!r} does not fit this version: upgrade the chart with its CRDs"
            )
        if refusal := refused_url(spec, allowed_hosts):
            raise CommandError(f"JiraSite {site!r}: {refusal} (For this command: --allowed-hosts.)")
        name = spec.credentials_secret_ref.name
        try:
            secret = await load_secret(api, namespace, name)
        except ClusterError as error:
            raise CommandError(
                f"the Secret {name!r} of JiraSite {site!r} cannot be read: {error}. "
                f"You need the right to get it in namespace {namespace}"
            ) from error
    credentials = credentials_of(spec, secret, namespace=namespace)
    if isinstance(credentials, Trouble):
        raise CommandError(f"JiraSite {site!r}: {credentials.message}")
    return Way(settings_of(spec), credentials)
