"""The JiraSites in use: read every few seconds with their Secrets, and told whether they work.

They are polled, not watched: they are few, a Secret may be read by name only, and reading again heals
whatever a watch can miss (`docs/decisions/0004-sites-are-polled.md`).
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

import httpx
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.errors import ClusterError, NotFoundError
from rollout_reporter.cluster.resources import JiraSiteSpec, ResyncModel
from rollout_reporter.cluster.sites import StoredSite, load_secret, load_sites, store_site_status
from rollout_reporter.core.access import AccessRule
from rollout_reporter.core.environments import EnvironmentRule
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.core.resync import Resync
from rollout_reporter.core.target import Site
from rollout_reporter.jira.client import JiraClient
from rollout_reporter.jira.patience import Patience

from .backoff import Backoff
from .metrics import METRICS
from .patiences import Patiences
from .settings import FORBIDDEN_PERIOD, SITES_PERIOD, STOP_GRACE, Settings
from .site_link import credentials_of, refused_url, settings_of
from .site_status import IDLE, Findings, Standing, status_of

log = logging.getLogger(__name__)

_SURPRISE: Final = Trouble(
    TroubleReason.UNAVAILABLE,
    "The operator has met something here that it does not understand; its log says what. Please report it.",
)

Secret = Mapping[str, str] | ClusterError | None
"""What a Secret holds, why it cannot be read, or that there is none."""


class Deliverer(Protocol):
    """Who sends to the sites."""

    def site_changed(self, name: str) -> None:
        """Look again at whatever waits for a site: it has changed, or works again."""

    def resend(self, site: str, resync: Resync) -> int:
        """Want sent again what a resync asks for; return how much of it is still to be sent."""

    def standing(self, site: str) -> Standing:
        """Tell how the sending to a site goes."""


class Nobody:
    """Sends nothing yet."""

    def site_changed(self, name: str) -> None:
        """Nobody looks."""

    def resend(self, site: str, resync: Resync) -> int:  # noqa: ARG002 (a deliverer's)
        """It is not finished before somebody has begun."""
        return 1

    def standing(self, site: str) -> Standing:  # noqa: ARG002 (a deliverer's)
        """Nothing waits."""
        return IDLE


@dataclass(slots=True)
class SiteInUse:
    """A JiraSite, the way to it, and what was found of it."""

    stored: StoredSite
    secret: Secret
    link: JiraClient | Trouble
    patience: Patience
    """The wait that Jira has asked for."""
    probe_at: float = 0.0
    """When to look next whether it works, in time of the event loop: no clock that is set can move it."""
    probed_at: float = 0.0
    """When the last probe began."""
    trouble: Trouble | None = None
    """What the last probe found; `None` if the site works."""
    is_probed: bool = False
    """Whether a probe has ended."""
    backoff: Backoff | None = None

    def is_same(self, stored: StoredSite, secret: Secret) -> bool:
        """Whether nothing that matters has changed."""
        return (self.stored.uid, self.stored.spec, self.secret) == (stored.uid, stored.spec, secret)


class Sites:
    """Keeps the JiraSites of the operator's Namespace."""

    def __init__(  # noqa: PLR0913 (one for each thing outside)
        self,
        api: ApiClient,
        http: httpx.AsyncClient,
        settings: Settings,
        *,
        cluster: str,
        now: Callable[[], datetime],
        patiences: Patiences,
    ) -> None:
        self._api, self._http, self._settings, self._cluster, self._now = api, http, settings, cluster, now
        self._in_use: dict[str, SiteInUse] = {}
        self._patiences = patiences
        self._first_seen: dict[tuple[str, Resync], datetime] = {}
        self._deliverer: Deliverer = Nobody()
        self._hurry = asyncio.Event()

    def serve(self, deliverer: Deliverer) -> None:
        """Tell whoever sends to the sites of what happens to them, and show how the sending goes."""
        self._deliverer = deliverer

    def hurry(self) -> None:
        """Look at the sites now, rather than in a few seconds."""
        self._hurry.set()

    async def run(self) -> None:
        """Keep up with JiraSites and Secrets until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._hurry.clear()
                try:
                    await self.load()
                except ClusterError as error:
                    log.warning("cannot read the JiraSites: %s", error)
                for name, site in self._in_use.items():
                    group.create_task(self._examine(name, site))  # one that hangs holds up no other
                await self._rest()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SITES_PERIOD.total_seconds()):
                await self._hurry.wait()

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
        found = await self._read()
        new = [stored for name, (stored, _) in found.items() if name not in self._in_use]
        self._patiences.recall(new, self._now())
        changed = set(self._in_use) - set(found)
        for name, (stored, secret) in found.items():
            before = self._in_use.get(name)
            if before and before.is_same(stored, secret):
                before.stored = stored
            else:
                patience = self._patiences.of(stored)
                METRICS.term.open_patience(name, patience.seconds_left)
                self._in_use[name] = SiteInUse(stored, secret, self._link(stored, secret), patience)
                changed.add(name)
        for name in set(self._in_use) - set(found):
            del self._in_use[name]
            METRICS.term.recovered(name)
        for name in changed:
            self._deliverer.site_changed(name)

    async def _read(self) -> dict[str, tuple[StoredSite, Secret]]:
        namespace = self._settings.namespace
        try:
            stored = [each async for each in load_sites(self._api, namespace)]
        except NotFoundError:
            log.warning("the cluster does not know the kind JiraSite: install the CRDs of the chart")
            return {}
        secrets = await asyncio.gather(*map(self._secret, stored))
        return {each.name: (each, secret) for each, secret in zip(stored, secrets, strict=True)}

    async def _secret(self, site: StoredSite) -> Secret:
        """The Secret of a site, read only after its URLs were found to be trustworthy."""
        if site.spec is None or refused_url(site.spec, self._settings.allowed_hosts):
            return None
        try:
            return await load_secret(self._api, site.namespace, site.spec.credentials_secret_ref.name)
        except ClusterError as error:
            about = {"site": site.name}
            log.warning("JiraSite %s: cannot read its Secret: %s", site.name, error, extra=about)
            before = self._in_use.get(site.name)
            return before.secret if before and _leads_alike(before.stored.spec, site.spec) else error

    def _link(self, site: StoredSite, secret: Secret) -> JiraClient | Trouble:
        if site.spec is None:
            message = f"JiraSite {site.name!r} does not fit this version: upgrade the chart with its CRDs"
            return Trouble(TroubleReason.SITE_NOT_FOUND, message)
        if refused := refused_url(site.spec, self._settings.allowed_hosts):
            return Trouble(TroubleReason.SITE_NOT_FOUND, refused)
        if isinstance(secret, ClusterError):
            return Trouble(TroubleReason.UNAUTHORIZED, f"its Secret cannot be read: {secret}")
        credentials = credentials_of(site.spec, secret, namespace=site.namespace)
        if isinstance(credentials, Trouble):
            return credentials
        where = settings_of(site.spec, {"cluster": self._cluster, "installation": site.namespace})
        return JiraClient(
            where,
            credentials,
            self._http,
            patience=self._patiences.of(site),
            token_renewed=partial(METRICS.token_renewed, site.name),
        )

    async def _examine(self, name: str, site: SiteInUse) -> None:
        """Probe a site that is new, changed or in trouble, and write the condition `Ready`."""
        try:
            cloud_id = await self._probe(name, site) if self._is_to_be_probed(name, site) else None
            if self._in_use.get(name) is site:
                await self._show(site, cloud_id)
        except Exception:  # what one site answers must not stop the others
            log.exception("JiraSite %s: cannot be looked at, please report this", name, extra={"site": name})
            site.trouble = _SURPRISE
            site.probe_at = _loop_time() + self._until_next_probe(site)
            METRICS.term.troubled(name, _SURPRISE)

    def _is_to_be_probed(self, name: str, site: SiteInUse) -> bool:
        """Whether it is time, or reports get through again to a site that did not work."""
        if site.probe_at == math.inf:
            return False  # it is being probed
        gets_through = self._deliverer.standing(name).worked_at > site.probed_at
        return (site.trouble is not None and gets_through) or site.probe_at <= _loop_time()

    async def _probe(self, name: str, site: SiteInUse) -> str | None:
        """Find out whether a site works, and return its cloud id."""
        cloud_id, before = None, site.trouble
        site.probed_at, site.probe_at = _loop_time(), math.inf  # there is no second one until this has ended
        if isinstance(site.link, Trouble):
            site.trouble = site.link
        else:
            site.trouble = await site.link.probe()
            found = await site.link.cloud_id() if site.trouble is None else None
            cloud_id = found if isinstance(found, str) else None
        site.is_probed = True
        site.probe_at = _loop_time() + self._until_next_probe(site)
        if self._in_use.get(name) is not site:
            return None  # it was changed meanwhile, and is probed anew
        if site.trouble:
            METRICS.term.troubled(name, site.trouble)
            return cloud_id
        if not self._deliverer.standing(name).is_stuck:
            METRICS.term.recovered(name)
        if before:
            self._deliverer.site_changed(name)
        return cloud_id

    def _until_next_probe(self, site: SiteInUse) -> float:
        if site.trouble is None:
            site.backoff = None
            return FORBIDDEN_PERIOD.total_seconds()
        site.backoff = site.backoff or Backoff()
        return site.backoff.next(at_least=site.trouble.retry_after or timedelta(0)).total_seconds()

    async def hand_over(self) -> None:
        """Leave on record, for the next leader, for how long Jira wants to be left alone."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_GRACE.total_seconds()):
                for site in self._in_use.values():
                    await self._show(site, None)

    async def _show(self, site: SiteInUse, cloud_id: str | None) -> None:
        now = self._now()
        resync = self._resync(site, now)
        found = Findings(site.is_probed, site.trouble, site.patience.trouble(), cloud_id, resync)
        status = status_of(site.stored, found, self._deliverer.standing(site.stored.name), now)
        if status == site.stored.status:
            return
        try:
            await store_site_status(self._api, site.stored, status)
        except ClusterError as error:
            about = {"site": site.stored.name}
            log.warning("JiraSite %s: cannot write its status: %s", site.stored.name, error, extra=about)

    def _resync(self, site: SiteInUse, now: datetime) -> ResyncModel | None:
        """Begin a resync that is asked for, and say how far it has come.

        A wish of somebody whose clock is ahead counts from when it was seen first, or it would never end.
        """
        wish, before = site.stored.resync, site.stored.status.resync
        if wish is None or (before and before.requested == wish.requested and before.finished):
            return before
        seen = self._first_seen.setdefault((site.stored.uid, wish), now)
        past = replace(wish, requested=min(wish.requested, seen))
        remaining = self._deliverer.resend(site.stored.name, past)
        finished = None if remaining else now.replace(microsecond=0)
        return ResyncModel(requested=wish.requested, remaining=remaining, finished=finished)


def _leads_alike(before: JiraSiteSpec | None, now: JiraSiteSpec) -> bool:
    """Whether the same credential is meant, for the same Jira."""
    if before is None:
        return False
    same = (before.site_url, before.api_url) == (now.site_url, now.api_url)
    return same and before.credentials_secret_ref == now.credentials_secret_ref


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


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
