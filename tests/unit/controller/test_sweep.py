import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.errors import ClusterError
from rollout_reporter.controller import sweep as sweeping
from rollout_reporter.controller.book import Book, Tracked
from rollout_reporter.controller.context import Context
from rollout_reporter.controller.sightings import Gone, Hidden
from rollout_reporter.controller.sweep import sweep, sweep_once
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.report import State
from rollout_reporter.core.workload import Kind, Snapshot, WorkloadRef
from unit.cluster.fake_cluster import APPS, ARGO, FakeCluster
from unit.controller.leading import leading
from unit.core.situations import accepted, deployment, entry, ref, snapshot

DEPLOYMENT = f"{APPS}/deployments/checkout"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "WATCH_LAG", timedelta(milliseconds=50))


@pytest.fixture
async def context(api: ApiClient) -> AsyncIterator[Context]:
    async with leading(api) as context:
        context.sightings.listen(lambda _: None)
        yield context


def book_of(*refs: WorkloadRef, **known: Any) -> Book:
    return Book({one.place: Tracked(ledger=Ledger(one), **known) for one in refs})


def version(held: dict[str, Any]) -> int:
    return int(held["metadata"]["resourceVersion"])


async def test_a_workload_that_exists_is_left_alone(cluster: FakeCluster, context: Context) -> None:
    held = cluster.hold(DEPLOYMENT, deployment())
    cluster.hold(f"{ARGO}/rollouts/cart", {"metadata": {"uid": "uid-2", "namespace": "shop"}})
    seen = snapshot(resource_version=version(held))
    context.sightings.put(seen)
    await sweep_once(context, book_of(ref(), ref("cart", kind=Kind.ROLLOUT, uid="uid-2")))

    assert context.sightings.get(ref().place) == seen
    assert context.sightings.get(ref("cart", kind=Kind.ROLLOUT).place) is None


async def test_a_workload_that_is_gone_is_seen_as_gone(
    context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    context.sightings.put(snapshot())
    await sweep_once(context, book_of(ref()))

    assert context.sightings.get(ref().place) == Gone(ref())
    assert "shop/deployment/checkout" in caplog.text


async def test_soon_after_a_gap_in_the_watch_ends_are_looked_for(context: Context) -> None:
    """What was deleted meanwhile, a new list does not tell."""
    context.sightings.put(snapshot())
    sweeping_on = asyncio.create_task(sweep(context, book_of(ref()), nothing_before))
    context.sightings.gap.set()
    async with asyncio.timeout(5):
        while context.sightings.get(ref().place) != Gone(ref()):  # noqa: ASYNC110 (nothing else tells)
            await asyncio.sleep(0.005)
    sweeping_on.cancel()
    with suppress(asyncio.CancelledError):
        await sweeping_on


async def nothing_before() -> None:
    """All records could be read."""


async def test_an_end_that_the_watch_tells_a_little_later_was_not_missed(
    context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    """It tells the last state, too."""
    context.sightings.put(snapshot())
    async with asyncio.TaskGroup() as group:
        group.create_task(sweep_once(context, book_of(ref())))
        await asyncio.sleep(0.02)
        context.sightings.put(Gone(ref()))

    assert "missed" not in caplog.text


async def test_the_namesake_of_a_workload_that_is_gone_is_seen(
    cluster: FakeCluster, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.hold(DEPLOYMENT, deployment(uid="uid-2"))
    await sweep_once(context, book_of(ref()))
    found = context.sightings.get(ref().place)

    assert "its end was missed" in caplog.text
    assert isinstance(found, Snapshot)
    assert found.ref == ref(uid="uid-2")


async def test_what_the_watch_knows_of_a_namesake_stays(cluster: FakeCluster, context: Context) -> None:
    held = cluster.hold(DEPLOYMENT, deployment(uid="uid-2"))
    namesake = snapshot(ref=ref(uid="uid-2"), resource_version=version(held))
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


async def test_a_namespace_that_may_not_be_read_hides_its_workloads_and_stops_no_other(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.refusals["GET /apis/apps/v1/namespaces/shop/deployments"] = (403, "no rights")
    async with leading(api, watch_namespaces=("shop", "bank")) as context:
        context.sightings.listen(lambda _: None)
        here, there = ref(), replace(ref(), namespace="bank")
        await sweep_once(context, book_of(here, there))

        assert context.sightings.get(here.place) == Hidden(here)
        assert context.sightings.get(there.place) == Gone(there)


# The watch.


@pytest.mark.parametrize("older", [None, snapshot(resource_version=1)])
async def test_what_the_watch_does_not_show_is_read_and_the_watch_started_again(
    older: Snapshot | None, cluster: FakeCluster, api: ApiClient
) -> None:
    restarts: list[bool] = []
    cluster.hold(DEPLOYMENT, deployment())
    async with leading(api, restart_watch=lambda: restarts.append(True)) as context:
        if older:
            context.sightings.put(older)
        await sweep_once(context, book_of())
        found = context.sightings.get(ref().place)

        assert isinstance(found, Snapshot)
        assert found.resource_version == version(cluster.objects[DEPLOYMENT])
        assert context.sightings.take_gap(ref().place)
        assert restarts == [True]


async def test_a_watch_that_has_shown_all_is_left_alone(cluster: FakeCluster, api: ApiClient) -> None:
    restarts: list[bool] = []
    held = cluster.hold(DEPLOYMENT, deployment())
    cluster.hold(f"{APPS}/deployments/unannotated", deployment(name="unannotated", keys=None))
    async with leading(api, restart_watch=lambda: restarts.append(True)) as context:
        context.sightings.put(snapshot(resource_version=version(held)))
        await sweep_once(context, book_of(ref()))

    assert restarts == []


@pytest.mark.parametrize(("state", "is_followed"), [(State.IN_PROGRESS, True), (State.SUCCESSFUL, False)])
async def test_of_a_namespace_that_is_selected_no_more_only_what_is_under_way_is_followed_to_its_end(
    state: State, cluster: FakeCluster, api: ApiClient, *, is_followed: bool
) -> None:
    """It is not watched, so to read it is no reason to begin the watch of all others anew."""
    restarts: list[bool] = []
    cluster.hold(DEPLOYMENT, deployment())
    seen = snapshot(resource_version=1)
    async with leading(api, restart_watch=lambda: restarts.append(True)) as context:
        unselected = replace(context, is_served=lambda _: False)
        unselected.sightings.put(seen)
        ledger = Ledger(ref(), (accepted(entry(state=state)),))
        await sweep_once(unselected, Book({ref().place: Tracked(ledger=ledger)}))

        assert (unselected.sightings.get(ref().place) != seen) is is_followed
    assert restarts == []
