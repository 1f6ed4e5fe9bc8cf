"""The access token of a site's credential: OAuth client credentials, cached and renewed early.

https://developer.atlassian.com/cloud/jira/software/integrate-jsw-cloud-with-onpremises-tools/
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from pydantic import SecretStr

from rollout_reporter.core.outcome import Trouble, TroubleReason

from .answers import AGAIN, CREDENTIAL
from .bodies import read
from .flight import SingleFlight
from .schemas import TokenResponse
from .wire import Call, Reply, Wire

RENEW_AFTER: Final = 0.8
"""Part of a token's lifetime after which a new one is fetched."""
LONGEST_LIFE: Final = 86400.0
"""Seconds that a token is kept at most, whatever its answer says."""

_REFUSALS: Final = frozenset({TroubleReason.BAD_REQUEST, TroubleReason.UNAUTHORIZED, TroubleReason.FORBIDDEN})
_PASSING: Final = frozenset({TroubleReason.RATE_LIMITED, TroubleReason.UNAVAILABLE})
_SENDABLE: Final = re.compile(r"[\x21-\x7e]+")
"""What an HTTP header can carry as a token."""
_CURE: Final = (
    f"{CREDENTIAL}, copy the client id and secret of the credential, or create a new one, "
    "into the keys clientId and clientSecret of the JiraSite's Secret."
)


Renewed = Callable[[Trouble | None], None]
"""Is told of each token that was asked for: why there was none, or `None` if there was."""


def unheard(_: Trouble | None) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An OAuth credential of Jira. Blanks and line ends around the values are no part of them."""

    client_id: str
    client_secret: SecretStr


@dataclass(frozen=True, slots=True)
class _Held:
    """A token with its times, in seconds of the monotonic clock."""

    token: SecretStr
    renew_at: float
    expires_at: float


class TokenSource:
    """Hands out the token of one credential. Other credentials need another source."""

    def __init__(  # noqa: PLR0913 (two of them are for tests and metrics)
        self,
        wire: Wire,
        api_url: str,
        credentials: Credentials,
        *,
        email: str | None = None,
        renewed: Renewed = unheard,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wire = wire
        self._url = f"{api_url.rstrip('/')}/oauth/token"
        self._client_id = credentials.client_id.strip()
        self._secret = SecretStr(credentials.client_secret.get_secret_value().strip())
        self._email = email
        self._renewed = renewed
        self._clock = monotonic
        self._held: _Held | None = None
        self._renewal = SingleFlight(self._renew)

    async def get(self) -> SecretStr | Trouble:
        """Return a token that is still good, fetched if need be.

        While a new one is fetched, or Jira hands out none for a passing reason, the old one serves until it
        expires, and nobody waits.
        """
        held, now = self._held, self._clock()
        if held is None or now >= held.expires_at:
            return await self._renewal.join()
        if now >= held.renew_at:
            self._renewal.start()
        return held.token

    def invalidate(self, token: SecretStr) -> None:
        """Forget this token, which Jira refused; a newer one stays."""
        if self._held is not None and self._held.token == token:
            self._held = None

    async def _renew(self) -> SecretStr | Trouble:
        asked = self._clock()
        answer = await self._fetch()
        if isinstance(answer, Trouble):
            self._renewed(answer)
            return self._remaining(answer)
        self._renewed(None)
        life = min(answer.expires_in, LONGEST_LIFE)
        token = SecretStr(answer.access_token)
        self._held = _Held(token, asked + RENEW_AFTER * life, asked + life)
        return token

    def _remaining(self, why: Trouble) -> SecretStr | Trouble:
        """Return the old token if it is still good, and ask again after half of its remaining life."""
        held, now = self._held, self._clock()
        if held is None or now >= held.expires_at or why.reason not in _PASSING:
            self._held = None
            return why
        self._held = _Held(held.token, (now + held.expires_at) / 2, held.expires_at)
        return held.token

    async def _fetch(self) -> TokenResponse | Trouble:
        secret = self._secret.get_secret_value()
        if not (self._client_id and secret):
            return Trouble(TroubleReason.UNAUTHORIZED, f"The client id or secret is empty. {_CURE}")
        reply = await self._wire.exchange(self._call(secret))
        if isinstance(reply, Trouble):
            return reply
        return _granted(reply) or _refused(reply)

    def _call(self, secret: str) -> Call:
        asked = {
            "audience": "api.atlassian.com",
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": secret,
        }
        headers = {"Content-Type": "application/json"}
        if self._email and _SENDABLE.fullmatch(self._email):
            headers["From"] = self._email
        secrets = (secret, json.dumps(secret)[1:-1])  # an echo of the request shows it as JSON writes it
        return Call("POST", self._url, headers, json.dumps(asked).encode(), secrets)


def _granted(reply: Reply) -> TokenResponse | None:
    answer = read(TokenResponse, reply.body) if reply.status == HTTPStatus.OK else None
    return answer if answer and _SENDABLE.fullmatch(answer.access_token) else None


def _refused(reply: Reply) -> Trouble:
    if reply.status == HTTPStatus.NOT_FOUND:
        return Trouble(
            TroubleReason.SITE_NOT_FOUND,
            f"The API URL hands out no tokens ({reply.status}). Check the API URL of the JiraSite.",
        )
    if reply.status == HTTPStatus.OK:
        return Trouble(
            TroubleReason.UNAVAILABLE,
            f"Jira's answer holds no readable access token (200). {AGAIN}. "
            "If this stays, check the API URL and whether a proxy answers in place of Jira.",
        )
    said = reply.trouble()
    if said.reason is TroubleReason.TOO_LARGE:  # no report is: nothing of it was in the request
        return replace(said, reason=TroubleReason.UNAVAILABLE)
    if said.reason not in _REFUSALS:
        return said
    words = reply.quote()
    says = f': "{words}"' if words else ""
    return Trouble(
        TroubleReason.UNAUTHORIZED,
        f"Jira does not accept the client id and secret ({reply.status}){says}. {_CURE}",
    )
