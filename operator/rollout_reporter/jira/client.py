"""Jira Cloud as the operator sees it: submit updates, read one back, delete, and tell whether the site works.

Every answer is a value. Retrying belongs to the caller; only a token that Jira refuses is renewed here, once.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlencode

import httpx
from pydantic import SecretStr

from rollout_reporter.core.outcome import Answer, Judged, Outcome, Rejected, Trouble, TroubleReason
from rollout_reporter.core.report import DeploymentKey, Update

from .answers import judge
from .bodies import read
from .cloudid import CloudIdSource
from .patience import Patience
from .payload import sendable, submit_request, wire_key, wire_properties
from .schemas import MAX_DEPLOYMENTS, DeploymentData, SubmitResponse
from .token import Credentials, Renewed, TokenSource, unheard
from .wire import Call, Reply, Wire, utc_now

API_URL: Final = "https://api.atlassian.com"

_TAKEN: Final = frozenset({HTTPStatus.OK, HTTPStatus.ACCEPTED})
_DELETED: Final = frozenset({HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT})
"""Not 200: there is no body to tell Jira's answer from the page of a proxy that asks for a login."""
_NOTHING_TO_SEND: Final = Rejected(
    ("None of the issue keys has the form of one (such as SHOP-41), so the deployment was not sent",)
)
_NOT_HERE: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
)
"""What a dead cloud id may be answered with; a site that is made anew under its old name has another one."""
_TOO_MANY: Final = Trouble(
    TroubleReason.TOO_LARGE,
    f"Jira takes at most {MAX_DEPLOYMENTS} deployments in one request. Fewer are sent at once.",
)


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """A Jira site and what it is told. Both URLs have passed `hosts.allowed` before a secret was read."""

    site_url: str
    api_url: str = API_URL
    cloud_id: str | None = None
    """Looked up if not given."""
    email: str | None = None
    """Sent as `From` when a token is asked for, so that Atlassian can reach somebody."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """Sent with each request, so that all that came with them can be deleted by them."""


class JiraClient:
    """One site with one credential. When either changes, make a new client; `http` is shared by all.

    Raises:
        ValueError: the properties are none that Jira takes, see `wire_properties`.
    """

    def __init__(  # noqa: PLR0913 (two of them are clocks)
        self,
        settings: SiteSettings,
        credentials: Credentials,
        http: httpx.AsyncClient,
        *,
        patience: Patience | None = None,
        token_renewed: Renewed = unheard,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._properties = wire_properties(settings.properties) if settings.properties else None
        self._wire = Wire(http, patience=patience, now=now)
        self._cloud_id = CloudIdSource(self._wire, settings.site_url, settings.cloud_id)
        self._tokens = TokenSource(
            self._wire,
            settings.api_url,
            credentials,
            email=settings.email,
            renewed=token_renewed,
            monotonic=monotonic,
        )

    async def cloud_id(self) -> str | Trouble:
        """Return the site's cloud id, looked up once."""
        return await self._cloud_id.get()

    async def probe(self) -> Trouble | None:
        """Return what keeps this site from being used, None if token and cloud id are to be had."""
        for found in (await self._tokens.get(), await self.cloud_id()):
            if isinstance(found, Trouble):
                return found
        return None

    async def submit(self, updates: Sequence[Update]) -> Answer:
        """Send updates of different deployments in one request and return Jira's word on each.

        A report without one well-formed value to associate is rejected here; Jira would refuse the whole.
        """
        if len(updates) > MAX_DEPLOYMENTS:
            return _TOO_MANY
        outcomes: dict[DeploymentKey, Outcome] = {
            update.report.key: _NOTHING_TO_SEND for update in updates if not sendable(update.report)
        }
        sent = [update for update in updates if update.report.key not in outcomes]
        if sent:
            answer = await self._post(sent)
            if isinstance(answer, Trouble):
                return answer
            outcomes.update(answer.outcomes)
        return Judged(outcomes)

    async def stored(self, key: DeploymentKey) -> DeploymentData | Trouble | None:
        """Return what Jira holds of this deployment, None if nothing (yet): updates take a short time.

        Jira answers alike for a cloud id that it does not know.
        """
        reply = await self._authorized("GET", _path(key))
        if isinstance(reply, Trouble):
            return reply
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        held = read(DeploymentData, reply.body) if reply.status == HTTPStatus.OK else None
        return held or self._refused(reply)

    async def delete(self, key: DeploymentKey) -> Trouble | None:
        """Delete a deployment; return None once Jira has taken the request, which it works on later.

        Jira takes it as well if it holds no such deployment. It forgets the update number too, so that an
        older update which arrives later brings the deployment back.
        """
        return await self._delete(_path(key))

    async def delete_by_properties(self, properties: Mapping[str, str]) -> Trouble | None:
        """Delete everything that was sent by this credential with all of these properties, likewise.

        Raises:
            ValueError: see `wire_properties`.
        """
        query = urlencode(wire_properties(properties), quote_via=quote)
        return await self._delete(f"bulkByProperties?{query}")

    async def _delete(self, path: str) -> Trouble | None:
        reply = await self._authorized("DELETE", path)
        if isinstance(reply, Trouble):
            return reply
        return None if reply.status in _DELETED else self._refused(reply)

    async def _post(self, updates: Sequence[Update]) -> Answer:
        request = submit_request(updates, site_url=self._settings.site_url, properties=self._properties)
        content = request.model_dump_json(by_alias=True, exclude_none=True).encode()
        reply = await self._authorized("POST", "bulk", content)
        if isinstance(reply, Trouble):
            return reply
        response = _submitted(reply)
        if response is not None:
            self._cloud_id.confirm()
            return judge(updates, response, reply.secrets)
        return self._refused(reply)

    def _refused(self, reply: Reply) -> Trouble:
        """Return what it means; a cloud id that Jira may not know any more is looked up again next time."""
        if reply.status in _NOT_HERE:
            self._cloud_id.doubt()
        return reply.trouble()

    async def _authorized(self, method: str, path: str, content: bytes | None = None) -> Reply | Trouble:
        """Return the answer to a call with a token; one that Jira refuses is renewed once."""
        cloud_id = await self.cloud_id()
        if isinstance(cloud_id, Trouble):
            return cloud_id
        url = f"{self._settings.api_url.rstrip('/')}/jira/deployments/0.1/cloud/{cloud_id}/{path}"
        call = Call(method, url, {"Content-Type": "application/json"} if content else {}, content)
        reply = await self._with_token(call)
        if isinstance(reply, Reply) and _token_refused(reply):
            reply = await self._with_token(call)
        return reply

    async def _with_token(self, call: Call) -> Reply | Trouble:
        token = await self._tokens.get()
        if isinstance(token, Trouble):
            return token
        reply = await self._wire.exchange(_bearing(call, token))
        if isinstance(reply, Reply) and _token_refused(reply):
            self._tokens.invalidate(token)
        return reply


def _bearing(call: Call, token: SecretStr) -> Call:
    value = token.get_secret_value()
    headers = {**call.headers, "Authorization": f"Bearer {value}"}
    return Call(call.method, call.url, headers, call.content, secrets=(value,))


def _token_refused(reply: Reply) -> bool:
    return reply.status == HTTPStatus.UNAUTHORIZED and reply.trouble().reason is TroubleReason.UNAUTHORIZED


def _submitted(reply: Reply) -> SubmitResponse | None:
    return read(SubmitResponse, reply.body) if reply.status in _TAKEN else None


def _path(key: DeploymentKey) -> str:
    sent = wire_key(key)
    pipeline, environment = _segment(sent.pipeline_id), _segment(sent.environment_id)
    return f"pipelines/{pipeline}/environments/{environment}/deployments/{sent.number}"


def _segment(text: str) -> str:
    """Return the text as one segment of a path; one of dots only would be taken for a step in the path."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")
