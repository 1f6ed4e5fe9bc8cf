from collections.abc import AsyncIterator
from typing import Any

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.api import ClusterError
from rollout_reporter.controller.book import Book, Tracked
from rollout_reporter.controller.context import Context
from rollout_reporter.controller.sightings import Gone
from rollout_reporter.controller.sweep import sweep_once
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.workload import Kind, WorkloadRef
from unit.cluster.fake_cluster import APPS, ARGO, FakeCluster
from unit.controller.leading import leading
from unit.core.situations import deployment, ref, snapshot

DEPLOYMENT = f"{APPS}/deployments/checkout"


@pytest.fixture
async def context(api: ApiClient) -> AsyncIterator[Context]:
    async with leading(api) as context:
        yield context


def book_of(*refs: WorkloadRef, **known: Any) -> Book:
    return Book({one.place: Tracked(ledger=Ledger(one), **known) for one in refs})


async def test_a_workload_that_exists_is_left_alone(cluster: FakeCluster, context: Context) -> None:
    cluster.hold(DEPLOYMENT, deployment())
    cluster.hold(f"{ARGO}/rollouts/cart", {"metadata": {"uid": "uid-2"}})
    await sweep_once(context, book_of(ref(), ref("cart", kind=Kind.ROLLOUT, uid="uid-2")))

    assert context.sightings.get(ref().place) is None
    assert context.sightings.get(ref("cart", kind=Kind.ROLLOUT).place) is None


async def test_a_workload_that_is_gone_is_seen_as_gone(
    context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    context.sightings.put(snapshot())
    await sweep_once(context, book_of(ref()))

    assert context.sightings.get(ref().place) == Gone(ref())
    assert "shop/deployment/checkout" in caplog.text


async def test_a_workload_whose_namesake_exists_is_gone(cluster: FakeCluster, context: Context) -> None:
    cluster.hold(DEPLOYMENT, deployment(uid="uid-2"))
    await sweep_once(context, book_of(ref()))

    assert context.sightings.get(ref().place) == Gone(ref())


async def test_what_the_watch_knows_of_a_namesake_stays(cluster: FakeCluster, context: Context) -> None:
    cluster.hold(DEPLOYMENT, deployment(uid="uid-2"))
    namesake = snapshot(ref=ref(uid="uid-2"))
    context.sightings.put(namesake)
    await sweep_once(context, book_of(ref()))

    assert context.sightings.get(ref().place) == namesake


async def test_a_workload_that_is_known_to_be_gone_is_no_news(context: Context) -> None:
    await sweep_once(context, book_of(ref(), is_gone=True))

    assert context.sightings.get(ref().place) is None


async def test_where_there_are_no_rollouts_deployments_are_swept_all_the_same(
    cluster: FakeCluster, context: Context
) -> None:
    cluster.refusals["GET /apis/argoproj.io/v1alpha1/rollouts"] = (404, "no such kind")
    await sweep_once(context, book_of(ref()))

    assert context.sightings.get(ref().place) == Gone(ref())


async def test_who_cannot_look_declares_nobody_gone(cluster: FakeCluster, context: Context) -> None:
    cluster.refusals["GET /apis/apps/v1/deployments"] = (503, "etcd is not there")

    with pytest.raises(ClusterError):
        await sweep_once(context, book_of(ref()))
    assert context.sightings.get(ref().place) is None
