"""An API server that knows one kind, Leases, and the wires that lead to it.

It stands where the client library would open connections, so that everything of ours above that is the real
thing, while the time of the event loop decides how long an answer takes.
"""

import asyncio
import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import ClientConnectionError
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration
from multidict import CIMultiDict

EPOCH = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)
LEASES = "/apis/coordination.k8s.io/v1/namespaces/ops/leases"
LEASE = f"{LEASES}/rollout-reporter"
CEILING = "rollout-reporter.dev/update-number-ceiling"
PRECONDITIONS = ("uid", "resourceVersion")


@dataclass
class Response:
    """What the library's connection pool returns."""

    status: int
    data: bytes
    headers: CIMultiDict[str]
    reason: str = ""

    async def read(self) -> bytes:
        return self.data


@dataclass
class ApiServer:
    """Holds at most one Lease, and keeps everything that was ever accepted, in order."""

    clock_error: timedelta = timedelta()
    lease: dict[str, Any] | None = None
    accepted: list[dict[str, Any]] = field(default_factory=list)
    version: int = 100

    def date(self) -> datetime:
        return EPOCH + timedelta(seconds=asyncio.get_running_loop().time()) + self.clock_error

    def handle(self, method: str, path: str, body: Mapping[str, Any] | None) -> Response:
        status, answer = self._answer(method, path, copy.deepcopy(body))
        headers = {"Content-Type": "application/json", "Date": format_datetime(self.date(), usegmt=True)}
        return Response(status, json.dumps(answer).encode(), CIMultiDict(headers))

    def _answer(self, method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        match method, path:
            case "GET", "/version":
                return 200, {"gitVersion": "v1.36.3"}
            case "POST", _ if path == LEASES:
                return _status(409, "leases already exists") if self.lease else (201, self._accept(body))
            case _ if self.lease is None:
                return _status(404, "leases not found")
            case "GET", _ if path == LEASE:
                return 200, self.lease
            case "PUT", _ if path == LEASE:
                is_fresh = all(body["metadata"][key] == self.lease["metadata"][key] for key in PRECONDITIONS)
                return (200, self._accept(body)) if is_fresh else _status(409, "the object has been modified")
        raise AssertionError(f"unexpected {method} {path}")

    def _accept(self, lease: dict[str, Any]) -> dict[str, Any]:
        self.version += 1
        uid = self.lease["metadata"]["uid"] if self.lease else f"uid-{self.version}"
        lease["metadata"] |= {"uid": uid, "resourceVersion": str(self.version)}
        self.lease = lease
        self.accepted.append(copy.deepcopy(lease))
        return lease

    def delete(self) -> None:
        self.lease = None

    def edit(self, **spec: Any) -> None:
        """Do what a user with `kubectl edit` would."""
        assert self.lease is not None
        self._accept(self.lease | {"spec": self.lease["spec"] | spec})

    def annotate(self, ceiling: int) -> None:
        assert self.lease is not None
        metadata = self.lease["metadata"] | {"annotations": {CEILING: str(ceiling)}}
        self._accept(self.lease | {"metadata": metadata})

    @property
    def holder(self) -> str | None:
        return None if self.lease is None else self.lease["spec"]["holderIdentity"]

    @property
    def ceiling(self) -> int:
        return 0 if self.lease is None else int(self.lease["metadata"]["annotations"][CEILING])


def _status(code: int, message: str) -> tuple[int, dict[str, Any]]:
    return code, {"kind": "Status", "status": "Failure", "code": code, "message": message}


@dataclass
class Wire:
    """The connection of one candidate: slow or broken in either direction.

    A request on its way arrives also when its sender has given up waiting, as on a real network.
    """

    server: ApiServer
    seconds_there: float = 0.0
    seconds_back: float = 0.0
    loses_requests: bool = False
    loses_answers: bool = False
    refuses: bool = False
    sent: int = 0

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: Any = None, **_: Any
    ) -> Response:
        self.sent += 1
        assert headers["Content-Type"] == "application/json"
        if self.refuses:
            raise ClientConnectionError("connection refused")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Response] = loop.create_future()

        def return_(response: Response) -> None:
            if not answer.done() and not self.loses_answers:
                answer.set_result(response)

        def arrive() -> None:
            if not self.loses_requests:
                path = url.removeprefix("http://apiserver")
                loop.call_later(self.seconds_back, return_, self.server.handle(method, path, body))

        loop.call_later(self.seconds_there, arrive)
        return await answer


_CLIENT = ApiClient(Configuration(host="http://apiserver"))


def client_over(wire: Wire) -> ApiClient:
    """Return a client of the real library whose connections are `wire`."""
    client = copy.copy(_CLIENT)  # making one reads all certificates of the machine
    client.rest_client = wire  # type: ignore[assignment]  # it has the one method that is used
    return client
