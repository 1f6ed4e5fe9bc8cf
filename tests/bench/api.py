"""The API server, over raw HTTP: fast enough to make thousands of objects."""

import base64
import http.client
import json
import ssl
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

Object = dict[str, Any]

THREADS = 16
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"


@dataclass(frozen=True)
class Write:
    """A request that changes something."""

    method: str
    path: str
    body: Object
    content_type: str = "application/json"


class Api:
    """Connections of the administrator."""

    def __init__(self, kubeconfig: Path) -> None:
        view = yaml.safe_load(kubeconfig.read_text())
        [cluster], [user] = view["clusters"], view["users"]
        server = urlsplit(cluster["cluster"]["server"])
        self._host, self._port = str(server.hostname), server.port
        ca = base64.b64decode(cluster["cluster"]["certificate-authority-data"]).decode()
        self._tls = ssl.create_default_context(cadata=ca)
        self._headers = {"Authorization": f"Bearer {user['user']['token']}"}
        self._own = threading.local()

    def get(self, path: str) -> str:
        """Read something, JSON or not; on a new connection, since this is done after long rests."""
        with closing(self._new_connection()) as connection:
            return self._send(connection, "GET", path, None, {}).decode()

    def write_all(self, writes: Iterable[Write]) -> None:
        """Send all of these, as fast as the API server takes them."""
        with ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(self._write, writes):
                pass

    def open_watch(self, path: str) -> http.client.HTTPResponse:
        """Begin to watch; the answer's lines are events."""
        connection = self._new_connection(timeout=None)
        connection.request("GET", path, headers=self._headers)
        response = connection.getresponse()
        if response.status != HTTPStatus.OK:
            raise RuntimeError(f"GET {path}: {response.status} {response.read()[:500]!r}")
        return response

    def _write(self, write: Write) -> None:
        body = json.dumps(write.body).encode()
        headers = {"Content-Type": write.content_type}
        self._send(self._connection(), write.method, write.path, body, headers)

    def _connection(self) -> http.client.HTTPSConnection:
        """One for each thread."""
        if not hasattr(self._own, "connection"):
            self._own.connection = self._new_connection()
        connection: http.client.HTTPSConnection = self._own.connection
        return connection

    def _new_connection(self, timeout: float | None = 60) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._host, self._port, context=self._tls, timeout=timeout)

    def _send(
        self,
        connection: http.client.HTTPSConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
    ) -> bytes:
        connection.request(method, path, body, self._headers | headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise RuntimeError(f"{method} {path}: {response.status} {answer[:500]!r}")
        return answer
