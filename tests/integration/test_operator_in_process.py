"""The whole operator in one process: kopf against a mock of the API server, and the sandbox for Jira.

The mock knows neither versions nor server-side apply, so this shows what the operator asks for. That a real
API server takes it that way is shown in `tests/e2e`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from kmock import KubernetesEmulator, Request, ResourceInfo, method, resource

from installation.program import free_port
from rollout_reporter.controller.app import Operator
from rollout_reporter.controller.settings import Settings
from rollout_reporter.core import names
from rollout_reporter.jira.wire import http_client
from unit.cluster.fake_cluster import client_for
from unit.core.situations import deployment, replica_set
from unit.sandbox.running import running_sandbox

DEPLOYMENTS = resource("apps/v1/deployments")
WITH_VERSIONS = [resource("rollout-reporter.dev/v1alpha1/rolloutreports"), resource("v1/configmaps")]
VERBS = {"create", "delete", "get", "list", "patch", "update", "watch"}
NAMESPACED = [
    "apps/v1/deployments",
    "apps/v1/replicasets",
    "coordination.k8s.io/v1/leases",
    "events.k8s.io/v1/events",
    "rollout-reporter.dev/v1alpha1/jirasites",
    "rollout-reporter.dev/v1alpha1/rolloutreports",
    "v1/configmaps",
    "v1/events",
    "v1/pods",
    "v1/secrets",
]
CLUSTER_WIDE = ["apiextensions.k8s.io/v1/customresourcedefinitions", "v1/namespaces"]
FOREIGN_FINALIZER = "kopf.zalando.org/KopfFinalizerMarker"


class Jira:
    """The sandbox as a test looks at it."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def states(self, issue: str) -> list[str]:
        """States of an issue's Jira deployments."""
        async with httpx.AsyncClient() as http:
            held = (await http.get(f"{self.url}/sandbox/state")).json()["deployments"]
        return [each["deployment"]["state"] for each in held if issue in each["issues"]]


@pytest.fixture
def jira() -> Iterator[Jira]:
    with running_sandbox() as url:
        yield Jira(url)


@pytest.fixture
def api_server(kmock: KubernetesEmulator, jira: Jira) -> KubernetesEmulator:
    """An API server with an installation of the operator, without workloads."""
    for kind in NAMESPACED:
        kmock.resources[kind] = ResourceInfo(namespaced=True, verbs=VERBS)
    for kind in CLUSTER_WIDE:
        kmock.resources[kind] = ResourceInfo(namespaced=False, verbs=VERBS)
    credential = {"clientId": "ZGVtbw==", "clientSecret": "ZGVtby1zZWNyZXQ="}
    hold(kmock, "v1/secrets", "ops", "jira", {"data": credential})
    spec = {"siteURL": jira.url, "apiURL": jira.url, "credentialsSecretRef": {"name": "jira"}}
    hold(kmock, "rollout-reporter.dev/v1alpha1/jirasites", "ops", "default", {"spec": spec})

    def replace(request: Request) -> dict[str, Any]:
        body: dict[str, Any] = request.data
        kmock.objects[request.resource or "", request.namespace, request.name or ""] = body
        return body

    # What the mock does not know: a single Namespace, PUT, and versions.
    kmock["get /api/v1/namespaces/shop"] << {"metadata": {"name": "shop", "labels": {"env": "prod"}}}
    kmock["put"] << replace
    for stored in WITH_VERSIONS:
        kmock["post", stored] << _with_a_version
    return kmock


def _with_a_version(request: Request) -> dict[str, Any]:
    """What a server has stored has a version."""
    return {**request.data, "metadata": request.data["metadata"] | {"resourceVersion": "1"}}


def hold(
    server: KubernetesEmulator, kind: str, namespace: str | None, name: str, body: dict[str, Any]
) -> None:
    meta = {"name": name, "uid": f"uid-of-{name}", "resourceVersion": "1"} | body.get("metadata", {})
    if namespace:
        meta["namespace"] = namespace
    server.objects[kind, namespace, name] = body | {"metadata": meta}


def hold_workload(server: KubernetesEmulator, name: str, namespace: str = "shop", **meta: Any) -> None:
    uid = f"uid-of-{name}"
    hold(server, "apps/v1/deployments", namespace, name, deployment(name, uid=uid, **meta))
    hold(server, "apps/v1/replicasets", namespace, f"{name}-7d9f", replica_set(name, owner=uid))


@contextlib.asynccontextmanager
async def operating(server: KubernetesEmulator, **options: Any) -> AsyncIterator[None]:
    """Run the operator for the length of a block, and stop it as a signal would."""
    settings = Settings(
        namespace="ops",
        cluster_name="eu1",
        host="127.0.0.1",
        probe_port=free_port(),
        metrics_port=free_port(),
        **options,
    )
    stop = asyncio.Event()
    async with client_for(str(server.url)) as api, http_client() as http:
        running = asyncio.create_task(Operator(api, http, settings).run(stop))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(running, 20)


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)


def writes(server: KubernetesEmulator, kind: str, name: str | None = None) -> list[Request]:
    """What was asked to change objects of a kind."""
    of_kind = [each for each in list(server) if each.resource == resource(kind)]
    named = [each for each in of_kind if name in {None, each.name}]
    return [each for each in named if changes_something(each)]


def changes_something(request: Request) -> bool:
    return str(request.method.value) != "GET"


async def test_a_workload_is_reported_and_nothing_but_our_condition_is_written_on_it(
    api_server: KubernetesEmulator, jira: Jira
) -> None:
    hold_workload(api_server, "checkout")
    async with operating(api_server):
        await until(lambda: _is_shown(api_server, "checkout", "Successful"))
        assert await jira.states("SHOP-41") == ["successful"]
    on_workload = writes(api_server, "apps/v1/deployments")

    assert on_workload
    for request in on_workload:
        assert (request.method, request.subresource) == (method.PATCH, "status")
        assert set(request.data) == {"apiVersion", "kind", "metadata", "status"}
        assert set(request.data["metadata"]) == {"name", "uid", "resourceVersion"}
        assert set(request.data["status"]) == {"conditions"}
        assert [each["type"] for each in request.data["status"]["conditions"]] == [names.REPORTED]


async def test_nothing_is_written_in_a_users_namespace_but_what_is_ours(
    api_server: KubernetesEmulator,
) -> None:
    hold_workload(api_server, "checkout")
    async with operating(api_server):
        await until(lambda: _is_shown(api_server, "checkout", "Successful"))
    root = "/apis/{}/namespaces/shop/{}".format
    reports = root("rollout-reporter.dev/v1alpha1", "rolloutreports")
    changed = {each.url.path for each in list(api_server) if changes_something(each)}

    assert {path for path in changed if "/namespaces/shop/" in path} == {
        root("apps/v1", "deployments/checkout/status"),
        root("events.k8s.io/v1", "events"),
        reports,
        f"{reports}/deployment-checkout/status",
    }


async def test_a_workload_with_the_finalizer_of_another_kopf_operator_stays_untouched(
    api_server: KubernetesEmulator, jira: Jira
) -> None:
    hold_workload(api_server, "foreign", finalizers=[FOREIGN_FINALIZER], keys=None)
    hold_workload(
        api_server,
        "dying",
        finalizers=[FOREIGN_FINALIZER],
        keys=None,
        deletionTimestamp="2026-11-24T08:00:00Z",
    )
    hold_workload(api_server, "checkout")
    async with operating(api_server):
        await until(lambda: _is_shown(api_server, "checkout", "Successful"))
        assert await jira.states("SHOP-41") == ["successful"]

    for name in ("foreign", "dying"):
        assert writes(api_server, "apps/v1/deployments", name) == []
        assert api_server.objects[DEPLOYMENTS, "shop", name]["metadata"]["finalizers"] == [FOREIGN_FINALIZER]


async def test_an_excluded_namespace_is_not_reported(api_server: KubernetesEmulator, jira: Jira) -> None:
    hold_workload(api_server, "secret", namespace="shop-internal", keys="SHOP-99")
    hold_workload(api_server, "checkout")
    async with operating(api_server, exclude_namespaces=("*-internal",)):
        await until(lambda: _is_shown(api_server, "checkout", "Successful"))
        assert await jira.states("SHOP-99") == []

    assert writes(api_server, "apps/v1/deployments", "secret") == []


async def test_a_stopped_operator_has_sent_what_was_due_and_released_its_lease(
    api_server: KubernetesEmulator, jira: Jira
) -> None:
    hold_workload(api_server, "checkout")
    async with operating(api_server):
        await until(lambda: bool(writes(api_server, "rollout-reporter.dev/v1alpha1/rolloutreports")))

    assert await jira.states("SHOP-41") == ["successful"]
    lease = api_server.objects["coordination.k8s.io/v1/leases", "ops", "rollout-reporter"]
    assert lease["spec"]["holderIdentity"] == ""


def _is_shown(server: KubernetesEmulator, name: str, reason: str) -> bool:
    """Whether a condition with this reason was written on a workload."""
    conditions = [
        condition
        for request in writes(server, "apps/v1/deployments", name)
        for condition in request.data["status"]["conditions"]
    ]
    return any(each["reason"] == reason for each in conditions)
