"""A leader and a standby on a real control plane, scraped by a real Prometheus."""

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from controlplane import LocalCluster, provide_local_cluster
from e2e.product import Product
from e2e.shop import Shop
from e2e.workload import Workload
from installation import Operator
from installation.program import until
from observability.dashboard import ROWS, Panel
from observability.promtool import promtool
from observability.server import NAMESPACE, Prometheus
from rollout_reporter.cluster.api import connect
from rollout_reporter.cluster.events import Event, EventRecorder, EventType

pytestmark = pytest.mark.timeout(300, func_only=True)

OUTAGE_SECONDS = 75
"""Longer than a silent watch may last."""


class Pair:
    """A leader, a standby, and their Prometheus."""

    def __init__(self, product: Product, folder: Path) -> None:
        self.product, self.shop = product, Shop(product.cluster, "shop")
        self.leader = product.installation.operator(name="first")
        self.standby = product.installation.operator(name="second")
        targets = {"first": self.leader.metrics_port, "second": self.standby.metrics_port}
        self.prometheus = Prometheus(folder, targets)

    def start(self) -> None:
        for each in (self.leader, self.standby):
            each.start_and_watch()
        self.shop.open()
        self.prometheus.start()

    def close(self) -> None:
        self.prometheus.stop()
        for each in (self.standby, self.leader):
            each.kill()


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with provide_local_cluster() as started:
        yield started


@pytest.fixture(scope="module")
def pair(cluster: LocalCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    product = Product(cluster, NAMESPACE, tmp_path_factory.mktemp("product"))
    try:
        product.jira.start()
        product.install()
        pair = Pair(product, tmp_path_factory.mktemp("prometheus"))
        try:
            pair.start()
            yield pair
        finally:
            pair.close()
    finally:
        product.close()


@pytest.fixture(scope="module")
def story(pair: Pair) -> Workload:
    """A rollout under way after Jira was down for a moment, and a restart of the watch."""
    fault = {"operation": "bulk", "kind": "503", "times": 1}
    pair.product.jira.control("POST", "/sandbox/faults", fault)
    web = pair.shop.deployment("SHOP-1")
    pair.product.jira.until("SHOP-1", "successful")
    web.set_image(pair.shop.images.never_ready)
    pair.product.jira.until("SHOP-1", "successful", "in_progress")
    return web


@pytest.mark.usefixtures("story")
def test_prometheus_finds_no_fault_with_the_metrics(pair: Pair) -> None:
    """Names, units and help texts, with all of them filled."""
    metrics = httpx.get(f"http://127.0.0.1:{pair.leader.metrics_port}/metrics").text

    promtool("check", "metrics", stdin=metrics)


def test_who_leads_and_who_stands_by_are_both_ready(pair: Pair) -> None:
    for each in (pair.leader, pair.standby):
        assert probe(each, "healthz") == (200, "ok")
        assert probe(each, "readyz") == (200, "ok")


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("panel", [p for row in ROWS for p in row.panels], ids=lambda panel: panel.title)
def test_each_question_of_the_dashboard_has_an_answer(pair: Pair, panel: Panel) -> None:
    for query in panel.queries:
        asked = query.expression
        for name in ("namespace", "job", "site"):
            asked = asked.replace(f"${name}", ".*")
        until(partial(pair.prometheus.ask, asked), seconds=20, otherwise=partial(str, asked))


@pytest.mark.usefixtures("story")
def test_the_leader_alone_tells_what_is_under_way(pair: Pair) -> None:
    for name in ("open_deployments", "tracked_workloads", "waiting_deployments"):
        until(partial(is_told_by_the_first, pair, name), seconds=20, otherwise=partial(str, name))
    under_way = 'rollout_reporter_open_deployments{state="in_progress"}'
    until(
        lambda: value_of(pair, under_way) == "1", seconds=20, otherwise=lambda: f"{value_of(pair, under_way)}"
    )


@pytest.mark.usefixtures("story")
def test_prometheus_can_work_with_all_alerts_and_none_is_about_to_fire(pair: Pair) -> None:
    until(
        lambda: set(pair.prometheus.rules().values()) == {"ok"},
        seconds=20,
        otherwise=lambda: str(pair.prometheus.rules()),
    )
    until(lambda: not pair.prometheus.alerts(), seconds=20, otherwise=lambda: str(pair.prometheus.alerts()))


def test_what_happens_again_is_counted_on_its_event(cluster: LocalCluster, story: Workload) -> None:
    body = json.loads(cluster.kubectl("get", "deployment/web", "--namespace=shop", "--output=json"))
    event = Event(
        regarding={
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": "shop",
            "name": story.name,
            "uid": body["metadata"]["uid"],
        },
        type=EventType.WARNING,
        reason="HappensAgain",
        action="Report",
        note="in two\nlines",
    )

    async def tell_three_times() -> None:
        async with await connect(str(cluster.kubeconfig)) as api:
            recorder = EventRecorder(api, instance="pod_1", now=lambda: datetime.now(UTC))
            for _ in range(3):
                await recorder.record(event)

    asyncio.run(tell_three_times())

    [seen] = [each for each in events(cluster) if each["reason"] == "HappensAgain"]
    assert (seen["note"], seen["series"]["count"]) == ("in two lines", 3)


def test_who_has_no_api_server_is_alive_and_says_why_it_is_not_ready(
    cluster: LocalCluster, pair: Pair
) -> None:
    cluster.stop_apiserver()
    try:
        ends_at = time.monotonic() + OUTAGE_SECONDS
        while time.monotonic() < ends_at:
            for each in (pair.leader, pair.standby):
                assert probe(each, "healthz") == (200, "ok")
            time.sleep(1)
        assert probe(pair.leader, "readyz") == (503, "it does not lead, and does not know who does")
        assert value_of(pair, "sum(rollout_reporter_leader)") == "0"
        assert pair.prometheus.ask("rollout_reporter_tracked_workloads") == []
        assert "RolloutReporterNotReporting" in pair.prometheus.alerts()
    finally:
        cluster.start_apiserver()

    for each in (pair.leader, pair.standby):
        until(partial(is_ready, each), seconds=90, otherwise=each.log)
    until(
        lambda: value_of(pair, "sum(rollout_reporter_leader)") == "1",
        seconds=30,
        otherwise=pair.leader.log,
    )


def is_told_by_the_first(pair: Pair, name: str) -> bool:
    return {each["metric"]["pod"] for each in pair.prometheus.ask(f"rollout_reporter_{name}")} == {"first"}


def value_of(pair: Pair, query: str) -> str | None:
    """The one value that Prometheus answers with, `None` if a scrape was late."""
    found = pair.prometheus.ask(query)
    return found[0]["value"][1] if found else None


def probe(operator: Operator, name: str) -> tuple[int, str]:
    answer = httpx.get(f"http://127.0.0.1:{operator.probe_port}/{name}", timeout=30)
    return answer.status_code, answer.text


def is_ready(operator: Operator) -> bool:
    return probe(operator, "readyz") == (200, "ok")


def events(cluster: LocalCluster) -> list[dict[str, Any]]:
    listed = cluster.kubectl("get", "events.events.k8s.io", "--namespace=shop", "--output=json")
    found: list[dict[str, Any]] = json.loads(listed)["items"]
    return found
