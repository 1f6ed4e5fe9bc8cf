"""The cloud id of a site: configured, or looked up once at the site's own address.

https://developer.atlassian.com/cloud/jira/software/integrate-jsw-cloud-with-onpremises-tools/
"""

import re
from http import HTTPStatus
from typing import Final

from rollout_reporter.core.outcome import Trouble, TroubleReason

from .bodies import read
from .flight import SingleFlight
from .schemas import TenantInfo
from .wire import Call, Reply, Wire

_CLOUD_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
"""A UUID in practice; in any case one plain segment of a path, and no longer than a JiraSite takes."""
_PASSING: Final = frozenset({TroubleReason.RATE_LIMITED, TroubleReason.UNAVAILABLE})


class CloudIdSource:
    """Knows the cloud id of one site."""

    def __init__(self, wire: Wire, site_url: str, configured: str | None) -> None:
        self._wire = wire
        self._site_url = site_url.rstrip("/")
        self._configured = configured
        self._found: str | None = None
        self._is_doubtful = False
        self._lookup = SingleFlight(self._look_up)

    async def get(self) -> str | Trouble:
        """Return the cloud id, looked up if it is not known, or doubtful and the site can answer."""
        if self._configured:
            return _checked(self._configured)
        if self._found and not self._is_doubtful:
            return self._found
        found = await self._lookup.join()
        is_silent = isinstance(found, Trouble) and found.reason in _PASSING
        return self._found if self._found and is_silent else found

    def doubt(self) -> None:
        """Look it up again next time: Jira may not know it any more."""
        self._is_doubtful = True

    def confirm(self) -> None:
        """Keep to it: Jira has taken something for it."""
        self._is_doubtful = False

    async def _look_up(self) -> str | Trouble:
        reply = await self._wire.exchange(Call("GET", f"{self._site_url}/_edge/tenant_info"))
        if isinstance(reply, Trouble):
            return reply
        found = _cloud_id(reply)
        if found is None:
            return self._missing(reply)
        self._found, self._is_doubtful = found, False
        return found

    def _missing(self, reply: Reply) -> Trouble:
        said = reply.trouble()
        if reply.status != HTTPStatus.OK and said.reason in _PASSING:
            return said
        return Trouble(
            TroubleReason.SITE_NOT_FOUND,
            f"There is no Jira Cloud site at {self._site_url} ({reply.status}, no cloud id). "
            "Check the site URL of the JiraSite (https://<name>.atlassian.net), or set its cloud id.",
        )


def _checked(configured: str) -> str | Trouble:
    if _CLOUD_ID.fullmatch(configured):
        return configured
    return Trouble(
        TroubleReason.SITE_NOT_FOUND,
        "The cloud id of the JiraSite is not valid. Leave it out to have it looked up, "
        "or copy it from https://<name>.atlassian.net/_edge/tenant_info.",
    )


def _cloud_id(reply: Reply) -> str | None:
    found = read(TenantInfo, reply.body) if reply.status == HTTPStatus.OK else None
    return found.cloud_id if found and _CLOUD_ID.fullmatch(found.cloud_id) else None
