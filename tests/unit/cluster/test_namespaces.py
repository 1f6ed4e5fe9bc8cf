import asyncio
import gc

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster import namespaces as looked_up
from rollout_reporter.cluster.errors import ForbiddenError
from rollout_reporter.cluster.namespaces import Namespaces
from unit.cluster.fake_cluster import FakeCluster

SHOP = "/api/v1/namespaces/shop"


def now() -> float:
    return asyncio.get_running_loop().time()


def label(cluster: FakeCluster, stage: str) -> None:
    cluster.hold(SHOP, {"metadata": {"labels": {"stage": stage}}})


def asked(cluster: FakeCluster) -> int:
    return sum(str(each) == f"GET {SHOP}" for each in cluster.asked)


async def stages(namespaces: Namespaces, times: int, since: float | None = None) -> set[str]:
    since = now() if since is None else since
    found = await asyncio.gather(*(namespaces.find("shop", since) for _ in range(times)))
    return {each.labels["stage"] for each in found}


async def test_many_who_ask_at_once_share_one_request(cluster: FakeCluster, api: ApiClient) -> None:
    label(cluster, "one")

    assert await stages(Namespaces(api), 100) == {"one"}
    assert asked(cluster) == 1


async def test_an_answer_is_shared_with_who_has_waited_since_before_it_was_asked_for(
    cluster: FakeCluster, api: ApiClient
) -> None:
    label(cluster, "one")
    namespaces, before = Namespaces(api), now()
    await stages(namespaces, 1)
    label(cluster, "two")

    assert await stages(namespaces, 100, since=before) == {"one"}
    assert asked(cluster) == 1


async def test_what_was_seen_later_than_an_answer_was_asked_for_makes_another_request(
    cluster: FakeCluster, api: ApiClient
) -> None:
    namespaces = Namespaces(api)
    for stage in ("one", "two"):
        label(cluster, stage)
        assert await stages(namespaces, 1) == {stage}


async def test_who_asks_while_a_request_is_under_way_does_not_get_its_answer(
    cluster: FakeCluster, api: ApiClient
) -> None:
    label(cluster, "one")
    namespaces = Namespaces(api)
    early = asyncio.create_task(namespaces.find("shop", now()))
    while not asked(cluster):  # noqa: ASYNC110 (nothing else tells)
        await asyncio.sleep(0)
    label(cluster, "two")

    assert await stages(namespaces, 100) == {"two"}
    assert (await early).labels["stage"] in {"one", "two"}
    assert asked(cluster) == 2


async def test_nobody_gets_an_old_answer_whatever_made_them_ask(
    cluster: FakeCluster, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workload that is looked at again although nothing has happened to it."""
    monkeypatch.setattr(looked_up, "SHARED_FOR", 0.0)
    namespaces, before = Namespaces(api), now()
    for stage in ("one", "two"):
        label(cluster, stage)
        assert await stages(namespaces, 1, since=before) == {stage}


async def test_all_who_share_a_request_learn_of_its_failure_and_the_next_one_is_made(
    cluster: FakeCluster, api: ApiClient
) -> None:
    label(cluster, "one")
    namespaces, begun = Namespaces(api), now()
    cluster.refusals[f"GET {SHOP}"] = (403, "no rights")
    failed = await asyncio.gather(*(namespaces.find("shop", begun) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in failed] == [ForbiddenError] * 3

    cluster.refusals.clear()
    assert await stages(namespaces, 1, since=begun) == {"one"}


async def test_one_who_gives_up_takes_nothing_from_the_others(cluster: FakeCluster, api: ApiClient) -> None:
    label(cluster, "one")
    namespaces, begun = Namespaces(api), now()
    asking = [asyncio.create_task(namespaces.find("shop", begun)) for _ in range(2)]
    await asyncio.sleep(0)
    asking[0].cancel()

    assert (await asking[1]).labels["stage"] == "one"
    with pytest.raises(asyncio.CancelledError):
        await asking[0]


async def test_a_failure_that_nobody_waits_for_any_more_is_no_alarm(
    cluster: FakeCluster, api: ApiClient, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.refusals[f"GET {SHOP}"] = (403, "no rights")
    before = asyncio.all_tasks()
    asking = asyncio.create_task(Namespaces(api).find("shop", now()))
    await asyncio.sleep(0)
    [request] = asyncio.all_tasks() - before - {asking}
    asking.cancel()
    await asyncio.wait([request])
    del request
    gc.collect()

    assert "never retrieved" not in caplog.text
