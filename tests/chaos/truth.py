"""What the cluster truly did, from the API server itself; the operator has no part in it."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Self

import httpx

from chaos.administrator import COLLECTIONS, Object, client_of
from controlplane import Cluster
from controlplane.waiting import wait_until

Change = Literal["ADDED", "MODIFIED", "DELETED"]

_PAUSE = 0.05
"""Seconds until the next try where the API server does not answer: what happens meanwhile is not seen."""
_A_WATCH = 2
"""Seconds after which a watch is begun anew, so that none outlives us for long."""
_CATCHING_UP = 30


class _ExpiredError(Exception):
    """The API server does not remember what has happened since."""


@dataclass(frozen=True)
class Sighting:
    """An object as it was from a moment on, without its managed fields."""

    at: datetime
    """When it was seen, UTC."""
    change: Change
    body: Object

    @property
    def version(self) -> int:
        """Its place in the order of all that happened: one etcd counts for all resources."""
        return int(self.body["metadata"]["resourceVersion"])


@dataclass(frozen=True)
class Truth:
    """All that was seen of Deployments, Rollouts and ReplicaSets, in the order in which it happened."""

    sightings: tuple[Sighting, ...]
    until: datetime
    """What has happened later is not in it, UTC."""

    def as_json(self) -> list[dict[str, Any]]:
        """One object for each sighting."""
        return [
            {"at": each.at.isoformat(), "type": each.change, "object": each.body} for each in self.sightings
        ]

    @classmethod
    def from_json(cls, lines: Sequence[Mapping[str, Any]]) -> Self:
        """The inverse of `as_json`, up to the last sighting."""
        seen = [Sighting(datetime.fromisoformat(each["at"]), each["type"], each["object"]) for each in lines]
        return cls(tuple(seen), until=max(each.at for each in seen))


class Recorder:
    """Watches two Namespaces from its `with` to the end of it; an API server that is down is waited for."""

    def __init__(self, cluster: Cluster, namespaces: tuple[str, str]) -> None:
        self._client = client_of(cluster)
        paths = [
            (kind, path.format(namespace=namespace))
            for namespace in namespaces
            for kind, path in COLLECTIONS.items()
        ]
        self._closed = threading.Event()
        self._watches = [_Watch(self._client, kind, path, self._closed) for kind, path in paths]

    def __enter__(self) -> Self:
        """Return once everything that is there was seen."""
        for each in self._watches:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._closed.set()
        for each in self._watches:
            each.join()
        self._client.close()

    def truth(self) -> Truth:
        """All that has happened up to now."""
        for each in self._watches:
            wait_until(f"{each.kind}s are recorded", each.has_caught_up, seconds=_CATCHING_UP)
        seen = [sighting for each in self._watches for sighting in tuple(each.sightings)]
        return Truth(tuple(sorted(seen, key=lambda sighting: sighting.version)), until=datetime.now(UTC))


class _Watch:
    """Follows one collection, in a thread."""

    def __init__(self, client: httpx.Client, kind: str, path: str, closed: threading.Event) -> None:
        self.kind, self.sightings = kind, list[Sighting]()
        self._client, self._path, self._closed = client, path, closed
        self._present: dict[str, Object] = {}
        self._version = ""
        """What the next watch goes on from; empty if there has to be a list first."""
        self._listed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"recorder of {path}")

    def start(self) -> None:
        self._thread.start()
        wait_until(f"{self._path} is listed", self._listed.is_set)

    def join(self) -> None:
        self._thread.join()

    def has_caught_up(self) -> bool:
        """Whether what the API server holds now is what was last seen."""
        try:
            items, _ = self._list()
        except httpx.HTTPError:
            return False
        now = {each["metadata"]["uid"]: each["metadata"]["resourceVersion"] for each in items}
        seen = {uid: body["metadata"]["resourceVersion"] for uid, body in dict(self._present).items()}
        return now == seen

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                if not self._version:
                    self._version = self._begin()
                self._follow()
            except _ExpiredError:
                self._version = ""
            except httpx.HTTPError:
                self._closed.wait(_PAUSE)

    def _begin(self) -> str:
        """See what is there, and what is gone since the last time."""
        items, version = self._list()
        there = {each["metadata"]["uid"]: each for each in items}
        for uid in set(self._present) - set(there):
            gone = self._present[uid]
            self._see("DELETED", {**gone, "metadata": {**gone["metadata"], "resourceVersion": version}})
        for uid, body in there.items():
            if uid not in self._present:
                self._see("ADDED", body)
            elif self._present[uid]["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
                self._see("MODIFIED", body)
        self._listed.set()
        return version

    def _list(self) -> tuple[list[Object], str]:
        answer = self._client.get(self._path).raise_for_status().json()
        group = self._path.removeprefix("/apis/").split("/namespaces/")[0]
        items = [{"apiVersion": group, "kind": self.kind, **each} for each in answer["items"]]
        return items, answer["metadata"]["resourceVersion"]

    def _follow(self) -> None:
        """See what happens from now on, for a while."""
        query = {"watch": "true", "resourceVersion": self._version, "timeoutSeconds": str(_A_WATCH)}
        with self._client.stream("GET", self._path, params=query) as answer:
            if answer.status_code == httpx.codes.GONE:
                raise _ExpiredError
            for line in answer.raise_for_status().iter_lines():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise _ExpiredError
                self._see(event["type"], event["object"])
                self._version = event["object"]["metadata"]["resourceVersion"]

    def _see(self, change: Change, body: Object) -> None:
        body["metadata"].pop("managedFields", None)
        uid = body["metadata"]["uid"]
        if change == "DELETED":
            self._present.pop(uid, None)
        else:
            self._present[uid] = body
        self.sightings.append(Sighting(datetime.now(UTC), change, body))
