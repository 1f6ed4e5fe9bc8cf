"""The API server as its administrator sees it, past whatever the laboratory puts before the operator."""

import base64
import ssl
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import httpx
import yaml

from controlplane import Cluster

Object = dict[str, Any]

APPS = "/apis/apps/v1/namespaces/{namespace}"
ARGO = "/apis/argoproj.io/v1alpha1/namespaces/{namespace}"

COLLECTIONS = {
    "Deployment": f"{APPS}/deployments",
    "ReplicaSet": f"{APPS}/replicasets",
    "Rollout": f"{ARGO}/rollouts",
}
"""Paths by kind."""

PATIENCE = 150.0
"""Seconds after which the cluster is given up; it may be without an API server for a part of them."""
_PAUSE = 0.2
"""Seconds between two looks: the machine has more to do than to answer us."""
_TRANSIENT = frozenset({409, 429, 500, 502, 503, 504})
"""Answers after which the same request may well succeed."""


class ClusterError(RuntimeError):
    """The cluster did not do what it has to do here."""


def client_of(cluster: Cluster) -> httpx.Client:
    """A client for the cluster's API server with all rights; threads can share it."""
    config = yaml.safe_load(Path(cluster.kubeconfig).read_text())
    [entry], [user] = config["clusters"], config["users"]
    authority = base64.b64decode(entry["cluster"]["certificate-authority-data"]).decode()
    return httpx.Client(
        base_url=entry["cluster"]["server"],
        headers={"Authorization": f"Bearer {user['user']['token']}"},
        verify=ssl.create_default_context(cadata=authority),
        timeout=10,
        limits=httpx.Limits(max_connections=None),
        trust_env=False,
    )


class Administrator:
    """Says to the API server what it has to say again and again, until it was carried out."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def create(self, path: str, body: Object) -> None:
        """Create an object; that it is there already is the success of an earlier try."""
        self._insist("POST", path, accepted={httpx.codes.CONFLICT}, json=body)

    def get(self, path: str) -> Object:
        """Look at an object."""
        body: Object = self._insist("GET", path).json()
        return body

    def patch(self, path: str, change: Object) -> None:
        """Merge a change into an object."""
        self._insist("PATCH", path, json=change, headers={"Content-Type": "application/merge-patch+json"})

    def delete(self, path: str) -> None:
        """Delete an object, and wait until it is gone."""
        self._insist("DELETE", path, accepted={httpx.codes.NOT_FOUND})
        deadline = time.monotonic() + PATIENCE
        while self._insist("GET", path, accepted={httpx.codes.NOT_FOUND}).is_success:
            _pause(deadline, f"{path} is gone")

    def until(self, what: str, path: str, holds: Callable[[Object], bool]) -> None:
        """Look at an object until a condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not holds(self.get(path)):
            _pause(deadline, what)

    def _insist(
        self,
        method: str,
        path: str,
        *,
        accepted: Collection[int] = (),
        json: Object | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self._client.request(method, path, json=json, headers=headers)
            except httpx.TransportError:
                _pause(deadline, f"{method} {path} is answered")
                continue
            if answer.is_success or answer.status_code in accepted:
                return answer
            if answer.status_code not in _TRANSIENT:
                raise ClusterError(f"{method} {path}: {answer.status_code} {answer.text}")
            _pause(deadline, f"{method} {path} is accepted, not {answer.status_code} {answer.text}")


def _pause(deadline: float, what: str) -> None:
    """Let a moment pass before the next look; give up at the end of all patience."""
    if time.monotonic() > deadline:
        raise ClusterError(f"waited {PATIENCE:.0f} s in vain until {what}")
    time.sleep(_PAUSE)
