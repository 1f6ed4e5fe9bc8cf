"""Credentials and tokens, https://developer.atlassian.com/cloud/jira/software/integrate-jsw-cloud-with-onpremises-tools/."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from .config import SandboxConfig


@dataclass(frozen=True, slots=True)
class _Grant:
    client_id: str
    expires: datetime


class Tokens:
    """The access tokens given out; they are random and end by the clock."""

    def __init__(self) -> None:
        self._grants: dict[str, _Grant] = {}

    def issue(self, client_id: str, *, now: datetime, lifetime: timedelta) -> str:
        """Give out a token for this credential."""
        self._grants = {token: grant for token, grant in self._grants.items() if grant.expires > now}
        token = secrets.token_urlsafe(32)
        self._grants[token] = _Grant(client_id, now + lifetime)
        return token

    def holder(self, authorization: str | None, *, now: datetime) -> str | None:
        """Return the credential behind an `Authorization` header, if it is good."""
        scheme, _, token = (authorization or "").partition(" ")
        grant = self._grants.get(token)
        if scheme.lower() != "bearer" or grant is None or grant.expires <= now:
            return None
        return grant.client_id

    def forget(self, client_id: str) -> None:
        """End all tokens of this credential."""
        self._grants = {token: grant for token, grant in self._grants.items() if grant.client_id != client_id}


def is_right(config: SandboxConfig, client_id: str, client_secret: str) -> bool:
    """Tell whether these are the credentials of the site."""
    return client_id == config.client_id and hmac.compare_digest(
        client_secret.encode(), config.client_secret.get_secret_value().encode()
    )
