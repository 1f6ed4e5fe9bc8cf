"""RolloutReports that somebody removes while the operator runs."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.errors import ForbiddenError
from rollout_reporter.controller import records
from rollout_reporter.controller.book import Book
from rollout_reporter.controller.records import keep_records, restore_records
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.workload import Place
from unit.cluster.fake_cluster import OURS, FakeCluster
from unit.cluster.records import recorded
from unit.controller.leading import leading
from unit.core.situations import NOW, accepted, entry, ref

PLACE = ref().place
REPORT = f"{OURS}/shop/rolloutreports/deployment-checkout"
LIST = "GET /apis/rollout-reporter.dev/v1alpha1/rolloutreports"


@pytest.fixture
async def book(api: ApiClient) -> Book:
    """A settled workload and another one, both on record."""
    both = [await recorded(api, Ledger(one, (accepted(entry()),))) for one in (ref(), ref("cart"))]
    return Book.of(both, [], NOW)


async def published_again(api: ApiClient, book: Book, **options: Any) -> list[Place]:
    published: list[Place] = []
    async with leading(api, **options) as context:
        await restore_records(context, book, published.append)
    return published


async def test_one_that_was_removed_is_written_again_and_no_other(
    cluster: FakeCluster, api: ApiClient, book: Book
) -> None:
    cluster.remove(REPORT)

    assert await published_again(api, book) == [PLACE]
    assert book[PLACE].stored is None
    assert book[ref("cart").place].stored is not None


async def test_that_of_a_workload_that_is_gone_is_not_missed(
    cluster: FakeCluster, api: ApiClient, book: Book
) -> None:
    cluster.remove(REPORT)
    book[PLACE].is_gone = True

    assert await published_again(api, book) == []


@pytest.mark.parametrize(("namespace", "published"), [("shop", [PLACE]), ("bank", [])])
async def test_a_namespace_that_may_not_be_read_stops_no_other(
    cluster: FakeCluster, api: ApiClient, book: Book, namespace: str, published: list[Place]
) -> None:
    cluster.remove(REPORT)
    cluster.refusals[f"GET {OURS}/locked/rolloutreports"] = (403, "no rights")

    assert await published_again(api, book, watch_namespaces=("locked", namespace)) == published


async def test_who_may_list_nothing_misses_nothing(cluster: FakeCluster, api: ApiClient, book: Book) -> None:
    cluster.refusals[LIST] = (403, "no rights")

    with pytest.raises(ForbiddenError):
        await published_again(api, book)
    assert book[PLACE].stored is not None


async def test_all_are_written_again_soon_after_their_crd_was_put_back(
    cluster: FakeCluster, api: ApiClient, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    for period in ("PERIOD", "MISSING_PERIOD"):
        monkeypatch.setattr(records, period, timedelta(milliseconds=1))
    published: asyncio.Queue[Place] = asyncio.Queue()
    cluster.refusals[LIST] = (404, "the server could not find the requested resource")
    async with leading(api) as context, asyncio.timeout(5):
        keeping = asyncio.create_task(keep_records(context, book, published.put_nowait))
        while not cluster.asked or str(cluster.asked[-1]) != LIST:  # noqa: ASYNC110 (nothing else tells)
            await asyncio.sleep(0.001)
        cluster.objects.clear()
        cluster.refusals.clear()

        assert {await published.get(), await published.get()} == set(book)
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
