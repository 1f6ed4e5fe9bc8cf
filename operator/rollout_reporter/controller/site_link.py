"""From a JiraSite and its Secret to what a Jira client needs, or to what is missing, in words."""

from collections.abc import Collection, Mapping

from pydantic import SecretStr

from rollout_reporter.cluster.resources import JiraSiteSpec
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.jira.client import SiteSettings
from rollout_reporter.jira.hosts import allowed
from rollout_reporter.jira.token import Credentials


def refused_url(spec: JiraSiteSpec, allowed_hosts: Collection[str]) -> str | None:
    """Why a credential must not be sent where a JiraSite says; asked before its Secret is read."""
    for field, url in (("siteURL", spec.site_url), ("apiURL", spec.api_url)):
        if refusal := allowed(url, allowed_hosts):
            return f"{field}: {refusal}"
    return None


def credentials_of(
    spec: JiraSiteSpec, secret: Mapping[str, str] | None, *, namespace: str
) -> Credentials | Trouble:
    """The credential in a Secret, `None` for a Secret that does not exist."""
    where = spec.credentials_secret_ref
    if secret is None:
        message = (
            f"there is no Secret {where.name!r} in namespace {namespace}:"
            f" create it with the keys {where.client_id_key} and {where.client_secret_key}"
        )
        return Trouble(TroubleReason.UNAUTHORIZED, message)
    missing = [key for key in (where.client_id_key, where.client_secret_key) if not secret.get(key)]
    if missing:
        message = (
            f"Secret {where.name!r} in namespace {namespace} has nothing under {' and '.join(missing)}:"
            " put the OAuth credential there"
        )
        return Trouble(TroubleReason.UNAUTHORIZED, message)
    return Credentials(secret[where.client_id_key], SecretStr(secret[where.client_secret_key]))


def settings_of(spec: JiraSiteSpec, origin: Mapping[str, str] | None = None) -> SiteSettings:
    """Where a site is; `origin` goes with each request, so that all of it can be deleted by it."""
    return SiteSettings(spec.site_url, spec.api_url, spec.cloud_id, spec.email, origin or {})
