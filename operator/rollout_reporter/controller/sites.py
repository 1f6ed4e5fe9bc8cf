"""The JiraSites in use: read every few seconds with their Secrets, and told whether they work.

They are polled, not watched: they are few, a Secret may be read by name only, and reading again heals
whatever a watch can miss (`docs/decisions/0004-sites-are-polled.md`).
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
from kubernetes.aio.client.api_client import ApiClient
from pydantic import SecretStr

from rollout_reporter.cluster.api import ClusterError, NotFoundError
from rollout_reporter.cluster.resources import ConditionModel, JiraSiteSpec, JiraSiteStatus, ResyncModel
from rollout_reporter.cluster.sites import StoredSite, load_secret, load_sites, store_site_status
from rollout_reporter.core.access import AccessRule
from rollout_reporter.core.condition import Condition, Status
from rollout_reporter.core.environments import EnvironmentRule
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.core.target import Site
from rollout_reporter.jira.client import JiraClient, SiteSettings
from rollout_reporter.jira.hosts import allowed
from rollout_reporter.jira.token import Credentials

from .backoff import Backoff
from .settings import FORBIDDEN_PERIOD, SITES_PERIOD, Settings

log = logging.getLogger(__name__)

Secret = Mapping[str, str] | None


@dataclass(slots=True)
class SiteInUse:
    """A JiraSite, the way to it, and what was found of it."""

    stored: StoredSite
    secret: Secret
    link: JiraClient | Trouble
    probe_at: datetime
    """When to look next whether it works."""
    trouble: Trouble | None = None
    """What the last probe found; `None` if the site works."""
    backoff: Backoff | None = None
    examination: asyncio.Task[None] | None = None
    """The look at it that is under way; a site that hangs holds up no other."""

    def is_same(self, stored: StoredSite, secret: Secret) -> bool:
        """Whether nothing that matters has changed."""
        return (self.stored.uid, self.stored.spec, self.secret) == (stored.uid, stored.spec, secret)


class Sites:
    """Keeps the JiraSites of the operator's Namespace."""

    def __init__(self, api: ApiClient, http: httpx.AsyncClient, settings: Settings) -> None:
        self._api, self._http, self._settings = api, http, settings
        self._in_use: dict[str, SiteInUse] = {}
        self._listener: Callable[[str], None] = _nobody
        self._resend: Callable[[str, datetime], int] = _nothing

    def _resync(self, site: SiteInUse, now: datetime) -> ResyncModel | None:
        """Begin a resync that is asked for, and say how far it has come."""
        requested, before = site.stored.resync, site.stored.status.resync
        if requested is None or (before and before.requested == requested and before.finished):
            return before
        remaining = self._resend(site.stored.name, min(requested, now))
        finished = None if remaining else now.replace(microsecond=0)
        return ResyncModel(requested=requested, remaining=remaining, finished=finished)

    def listen(self, listener: Callable[[str], None], resend: Callable[[str, datetime], int]) -> None:
        """Tell a listener the name of each site that changed, or works again.

        `resend` wants everything sent again that a site acknowledged before a moment, and returns how much of
        it is still to be sent.
        """
        self._listener, self._resend = listener, resend

    async def run(self) -> None:
        """Keep up with JiraSites and Secrets until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    await self.load()
                except ClusterError as error:
                    log.warning("cannot read the JiraSites: %s", error)
                for name, site in self._in_use.items():
                    if site.examination is None or site.examination.done():
                        site.examination = group.create_task(self._examine(name, site))
                await asyncio.sleep(SITES_PERIOD.total_seconds())

    def link(self, name: str) -> JiraClient | Trouble:
        """The way to a site, or why there is none."""
        site = self._in_use.get(name)
        if site is None:
            return _not_found(name)
        return site.link

    def known(self) -> Mapping[str, Site]:
        """The sites, as the core knows them."""
        return {
            name: as_core(name, each.stored.spec)
            for name, each in self._in_use.items()
            if each.stored.spec is not None
        }

    async def refresh(self) -> None:
        """Read all JiraSites once, and look whether they work."""
        await self.load()
        await asyncio.gather(*(self._examine(name, site) for name, site in self._in_use.items()))

    async def load(self) -> None:
        """Read all JiraSites once; tell of each that changed."""
        now, found = datetime.now(UTC), await self._read()
        changed = set(self._in_use) - set(found)
        for name, (stored, secret) in found.items():
            before = self._in_use.get(name)
            if before and before.is_same(stored, secret):
                before.stored = stored
            else:
                self._in_use[name] = SiteInUse(stored, secret, self._link(stored, secret), now)
                changed.add(name)
        for name in set(self._in_use) - set(found):
            del self._in_use[name]
        for name in changed:
            self._listener(name)

    async def _read(self) -> dict[str, tuple[StoredSite, Secret]]:
        namespace = self._settings.namespace
        try:
            stored = [each async for each in load_sites(self._api, namespace)]
        except NotFoundError:
            log.warning("the cluster does not know the kind JiraSite: install the CRDs of the chart")
            return {}
        return {each.name: (each, await self._secret(each)) for each in stored}

    async def _secret(self, site: StoredSite) -> Secret:
        """The Secret of a site, read only after its URLs were found to be trustworthy."""
        if site.spec is None or _refused_url(site.spec, self._settings):
            return None
        try:
            return await load_secret(self._api, site.namespace, site.spec.credentials_secret_ref.name)
        except ClusterError as error:
            log.warning("JiraSite %s: cannot read its Secret: %s", site.name, error)
            before = self._in_use.get(site.name)
            return before.secret if before else None

    def _link(self, site: StoredSite, secret: Secret) -> JiraClient | Trouble:
        if site.spec is None:
            message = f"JiraSite {site.name!r} does not fit this version: upgrade the chart with its CRDs"
            return Trouble(TroubleReason.SITE_NOT_FOUND, message)
        if refused := _refused_url(site.spec, self._settings):
            return Trouble(TroubleReason.SITE_NOT_FOUND, refused)
        credentials = _credentials(site.spec, secret)
        if isinstance(credentials, Trouble):
            return credentials
        spec = site.spec
        where = SiteSettings(spec.site_url, spec.api_url, spec.cloud_id, spec.email)
        return JiraClient(where, credentials, self._http)

    async def _examine(self, name: str, site: SiteInUse) -> None:
        """Probe a site that is new, changed or in trouble, and write the condition `Ready`."""
        now = datetime.now(UTC)
        if now < site.probe_at:
            await self._show(site, None, now)
            return
        cloud_id, before = None, site.trouble
        if isinstance(site.link, Trouble):
            site.trouble = site.link
        else:
            site.trouble = await site.link.probe()
            found = await site.link.cloud_id() if site.trouble is None else None
            cloud_id = found if isinstance(found, str) else None
        site.probe_at = now + self._until_next_probe(site)
        if before and site.trouble is None:
            self._listener(name)
        await self._show(site, cloud_id, now)

    def _until_next_probe(self, site: SiteInUse) -> timedelta:
        if site.trouble is None:
            site.backoff = None
            return FORBIDDEN_PERIOD
        site.backoff = site.backoff or Backoff()
        return site.backoff.next(at_least=site.trouble.retry_after or timedelta(0))

    async def _show(self, site: SiteInUse, cloud_id: str | None, now: datetime) -> None:
        status = _status(site, cloud_id, now)
        status = status.model_copy(update={"resync": self._resync(site, now)})
        if status == site.stored.status:
            return
        try:
            await store_site_status(self._api, site.stored, status)
        except ClusterError as error:
            log.warning("JiraSite %s: cannot write its status: %s", site.stored.name, error)


def _nobody(_: str) -> None:
    """Nobody listens yet."""


def _nothing(_: str, __: datetime) -> int:
    """There is nobody to send it again: it is not finished."""
    return 1


def _refused_url(spec: JiraSiteSpec, settings: Settings) -> str | None:
    for field, url in (("siteURL", spec.site_url), ("apiURL", spec.api_url)):
        if refusal := allowed(url, settings.allowed_hosts):
            return f"{field}: {refusal}"
    return None


def _credentials(spec: JiraSiteSpec, secret: Secret) -> Credentials | Trouble:
    where = spec.credentials_secret_ref
    if secret is None:
        message = (
            f"there is no Secret {where.name!r} in the operator's namespace:"
            f" create it with the keys {where.client_id_key} and {where.client_secret_key}"
        )
        return Trouble(TroubleReason.UNAUTHORIZED, message)
    missing = [key for key in (where.client_id_key, where.client_secret_key) if not secret.get(key)]
    if missing:
        message = f"Secret {where.name!r} has nothing under {' and '.join(missing)}"
        return Trouble(TroubleReason.UNAUTHORIZED, message)
    return Credentials(secret[where.client_id_key], SecretStr(secret[where.client_secret_key]))


def _not_found(name: str) -> Trouble:
    message = f"there is no JiraSite {name!r} in the operator's namespace"
    return Trouble(TroubleReason.SITE_NOT_FOUND, message)


def as_core(name: str, spec: JiraSiteSpec) -> Site:
    """A JiraSite as the core knows it."""
    rules = tuple(EnvironmentRule(tuple(r.namespaces), r.name, r.type) for r in spec.environments)
    access = tuple(
        AccessRule(tuple(r.namespaces), tuple(r.projects), tuple(r.environment_types)) for r in spec.access
    )
    return Site(name=name, url=spec.site_url, url_template=spec.url_template, rules=rules, access=access)


def _status(site: SiteInUse, cloud_id: str | None, now: datetime) -> JiraSiteStatus:
    before = next((each for each in site.stored.status.conditions if each.type == "Ready"), None)
    condition = _ready(site)
    is_same = before is not None and before.status == condition.status
    ready = ConditionModel(
        type="Ready",
        status=condition.status.value,
        reason=condition.reason,
        message=condition.message,
        last_transition_time=before.last_transition_time
        if before and is_same
        else now.replace(microsecond=0),
        observed_generation=site.stored.generation,
    )
    return JiraSiteStatus(
        cloud_id=cloud_id or site.stored.status.cloud_id,
        observed_generation=site.stored.generation,
        conditions=[ready],
    )


def _ready(site: SiteInUse) -> Condition:
    if site.trouble:
        return Condition(Status.FALSE, site.trouble.reason.value, site.trouble.message)
    return Condition(Status.TRUE, "Ready", "token and cloud id were obtained")
