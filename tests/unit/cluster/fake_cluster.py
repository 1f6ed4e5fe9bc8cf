"""An API server in memory, behind real HTTP, as strict as the writes of ours need it to be.

Versions and their conflicts, the split between an object and its status, uid preconditions, merge and JSON
patches, and server-side apply for lists of conditions. It knows no schemas, no rights and no watches.
"""

import copy
import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

import jsonpatch
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration

APPS: Final = "/apis/apps/v1/namespaces/shop"
ARGO: Final = "/apis/argoproj.io/v1alpha1/namespaces/shop"
OURS: Final = "/apis/rollout-reporter.dev/v1alpha1/namespaces"
EVENTS: Final = "/apis/events.k8s.io/v1/namespaces/shop/events"
NAMESPACES: Final = "/api/v1/namespaces"

_WITH_STATUS: Final = {"deployments", "rollouts", "rolloutreports", "jirasites"}
Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that came in."""

    method: str
    path: str
    content_type: str
    body: Any

    def __str__(self) -> str:
        """How a failing test shows it."""
        return f"{self.method} {self.path}"


class RefusedError(Exception):
    """The request ends in a `Status`."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class FakeCluster:
    """Holds objects by the paths of their collections and names."""

    objects: dict[str, Object] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Answers to `METHOD path` in place of the true one."""
    uncached: set[str] = field(default_factory=set)
    """Paths of objects that are not yet in the cache, from which lists at version 0 are answered."""
    ahead: timedelta = timedelta(0)
    """Of our own clock."""
    _versions: Any = field(default_factory=lambda: itertools.count(101))
    _applied: dict[str, set[str]] = field(default_factory=dict)

    def hold(self, path: str, body: Object) -> Object:
        """Put an object there without a request, as its owner would."""
        meta = {"name": path.rpartition("/")[2], "uid": f"uid-of-{path}", "generation": 1} | body.get(
            "metadata", {}
        )
        self.objects[path] = copy.deepcopy(body) | {"metadata": meta}
        return self._saved(path)

    def remove(self, path: str) -> None:
        """Remove an object without a request."""
        del self.objects[path]

    def writes(self) -> list[str]:
        """All requests that change something, in their order."""
        return [str(each) for each in self.asked if each.method != "GET"]

    def forget_requests(self) -> None:
        """Count from here on."""
        self.asked.clear()

    def conditions(self, path: str) -> dict[str, Object]:
        """Conditions of an object by type."""
        return {each["type"]: each for each in self.objects[path].get("status", {}).get("conditions", [])}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        text = await request.text()
        body = json.loads(text) if text else None
        asked = Asked(request.method, request.path, request.content_type, body)
        self.asked.append(asked)
        try:
            date = format_datetime(datetime.now(UTC) + self.ahead, usegmt=True)
            return web.json_response(copy.deepcopy(self._answer(asked, request)), headers={"Date": date})
        except RefusedError as refused:
            status = {"kind": "Status", "status": "Failure", "code": refused.code, "message": str(refused)}
            return web.json_response(status, status=refused.code)

    def _answer(self, asked: Asked, request: web.Request) -> Object:
        if refusal := self.refusals.get(str(asked)):
            raise RefusedError(*refusal)
        path, _, last = asked.path.rpartition("/")
        is_status = last == "status" and path.split("/")[-2] in _WITH_STATUS
        target = path if is_status else asked.path
        match asked.method:
            case "GET" if target in self.objects or target == "/version":
                return self.objects.get(target, {})
            case "GET" if _is_collection(target):
                return self._page(target, request)
            case "POST":
                return self._create(target, asked.body)
            case "PUT":
                return self._replace(target, asked.body, is_status=is_status)
            case "PATCH":
                return self._patch(target, asked, is_status=is_status)
            case "DELETE":
                return self._delete(target, asked.body)
            case _:
                raise RefusedError(404, f"{target} not found")

    def _page(self, path: str, request: web.Request) -> Object:
        selector = request.query.get("labelSelector", "")
        wanted = dict(each.split("=") for each in selector.split(",") if each)
        field, _, value = request.query.get("fieldSelector", "").partition("=")
        name = value if field == "metadata.name" else ""
        unseen = self.uncached if request.query.get("resourceVersion") == "0" else set()
        found = [
            body
            for place, body in self.objects.items()
            if path in _collections_of(place)
            and place not in unseen
            and name in {"", body["metadata"]["name"]}
            and wanted.items() <= (body["metadata"].get("labels") or {}).items()
        ]
        start, limit = int(request.query.get("continue", 0)), int(request.query.get("limit", len(found) or 1))
        end = start + limit
        meta = {"continue": str(end)} if end < len(found) else {}
        return {"kind": "List", "metadata": meta, "items": found[start:end]}

    def _create(self, path: str, body: Object) -> Object:
        place = f"{path}/{body['metadata']['name']}"
        if place in self.objects:
            raise RefusedError(409, f"{place} already exists")
        if path.rpartition("/")[2] in _WITH_STATUS:
            body.pop("status", None)
        return self.hold(place, body)

    def _replace(self, path: str, body: Object, *, is_status: bool) -> Object:
        before = self._existing(path)
        self._check(before, body)
        if is_status:
            self.objects[path] = before | {"status": body.get("status")}
        else:
            kept = {"status": before["status"]} if "status" in before else {}
            own = {name: before["metadata"][name] for name in ("name", "uid", "generation")}
            self.objects[path] = body | {"metadata": body["metadata"] | own} | kept
        return self._saved(path)

    def _patch(self, path: str, asked: Asked, *, is_status: bool) -> Object:
        before = self._existing(path)
        match asked.content_type:
            case "application/merge-patch+json":
                self._check(before, asked.body)
                after = _merged(before, asked.body)
            case "application/json-patch+json":
                try:
                    after = jsonpatch.apply_patch(before, asked.body)
                except jsonpatch.JsonPatchException as error:
                    raise RefusedError(422, f"the server rejected our request: {error}") from error
                self._check(before, after)
            case "application/apply-patch+yaml":
                self._check(before, asked.body)
                after = self._apply(path, before, asked.body)
            case other:
                raise RefusedError(415, f"{other} is not supported")
        if is_status:
            after = before | {"status": after.get("status")}
        self.objects[path] = after
        return self._saved(path)

    def _apply(self, path: str, before: Object, body: Object) -> Object:
        """Own the conditions in `body`; those that were owned and are missing now go."""
        given = {each["type"]: each for each in body["status"]["conditions"]}
        owned, self._applied[path] = self._applied.get(path, set()), set(given)
        status = before.get("status") or {}
        kept = [each for each in status.get("conditions") or [] if each["type"] not in owned | set(given)]
        return before | {"status": status | {"conditions": [*kept, *given.values()]}}

    def _delete(self, path: str, options: Object | None) -> Object:
        found = self._existing(path)
        wanted = ((options or {}).get("preconditions") or {}).get("uid")
        if wanted not in {None, found["metadata"]["uid"]}:
            raise RefusedError(409, "the uid in the precondition is another")
        self.remove(path)
        return {"kind": "Status", "status": "Success"}

    def _existing(self, path: str) -> Object:
        if path not in self.objects:
            raise RefusedError(404, f"{path} not found")
        return self.objects[path]

    def _check(self, before: Object, body: Object) -> None:
        meta = body.get("metadata") or {}
        for name in ("uid", "resourceVersion"):
            if meta.get(name) not in {None, before["metadata"].get(name)}:
                raise RefusedError(409, f"the object has been modified: another {name}")

    def _saved(self, path: str) -> Object:
        self.objects[path]["metadata"]["resourceVersion"] = str(next(self._versions))
        return self.objects[path]


def _collections_of(place: str) -> set[str]:
    """The collections that an object is in: that of its Namespace, and that of the cluster."""
    path = place.rpartition("/")[0]
    return {path, re.sub(r"/namespaces/[^/]+/", "/", path)}


def _is_collection(path: str) -> bool:
    return re.fullmatch(r"/(api/v1|apis/[^/]+/[^/]+)(/namespaces/[^/]+)?/[^/]+", path) is not None


def _merged(before: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    result = dict(before) if isinstance(before, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


@asynccontextmanager
async def served(cluster: FakeCluster) -> AsyncIterator[ApiClient]:
    """Serve it on loopback; yields a client for it."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", cluster.handle)
    async with TestClient(TestServer(app)) as last:
        async with client_for(str(last.make_url(""))) as api:
            yield api
        # Connections are accepted in order. One that was given up a moment ago would stay open if the server
        # ended while it accepts it.
        await last.get("/")


@asynccontextmanager
async def client_for(url: str) -> AsyncIterator[ApiClient]:
    """The library's client for an API server without TLS."""
    configuration = Configuration()
    configuration.host = url.rstrip("/")
    async with ApiClient(configuration) as api:
        yield api
