"""Whether the JiraSites work: from the Secret to an answer of the deployments API."""

from collections.abc import AsyncIterator, Collection
from typing import Any, Final

from pydantic import SecretStr

from rollout_reporter.cluster.errors import ClusterError, NotFoundError
from rollout_reporter.cluster.resources import JiraSiteSpec
from rollout_reporter.cluster.sites import StoredSite, load_secret, load_sites
from rollout_reporter.controller.site_link import credentials_of, refused_url, settings_of
from rollout_reporter.core.outcome import Trouble
from rollout_reporter.core.report import DeploymentKey
from rollout_reporter.jira.answers import AGAIN
from rollout_reporter.jira.client import JiraClient
from rollout_reporter.jira.token import Credentials
from rollout_reporter.jira.wire import http_client

from .doctor_finding import Finding, Mark, good, unknown, wrong

NOWHERE: Final = DeploymentKey("rollout-reporter-doctor", "doctor", 1)
"""Identity of a Jira deployment that nobody sends."""


async def read_sites(api: Any, namespace: str) -> list[StoredSite] | Finding:
    """All JiraSites, or why there are none."""
    subject, cure = "JiraSites", "set the chart value jira.siteURL, or create one, see the README"
    try:
        found = [each async for each in load_sites(api, namespace)]
    except NotFoundError:
        return wrong(subject, "the cluster does not know the kind", "install the CRDs")
    except ClusterError as error:
        return unknown(subject, error)
    return found or wrong(subject, f"there is none in namespace {namespace}", cure)


async def site(api: Any, stored: StoredSite, allowed_hosts: Collection[str]) -> AsyncIterator[Finding]:
    """Follow the way of a report to one site, as far as it goes."""
    subject = f"JiraSite {stored.name}"
    yield _standing(stored)
    if stored.spec is None:
        yield wrong(subject, "it does not fit this version", "upgrade the chart with its CRDs")
        return
    if refusal := refused_url(stored.spec, allowed_hosts):
        yield wrong(f"{subject}: hosts", refusal, "correct it, or set the chart value jira.allowedHosts")
        return
    yield good(f"{subject}: hosts", f"{stored.spec.site_url} and {stored.spec.api_url} may be sent to")
    found = await _credentials(api, stored, stored.spec)
    if isinstance(found, Finding):
        yield found
        credentials = Credentials("", SecretStr(""))
    else:
        yield good(f"{subject}: Secret", f"{stored.spec.credentials_secret_ref.name} has a credential")
        credentials = found
    async with http_client() as http:
        client = JiraClient(settings_of(stored.spec), credentials, http)
        cloud_id = await client.cloud_id()
        yield _told(f"{subject}: cloud id", cloud_id, str(cloud_id))
        if not isinstance(found, Finding):
            async for each in _reach(subject, client, cloud_id):
                yield each


async def _credentials(api: Any, stored: StoredSite, spec: JiraSiteSpec) -> Credentials | Finding:
    subject, name = f"JiraSite {stored.name}: Secret", spec.credentials_secret_ref.name
    try:
        secret = await load_secret(api, stored.namespace, name)
    except ClusterError as error:
        return unknown(subject, error)
    found = credentials_of(spec, secret, namespace=stored.namespace)
    return _told(subject, found, "") if isinstance(found, Trouble) else found


async def _reach(subject: str, client: JiraClient, cloud_id: str | Trouble) -> AsyncIterator[Finding]:
    trouble = await client.probe()
    is_refused = trouble is not None and trouble != cloud_id
    yield _told(f"{subject}: token", trouble if is_refused else None, "Jira gives one for the credential")
    if trouble:
        return
    held = await client.stored(NOWHERE)
    yield _told(f"{subject}: deployments API", held, "it answers, and knows the credential")


def _told(subject: str, found: object, words: str) -> Finding:
    if not isinstance(found, Trouble):
        return good(subject, words)
    cause, _, cure = found.message.replace(AGAIN, "Run the command again").partition(". ")
    return wrong(subject, cause, cure)


def _standing(stored: StoredSite) -> Finding:
    """What the operator says of it."""
    subject = f"JiraSite {stored.name}: Ready"
    ready = next((each for each in stored.status.conditions if each.type == "Ready"), None)
    if ready is None:
        return wrong(subject, "no operator has looked at it yet", "see the Lease above")
    waiting = f"; {stored.status.waiting} Jira deployments wait" if stored.status.waiting else ""
    words = f"the operator says: {ready.reason}: {ready.message}{waiting}"
    return good(subject, words) if ready.status == "True" else Finding(Mark.WRONG, subject, words)
