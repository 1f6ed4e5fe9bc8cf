"""The recorder sees all that happens, also after the API server was away or has forgotten."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from chaos import truth
from chaos.truth import Recorder
from controlplane import Cluster

Object = dict[str, Any]
PATH = "/apis/apps/v1/namespaces/shop/deployments"


class ApiServer:
    """Holds Deployments of one Namespace, and tells of what happens to them."""

    def __init__(self) -> None:
        self.is_down = False
        self.remembers_from = 0
        self._falls = 0
        self._changed = threading.Condition()
        self._version = 1
        self._objects: dict[str, Object] = {}
        self._events: list[Object] = []

    def go_down(self) -> None:
        """Break all watches, and answer nobody until `is_down` ends."""
        self.is_down = True
        self._falls += 1

    def write(self, name: str, change: str = "MODIFIED") -> None:
        """Create, change or delete a Deployment."""
        with self._changed:
            self._version += 1
            meta = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "managedFields": ["much"]}
            body = {"kind": "Deployment", "metadata": {**meta, "resourceVersion": str(self._version)}}
            self._objects[name] = body
            if change == "DELETED":
                del self._objects[name]
            self._events.append({"type": change, "object": body})
            self._changed.notify_all()

    def forget(self) -> None:
        """Let nobody go on from before now."""
        with self._changed:
            self.remembers_from = self._version

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a list or a watch."""
        if self.is_down:
            raise httpx.ConnectError("nobody listens")
        query = request.url.params
        if "watch" in query:
            return self._watch(request.url.path, int(query["resourceVersion"]))
        items = list(self._objects.values()) if request.url.path == PATH else []
        meta = {"resourceVersion": str(self._version)}
        return httpx.Response(200, json={"metadata": meta, "items": items})

    def _watch(self, path: str, version: int) -> httpx.Response:
        if version < self.remembers_from:
            return httpx.Response(410)
        falls = self._falls
        with self._changed:
            self._changed.wait_for(lambda: self._version > version, timeout=0.05)
            if self._falls > falls:
                raise httpx.ReadError("the stream has broken")
            lines = [
                f"{json.dumps(each)}\n"
                for each in self._events
                if path == PATH and int(each["object"]["metadata"]["resourceVersion"]) > version
            ]
        return httpx.Response(200, text="".join(lines))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> ApiServer:
    server = ApiServer()
    transport = httpx.MockTransport(server.answer)
    monkeypatch.setattr(
        truth, "client_of", lambda _: httpx.Client(transport=transport, base_url="http://api")
    )
    return server


@pytest.fixture
def recorder(server: ApiServer) -> Iterator[Recorder]:
    server.write("old", "ADDED")
    with Recorder(NoCluster(), ("shop", "other")) as started:
        yield started


def test_what_was_there_and_what_happens_is_seen_in_order(server: ApiServer, recorder: Recorder) -> None:
    server.write("new", "ADDED")
    server.write("old")
    server.write("new", "DELETED")

    assert seen(recorder) == [("ADDED", "old"), ("ADDED", "new"), ("MODIFIED", "old"), ("DELETED", "new")]


def test_what_happens_while_the_api_server_is_away_is_seen_afterwards(
    server: ApiServer, recorder: Recorder
) -> None:
    server.go_down()
    server.write("old")
    server.write("old")
    server.is_down = False

    assert seen(recorder) == [("ADDED", "old"), ("MODIFIED", "old"), ("MODIFIED", "old")]


def test_of_what_the_api_server_has_forgotten_the_result_is_seen(
    server: ApiServer, recorder: Recorder
) -> None:
    server.go_down()
    server.write("old")
    server.write("new", "ADDED")
    server.write("gone", "ADDED")
    server.write("gone", "DELETED")
    server.write("old", "DELETED")
    server.forget()
    server.is_down = False

    assert seen(recorder) == [("ADDED", "old"), ("ADDED", "new"), ("DELETED", "old")]


def test_managed_fields_are_left_out(recorder: Recorder) -> None:
    [sighting] = recorder.truth().sightings

    assert "managedFields" not in sighting.body["metadata"]


def seen(recorder: Recorder) -> list[tuple[str, str]]:
    return [(each.change, each.body["metadata"]["name"]) for each in recorder.truth().sightings]


class NoCluster(Cluster):
    """Only stands where a cluster is asked for."""

    flavour = "local"

    def __init__(self) -> None:
        """There is nothing to know of it."""

    def install_argo(self) -> None:
        """There is nowhere to install it."""
