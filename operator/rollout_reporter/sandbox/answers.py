"""The shapes of Jira's answers other than the good ones, and what a fault answers.

The API answers errors with an array, the gateway before it with an object or nothing at all.
"""

import secrets
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from starlette.responses import HTMLResponse, JSONResponse, Response

from rollout_reporter.jira.schemas import ErrorMessage

from .faults import Fault, Kind
from .operations import Operation

OUTAGE_PAGE = """<!doctype html>
<html><head><title>502 Bad Gateway</title></head>
<body><h1>This service is temporarily unavailable</h1></body></html>
"""
NO_SITE_PAGE = """<!doctype html>
<html><head><title>Site unavailable</title></head>
<body><h1>Your site is currently unavailable</h1></body></html>
"""
REJECTED = "Deployment was rejected"

_USUAL_TEXTS = {
    Kind.BAD_REQUEST: "Request has an invalid format",
    Kind.UNAUTHORIZED: "Unauthorized",
    Kind.FORBIDDEN: "Forbidden",
    Kind.NOT_FOUND: "Not Found",
    Kind.TOO_LARGE: "Request is too large, submit fewer deployments in each payload",
    Kind.SERVER_ERROR: "Internal server error",
}


def error_messages(*sentences: str) -> list[ErrorMessage]:
    """Give each message a trace id, as Jira does."""
    return [ErrorMessage(message=sentence, error_trace_id=secrets.token_hex(8)) for sentence in sentences]


def api_error(status: int, *sentences: str) -> Response:
    """Answer as the API itself does: an array."""
    content = [message.model_dump(by_alias=True) for message in error_messages(*sentences)]
    return JSONResponse(content, status)


def gateway_error(status: int, message: str) -> Response:
    """Answer as the gateway does (a fixture of jenkinsci/atlassian-jira-software-cloud-plugin)."""
    return JSONResponse({"code": status, "message": message}, status)


def oauth_error(status: int, error: str, description: str) -> Response:
    """Answer as the token endpoint does, RFC 6749 section 5.2."""
    return JSONResponse({"error": error, "error_description": description}, status)


def rate_limited(fault: Fault, now: datetime) -> Response:
    """Answer 429: no body, and a reset time that lacks the seconds, so it falls within that minute.

    https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
    """
    reset = now.astimezone(UTC) + timedelta(seconds=fault.reset_after)
    return Response(
        status_code=HTTPStatus.TOO_MANY_REQUESTS,
        headers={
            **_retry_after(fault),
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": f"{reset:%Y-%m-%dT%H:%MZ}",
            "RateLimit-Reason": fault.reason,
        },
    )


def faulty(fault: Fault, operation: Operation, now: datetime) -> Response:
    """Answer what a fault of the kind that only answers wrongly demands."""
    good = HTTPStatus.ACCEPTED if operation is Operation.BULK else HTTPStatus.OK
    match fault.kind:
        case Kind.RATE_LIMITED:
            return rate_limited(fault, now)
        case Kind.UNAVAILABLE:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE, headers=_retry_after(fault))
        case Kind.HTML:
            return HTMLResponse(OUTAGE_PAGE, HTTPStatus.BAD_GATEWAY)
        case Kind.GARBAGE:
            return Response('{"acceptedDeployments": [', good, media_type="application/json")
        case Kind.EMPTY:
            return Response(status_code=good)
        case _:
            return _error(fault, operation)


def _error(fault: Fault, operation: Operation) -> Response:
    status = int(fault.kind)
    text = fault.message or _USUAL_TEXTS[fault.kind]
    if operation is Operation.TENANT_INFO:
        return HTMLResponse(NO_SITE_PAGE, status)
    if operation is Operation.TOKEN:
        return oauth_error(status, "access_denied", text)
    if fault.kind in {Kind.UNAUTHORIZED, Kind.FORBIDDEN, Kind.NOT_FOUND}:
        return gateway_error(status, text)
    return api_error(status, text)


def _retry_after(fault: Fault) -> dict[str, str]:
    return {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
