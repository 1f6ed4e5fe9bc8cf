"""The Prometheus operator's own CRDs, served by a real API server, take what the chart makes for it.

The cluster is its own: CRDs of others have no place in one that somebody named.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from controlplane import Cluster, ControlPlaneError, provide_local_cluster
from controlplane.binaries import documents_folder
from controlplane.catalogue import PROMETHEUS_OPERATOR
from schemas.test_chart import changed
from unit.chart.helm import CHART, RELEASE, Values, render
from unit.chart.scenarios import SCENARIOS

pytestmark = pytest.mark.timeout(60, func_only=True)

MONITORS = ("ServiceMonitor", "PodMonitor", "PrometheusRule")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    crds = [f"--filename={file}" for file in sorted(documents_folder(PROMETHEUS_OPERATOR).glob("*.yaml"))]
    with provide_local_cluster(argo=False) as started:
        started.kubectl("apply", "--server-side", *crds)
        started.kubectl("wait", "--for=condition=Established", "--timeout=30s", *crds)
        yield started


def monitors() -> list[Values]:
    """All that the scenarios make of these kinds, in a namespace that is there."""
    monitored = [values for values in SCENARIOS.values() if "metrics" in values]
    rendered = [each for values in monitored for each in render(values).objects]
    return [changed(each, "metadata.namespace", "default") for each in rendered if each["kind"] in MONITORS]


def apply(cluster: Cluster, *objects: Values) -> list[Values]:
    """What the API server would store of them."""
    everything: dict[str, Any] = {"apiVersion": "v1", "kind": "List", "items": objects}
    stored = cluster.kubectl(
        "apply",
        "--server-side",
        "--dry-run=server",
        "--validate=strict",
        "--output=json",
        "--filename=-",
        stdin=json.dumps(everything),
    )
    items: list[Values] = json.loads(stored)["items"]
    return items


def test_they_are_taken_and_nothing_of_them_is_dropped(cluster: Cluster) -> None:
    sent = monitors()
    assert {each["kind"] for each in sent} == set(MONITORS)
    assert [each["spec"] for each in apply(cluster, *sent)] == [each["spec"] for each in sent]


@pytest.mark.parametrize("kind", MONITORS)
def test_a_field_that_nobody_knows_is_refused(cluster: Cluster, kind: str) -> None:
    made = next(each for each in monitors() if each["kind"] == kind)
    with pytest.raises(ControlPlaneError, match=r"field not declared in schema|unknown field"):
        apply(cluster, changed(made, "spec.unheardOf", "x"))


@pytest.mark.parametrize("kind", MONITORS)
def test_helm_finds_them_served_without_being_told(cluster: Cluster, kind: str) -> None:
    """They are skipped where they are missing; here they are not."""
    values = kind[0].lower() + kind[1:]
    rendered = cluster.helm(
        "template",
        RELEASE,
        str(CHART),
        "--dry-run=server",
        f"--set=metrics.{values}.enabled=true",
        f"--set=metrics.{values}.renderMode=skipIfMissing",
    )
    assert f"\nkind: {kind}\n" in rendered
