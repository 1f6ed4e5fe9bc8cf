"""Reading Jira's answers: its word on each deployment, or why a request came to nothing. Pure.

https://developer.atlassian.com/cloud/jira/software/rest/api-group-deployments/
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from rollout_reporter.core.outcome import (
    Accepted,
    Judged,
    Outcome,
    Rejected,
    Trouble,
    TroubleReason,
    Unanswered,
)
from rollout_reporter.core.report import DeploymentKey, Report, Update

from .bodies import decoded, parsed
from .payload import values, wire_key
from .quotes import LONGEST_BODY, quote, short
from .schemas import DeploymentKeyData, SubmitResponse
from .waits import requested_wait

CREDENTIAL: Final = "In Jira: Settings → Apps → OAuth credentials"
"""Where a site administrator finds the credential."""

AGAIN: Final = "It is tried again"
"""What troubles that pass say of the operator. Who does not try again says something else in its place."""

_SERVICES: Final = "serviceIdOrKeys"
_NO_REASON: Final = "Jira rejected the deployment without giving a reason"
_NO_ISSUE: Final = "Jira knows none of the issues"
_SCOPE: Final = b"scope does not match"
"""In the body of a 401: the token is good, but not for this. A new token would be the same."""
_NO_ASSOCIATION: Final = re.compile(r"\bno valid (?:association|issue)", re.IGNORECASE)
"""In a rejection: Jira knows none of the values."""


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Values that Jira does not know, in upper case. They are told for the request as a whole."""

    issues: frozenset[str]
    services: frozenset[str]

    def of_rejected(self, report: Report, messages: Iterable[str]) -> tuple[str, ...]:
        """Return those of a rejected report: all its keys if Jira knows none and does not list them."""
        if found := self.among(report):
            return found
        return values(report).issue_keys if any(map(_NO_ASSOCIATION.search, messages)) else ()

    def has_all_issues_of(self, report: Report) -> bool:
        """Whether Jira knows none of the issues that a report is about."""
        return all(key.upper() in self.issues for key in values(report).issue_keys)

    def among(self, report: Report) -> tuple[str, ...]:
        sent = values(report)
        keys = [key for key in sent.issue_keys if key.upper() in self.issues]
        services = [service for service in sent.service_ids if service.upper() in self.services]
        return tuple(keys + services)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a status says of the request: `cause (status …): "quote". cure`."""

    reason: TroubleReason
    cause: str
    cure: str


_FORBIDDEN: Final = _Meaning(
    TroubleReason.FORBIDDEN,
    "Jira refuses this credential",
    f"{CREDENTIAL}, tick Deployments in the permissions of the credential. "
    "If it is ticked, look for app access rules of the organisation.",
)
_REDIRECTED: Final = _Meaning(
    TroubleReason.SITE_NOT_FOUND,
    "Jira's address leads elsewhere, and redirects are not followed",
    "Check whether the site was renamed, and the site URL and API URL of the JiraSite; "
    "a proxy that asks for a login answers like this too.",
)
_UNREADABLE: Final = _Meaning(
    TroubleReason.UNAVAILABLE,
    "Jira's answer cannot be read",
    f"{AGAIN}. If this stays, check the API URL and whether a proxy answers in place of Jira.",
)
_DOWN: Final = _Meaning(
    TroubleReason.UNAVAILABLE,
    "Jira cannot answer at present",
    f"{AGAIN}. If this stays, see https://status.atlassian.com.",
)
_ODD: Final = _Meaning(
    TroubleReason.UNAVAILABLE,
    "Jira gave an answer that its documentation does not know",
    f"{AGAIN}. If this stays, check the API URL and the proxy between the cluster and Jira.",
)
_REFUSED_ON_THE_WAY: Final = _Meaning(
    TroubleReason.UNAVAILABLE,
    "Something in front of Jira refuses the request",
    f"{AGAIN}. If this stays, check the API URL and the proxy between the cluster and Jira.",
)
"""Jira itself says in JSON what it does not understand. A page says nothing of the deployments."""
_BAD_REQUEST: Final = _Meaning(
    TroubleReason.BAD_REQUEST,
    "Jira does not understand the request",
    "Check the annotations of the workload for unusual values; "
    "if they are in order, this is a fault of the reporter: please report it.",
)
_NO_SITE: Final = _Meaning(
    TroubleReason.SITE_NOT_FOUND,
    "Jira does not know this site",
    "It was renamed, suspended or deleted, or the cloud id is that of another site: "
    "check the site URL and the cloud id of the JiraSite.",
)
_MEANINGS: Final[Mapping[int, _Meaning]] = {
    HTTPStatus.BAD_REQUEST: _BAD_REQUEST,
    HTTPStatus.UNPROCESSABLE_ENTITY: _BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED: _Meaning(
        TroubleReason.UNAUTHORIZED,
        "Jira does not accept the access token",
        f"If this stays, the credential was deleted or belongs to another site. {CREDENTIAL}, create one "
        "for this site and put its clientId and clientSecret into the Secret of the JiraSite.",
    ),
    HTTPStatus.FORBIDDEN: _FORBIDDEN,
    HTTPStatus.NOT_FOUND: _NO_SITE,
    HTTPStatus.GONE: _NO_SITE,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: _Meaning(
        TroubleReason.UNAVAILABLE,
        "The proxy between the cluster and Jira asks for a login",
        "Check the proxy settings (HTTPS_PROXY) of the operator.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _Meaning(
        TroubleReason.TOO_LARGE,
        "The request is too large for Jira",
        "Fewer deployments are sent at once; a single one that is too large needs fewer issue keys.",
    ),
    HTTPStatus.TOO_MANY_REQUESTS: _Meaning(
        TroubleReason.RATE_LIMITED,
        "Jira asks for fewer requests",
        f"{AGAIN} as soon as Jira allows it.",
    ),
}


def judge(updates: Sequence[Update], response: SubmitResponse, secrets: Collection[str] = ()) -> Judged:
    """Return Jira's word on each update that was sent; secrets are blanked out of its messages.

    A deployment that is listed as accepted and as rejected counts as rejected, so that a person looks at it.
    Unknown values come for the whole request: each deployment that had one is told, services included. One of
    which Jira knows no issue is rejected, whether it is listed so or not at all.
    """
    accepted = frozenset(map(_key, response.accepted_deployments))
    rejected = _rejections(response, secrets)
    unknown = _unknown(response)
    outcomes: dict[DeploymentKey, Outcome] = {}
    for report in (update.report for update in updates):
        sent = wire_key(report.key)
        if sent in rejected:
            messages = rejected[sent]
            outcomes[report.key] = Rejected(messages, unknown.of_rejected(report, messages))
        elif sent in accepted:
            outcomes[report.key] = Accepted(unknown.among(report))
        elif unknown.has_all_issues_of(report):
            outcomes[report.key] = Rejected((_NO_ISSUE,), unknown.among(report))
        else:
            outcomes[report.key] = Unanswered()
    return Judged(outcomes)


def trouble(
    status: int, headers: Mapping[str, str], body: bytes, now: datetime, secrets: Collection[str] = ()
) -> Trouble:
    """Return what it means that Jira gave this answer instead of the wanted one; `now` aware.

    Secrets are blanked out of what is quoted.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    meaning = _meaning(status, body)
    detail = _detail(lowered, secrets)
    words = quote(body, secrets)
    says = f': "{words}"' if words else ""
    return Trouble(
        meaning.reason,
        f"{meaning.cause} ({status}{detail}){says}. {meaning.cure}",
        requested_wait(lowered, now, is_limited=meaning.reason is TroubleReason.RATE_LIMITED),
    )


def _meaning(status: int, body: bytes) -> _Meaning:
    if status == HTTPStatus.UNAUTHORIZED and _SCOPE in body[:LONGEST_BODY].lower():
        return _FORBIDDEN
    meaning = _MEANINGS.get(status)
    if meaning is _BAD_REQUEST and parsed(decoded(body)) is None:
        return _REFUSED_ON_THE_WAY
    return meaning or {2: _UNREADABLE, 3: _REDIRECTED, 5: _DOWN}.get(status // 100, _ODD)


def _detail(headers: Mapping[str, str], secrets: Collection[str]) -> str:
    named = (headers.get("ratelimit-reason", ""), headers.get("location", "").partition("?")[0])
    shown = (short(words, secrets) for words in named)
    return "".join(f", {words}" for words in shown if words)


def _key(data: DeploymentKeyData) -> DeploymentKey:
    return DeploymentKey(data.pipeline_id, data.environment_id, data.deployment_sequence_number)


def _rejections(response: SubmitResponse, secrets: Collection[str]) -> dict[DeploymentKey, tuple[str, ...]]:
    messages: dict[DeploymentKey, list[str]] = {}
    for rejected in response.rejected_deployments:
        words = (short(error.message, secrets) for error in rejected.errors)
        messages.setdefault(_key(rejected.key), []).extend(word for word in words if word)
    return {key: tuple(dict.fromkeys(found)) or (_NO_REASON,) for key, found in messages.items()}


def _unknown(response: SubmitResponse) -> _Unknown:
    issues = set(_words(response.unknown_issue_keys))
    services: set[str] = set()
    for association in response.unknown_associations:
        target = services if association.association_type == _SERVICES else issues
        target.update(_words(association.values))
    return _Unknown(frozenset(issues), frozenset(services))


def _words(found: Iterable[object]) -> Iterable[str]:
    """Yield keys, and ids that came as numbers; commits and repositories are objects and never sent."""
    return (str(value).strip().upper() for value in found if isinstance(value, str | int))
