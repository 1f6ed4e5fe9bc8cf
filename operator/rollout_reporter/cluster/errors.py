"""What goes wrong between us and the API server, told apart by what a caller can do about it.

    ClusterError
    ├── UnconfiguredError     no way to a cluster is known
    ├── InvalidError          400, 405, 406, 413, 415, 422: the same request will be refused again
    ├── UnauthorizedError     401: the credentials
    ├── ForbiddenError        403: the rights
    │   └── TerminatingError  the Namespace is being deleted and takes nothing new
    ├── NotFoundError         404
    ├── ConflictError         409: somebody wrote first, or it exists already
    ├── GoneError             410: too old; a list has to begin anew
    └── UnavailableError      429, 5xx, no connection, no answer in time, no proper answer

After an `UnavailableError` a write may have been carried out all the same.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.config import ConfigException


class ClusterError(Exception):
    """Kubernetes did not do what it was asked to; the message is the API server's own where it sent one."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds for which the API server wants to be left alone, if it said so."""


class UnconfiguredError(ClusterError):
    """Neither a usable kubeconfig nor the files of a pod tell where the API server is."""


class InvalidError(ClusterError):
    """The request is refused for what it says; this includes a failed `test` of a JSON patch."""


class UnauthorizedError(ClusterError):
    """The API server does not accept the credentials."""


class ForbiddenError(ClusterError):
    """A right is missing, or a policy forbids it."""


class TerminatingError(ForbiddenError):
    """Nothing can be created in a Namespace that is being deleted, whatever the rights."""


class NotFoundError(ClusterError):
    """There is no such object, or no such kind."""


class ConflictError(ClusterError):
    """The object has changed since, is another one, or exists already: read again and decide anew."""


class GoneError(ClusterError):
    """What the request builds on is too old, such as the page of a list that took too long."""


class UnavailableError(ClusterError):
    """No answer, or none that means anything; the request may have been carried out."""


_TERMINATING: Final = "NamespaceTerminating"
"""https://github.com/kubernetes/api/blob/master/core/v1/types.go (`NamespaceTerminatingCause`)."""
_BY_STATUS: Final[Mapping[int, type[ClusterError]]] = {
    HTTPStatus.UNAUTHORIZED: UnauthorizedError,
    HTTPStatus.FORBIDDEN: ForbiddenError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.GONE: GoneError,
    HTTPStatus.REQUEST_TIMEOUT: UnavailableError,
    HTTPStatus.TOO_MANY_REQUESTS: UnavailableError,
}


@contextmanager
def translated() -> Iterator[None]:
    """Turn whatever the client library raises into a `ClusterError`."""
    try:
        yield
    except ApiException as error:
        raise _of_answer(error) from error
    except TimeoutError as error:
        raise UnavailableError("the API server did not answer in time") from error
    except (aiohttp.ClientError, OSError, ConfigException) as error:
        cause = str(error) or type(error).__name__
        raise UnavailableError(f"the API server cannot be reached: {cause}") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UnavailableError(f"the answer is not what an API server says: {error}") from error


def _of_answer(error: ApiException) -> ClusterError:
    status = error.status or 0
    is_our_fault = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    kind = _BY_STATUS.get(status, InvalidError if is_our_fault else UnavailableError)
    told = _status_of(error.body)
    if kind is ForbiddenError and _TERMINATING in _causes_of(told):
        kind = TerminatingError
    retry_after = (error.headers or {}).get("Retry-After", "")
    return kind(
        str(told.get("message") or "") or f"the API server answered {status} {error.reason}",
        retry_after=float(retry_after) if retry_after.isdecimal() else None,
    )


def _status_of(body: str | None) -> Mapping[str, Any]:
    """Return the `Status` that was sent; what is none may be a page of HTML, so it is left out."""
    try:
        status = json.loads(body or "")
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def _causes_of(status: Mapping[str, Any]) -> frozenset[str]:
    details = status.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    listed = causes if isinstance(causes, list) else []
    return frozenset(str(each.get("reason")) for each in listed if isinstance(each, dict))
