"""One request and its whole answer: bounded in time and size, without redirects, cookies or exceptions."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, cast

import httpx

from rollout_reporter import __version__
from rollout_reporter.core.names import APP
from rollout_reporter.core.outcome import Trouble

from .answers import trouble
from .failures import FAILURES, failure
from .patience import Patience
from .quotes import quote
from .texts import tidy

KEEPALIVE_SECONDS: Final = 4.0
"""A connection that was idle for longer is not used again: many servers close theirs after five, and a
request that meets the closing is lost."""
CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 30.0
"""For a request with its answer, connecting included."""
MAX_ANSWER: Final = 4 * 1024 * 1024
"""Bytes that are read of an answer: 100 deployments with 500 unknown keys each take over one million."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request. Only its method and address may be shown."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Blanked out of what a person is shown of the answer, as something on the way may echo the request."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of whatever status, as it came; it may hold a token, and only its words may be shown."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received: datetime
    """By the other side's own clock if it tells, since that is what its waits refer to."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Of the call."""

    def trouble(self) -> Trouble:
        """Return what it means that this was answered instead of the wanted."""
        return trouble(self.status, self.headers, self.body, self.received, self.secrets)

    def quote(self) -> str:
        """Return what the body says to a person."""
        return quote(self.body, self.secrets)


@dataclass(slots=True)
class _Heard:
    """What has come of an answer so far."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytearray = field(default_factory=bytearray, repr=False)


def utc_now() -> datetime:
    """Return the time, aware."""
    return datetime.now(UTC)


def http_client(
    *,
    version: str = __version__,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """Return the client for all sites: certificates verified, proxies from the environment, no cookies.

    The answer is asked for uncompressed, so that its size on the wire is its size. The number of connections
    has no limit of its own: sites that hang would use it up, and leave none for those that work.
    """
    return httpx.AsyncClient(
        headers={
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"{APP}/{version}",
        },
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(
            max_connections=None, max_keepalive_connections=None, keepalive_expiry=KEEPALIVE_SECONDS
        ),
        follow_redirects=False,
        transport=transport,
    )


class Wire:
    """Sends calls. Nothing that the network or the other side does is raised; cancellation passes."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        patience: Patience | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._http = http
        self._patience = patience or Patience()
        self._now = now

    async def exchange(self, call: Call) -> Reply | Trouble:
        """Return the answer, or what it means that there is none; nothing is sent while Jira wants a rest.

        A refusal is one without its whole body too: its status and headers say the most.
        """
        if waiting := self._patience.trouble():
            return waiting
        reply = await self._answer(call)
        if isinstance(reply, Reply) and _is_about_all(reply.status):
            self._patience.wait(reply.trouble())
        return reply

    async def _answer(self, call: Call) -> Reply | Trouble:
        heard = _Heard()
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                await self._hear(call, heard)
        except FAILURES as error:
            if heard.status < HTTPStatus.BAD_REQUEST:
                return failure(error, _host(call.url))
        received = _told_time(heard.headers) or self._now()
        return Reply(heard.status, heard.headers, bytes(heard.body), received, call.secrets)

    async def _hear(self, call: Call, heard: _Heard) -> None:
        """Hear the answer up to the limit; JSON that was longer is broken by that, and read as such."""
        async with self._http.stream(
            call.method, call.url, headers=call.headers, content=call.content, follow_redirects=False
        ) as response:
            heard.status, heard.headers = response.status_code, dict(response.headers)
            async with aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_bytes())) as chunks:
                async for chunk in chunks:
                    heard.body += chunk[: MAX_ANSWER - len(heard.body)]
                    if len(heard.body) >= MAX_ANSWER:
                        break


def _is_about_all(status: int) -> bool:
    """Whether what an answer asks for is meant for all requests.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _host(url: str) -> str:
    """Return the host for a message, whatever the URL is; never a user name or password."""
    authority = url.partition("://")[2].partition("/")[0]
    return tidy(authority.rpartition("@")[2]) or "Jira"


def _told_time(headers: Mapping[str, str]) -> datetime | None:
    """Return the answer's `Date`; None for none that can be read."""
    try:
        told = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
