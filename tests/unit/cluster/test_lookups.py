from typing import Any

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.errors import NotFoundError
from rollout_reporter.cluster.lookups import (
    find_namespace,
    find_pod_troubles,
    find_replica_sets,
    find_workload,
    workload_path,
    workload_reference,
)
from rollout_reporter.core import names
from rollout_reporter.core.workload import Kind
from unit.cluster.fake_cluster import APPS, NAMESPACES, FakeCluster
from unit.core.situations import deployment, ref, replica_set, snapshot

CURRENT = f"{APPS}/replicasets/checkout-7d9f"


async def test_only_replica_sets_that_the_workload_owns_are_found(
    cluster: FakeCluster, api: ApiClient
) -> None:
    for tail, owner in (("7d9f", "uid-1"), ("5c6b", "uid-1"), ("9a8b", "uid-of-a-namesake")):
        cluster.hold(f"{APPS}/replicasets/checkout-{tail}", replica_set(tail=tail, owner=owner))
    found = await find_replica_sets(api, snapshot())

    assert {each.name for each in found} == {"checkout-7d9f", "checkout-5c6b"}


async def test_replica_sets_are_asked_for_by_the_workloads_selector(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.hold(f"{APPS}/replicasets/checkout-7d9f", replica_set())
    relabelled = replica_set(tail="5c6b")
    relabelled["metadata"]["labels"]["app"] = "another"
    cluster.hold(f"{APPS}/replicasets/checkout-5c6b", relabelled)

    assert [each.name for each in await find_replica_sets(api, snapshot())] == ["checkout-7d9f"]


async def test_a_replica_set_without_a_revision_is_left_out(cluster: FakeCluster, api: ApiClient) -> None:
    cluster.hold(f"{APPS}/replicasets/checkout-7d9f", replica_set(revision=None))

    assert await find_replica_sets(api, snapshot()) == ()


async def test_replica_sets_beyond_the_first_page_are_found(cluster: FakeCluster, api: ApiClient) -> None:
    for number in range(201):
        tail = f"t{number}"
        cluster.hold(f"{APPS}/replicasets/checkout-{tail}", replica_set(tail=tail))

    assert len(await find_replica_sets(api, snapshot())) == 201


async def test_the_api_servers_cache_is_believed_if_it_holds_the_current_one(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.hold(CURRENT, replica_set(revision="4"))

    assert len(await find_replica_sets(api, snapshot(revision=4))) == 1
    assert len(cluster.asked) == 1


async def test_a_cache_that_does_not_hold_the_current_one_yet_is_passed_by(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.hold(CURRENT, replica_set(revision="4"))
    cluster.uncached.add(CURRENT)

    assert len(await find_replica_sets(api, snapshot(revision=4))) == 1


async def test_a_cache_that_shows_it_under_an_earlier_revision_is_passed_by(
    cluster: FakeCluster, api: ApiClient
) -> None:
    """A way back to it has begun."""
    cluster.hold(CURRENT, replica_set(revision="2"))

    await find_replica_sets(api, snapshot(revision=4))

    assert len(cluster.asked) == 2


def broken_pod(number: int) -> dict[str, Any]:
    state = {"waiting": {"reason": "ImagePullBackOff"}}
    return {
        "metadata": {
            "name": f"checkout-{number}",
            "labels": {"app": "checkout", "pod-template-hash": "7d9f"},
            "creationTimestamp": "2026-11-24T07:54:00Z",
        },
        "spec": {"containers": [{"name": "main", "image": "app:1"}]},
        "status": {"containerStatuses": [{"name": "main", "state": state}]},
    }


async def test_pods_are_looked_for_in_the_api_servers_cache(cluster: FakeCluster, api: ApiClient) -> None:
    for number in range(3):
        cluster.hold(f"{NAMESPACES}/shop/pods/checkout-{number}", broken_pod(number))
    cluster.uncached.add(f"{NAMESPACES}/shop/pods/checkout-0")

    assert len(await find_pod_troubles(api, snapshot(replicas=200))) == 2


async def test_the_pods_of_a_large_workload_come_page_by_page_and_not_out_of_the_cache(
    cluster: FakeCluster, api: ApiClient
) -> None:
    for number in range(201):
        cluster.hold(f"{NAMESPACES}/shop/pods/checkout-{number}", broken_pod(number))
    cluster.uncached.add(f"{NAMESPACES}/shop/pods/checkout-0")

    assert len(await find_pod_troubles(api, snapshot(replicas=201))) == 201


async def test_a_namespace_tells_its_labels_and_wishes(cluster: FakeCluster, api: ApiClient) -> None:
    notes = {names.ENVIRONMENT: "eu", names.SITE: "other"}
    cluster.hold(f"{NAMESPACES}/shop", {"metadata": {"labels": {"env": "prod"}, "annotations": notes}})
    found = await find_namespace(api, "shop")

    assert found.name == "shop"
    assert found.labels == {"env": "prod"}
    assert (found.wishes.environment, found.wishes.site) == ("eu", "other")


async def test_a_bare_namespace_wishes_nothing(cluster: FakeCluster, api: ApiClient) -> None:
    cluster.hold(f"{NAMESPACES}/shop", {})
    found = await find_namespace(api, "shop")

    assert found.labels == {}
    assert found.wishes.environment is None


async def test_a_workload_is_found_by_name_even_if_it_was_made_again(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.hold(f"{APPS}/deployments/checkout", deployment(uid="uid-2"))

    assert (await find_workload(api, ref())).ref == ref(uid="uid-2")


async def test_a_workload_that_is_gone_is_not_found(api: ApiClient) -> None:
    with pytest.raises(NotFoundError):
        await find_workload(api, ref())


@pytest.mark.parametrize(
    ("kind", "path", "version"),
    [
        (Kind.DEPLOYMENT, "/apis/apps/v1/namespaces/shop/deployments/checkout", "apps/v1"),
        (
            Kind.ROLLOUT,
            "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/checkout",
            "argoproj.io/v1alpha1",
        ),
    ],
)
def test_each_kind_has_its_path_and_reference(kind: Kind, path: str, version: str) -> None:
    one = ref(kind=kind)

    assert workload_path(one) == path
    assert workload_path(one, "status") == f"{path}/status"
    assert workload_reference(one) == {
        "apiVersion": version,
        "kind": kind.value,
        "namespace": "shop",
        "name": "checkout",
        "uid": "uid-1",
    }
