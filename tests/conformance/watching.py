"""Watches over a whole cluster, that feed the stream of each namespace."""

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from conformance.objects import Object
from conformance.stream import Stream

RESOURCES = {
    "Deployment": "/apis/apps/v1/{}deployments",
    "ReplicaSet": "/apis/apps/v1/{}replicasets",
    "Pod": "/api/v1/{}pods",
    "Rollout": "/apis/argoproj.io/v1alpha1/{}rollouts",
}
_LONGER_THAN_ANY_RECORDING = 7200


class Watcher:
    """One watch for each resource, begun before anything happens, so that nothing is missed."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._streams: dict[str, Stream] = {}
        self._closed = False
        for kind, path in RESOURCES.items():
            version = self._get(path.format(""))["metadata"]["resourceVersion"]
            threading.Thread(target=self._follow, args=(kind, version), daemon=True).start()

    def stream_of(self, namespace: str) -> Stream:
        return self._streams.setdefault(namespace, Stream())

    def leave(self, namespace: str) -> None:
        """Whatever happens there from now on is not recorded."""
        del self._streams[namespace]

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """An object as it is now; the stream may not have shown it yet."""
        answer = self._client.get(f"{RESOURCES[kind].format(f'namespaces/{namespace}/')}/{name}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        body: Object = answer.raise_for_status().json()
        return body

    def close(self) -> None:
        self._closed = True

    def _get(self, path: str) -> Any:
        """Just after a custom resource was defined the server says that there are too many requests."""
        while (answer := self._client.get(path)).status_code == httpx.codes.TOO_MANY_REQUESTS:
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        return answer.raise_for_status().json()

    def _follow(self, kind: str, version: str) -> None:
        query: dict[str, str | int] = {
            "watch": "true",
            "resourceVersion": version,
            "timeoutSeconds": _LONGER_THAN_ANY_RECORDING,
        }
        try:
            with self._client.stream("GET", RESOURCES[kind].format(""), params=query, timeout=None) as answer:
                for line in answer.raise_for_status().iter_lines():
                    self._pass_on(json.loads(line))
        except httpx.HTTPError:
            if not self._closed:
                raise

    def _pass_on(self, event: Any) -> None:
        body = event["object"]
        if stream := self._streams.get(body["metadata"].get("namespace", "")):
            stream.append(event["type"], body)


@contextmanager
def watching(kubeconfig: Path) -> Iterator[Watcher]:
    with _client(kubeconfig) as client:
        watcher = Watcher(client)
        try:
            yield watcher
        finally:
            watcher.close()


def _client(kubeconfig: Path) -> httpx.Client:
    config = yaml.safe_load(kubeconfig.read_text())
    [entry], [user] = config["clusters"], config["users"]
    authority = base64.b64decode(entry["cluster"]["certificate-authority-data"]).decode()
    return httpx.Client(
        base_url=entry["cluster"]["server"],
        headers={"Authorization": f"Bearer {user['user']['token']}"},
        verify=ssl.create_default_context(cadata=authority),
        timeout=30,
        trust_env=False,
    )
