"""The API server accepts whatever values make of the chart, field by field."""

import json
from typing import Any

import pytest
import yaml

from controlplane import Cluster
from e2e.helm import Helm
from e2e.product import Product
from installation.installation import CHART, RELEASE
from unit.chart.scenarios import SCENARIOS

pytestmark = pytest.mark.timeout(60, func_only=True)

NOT_SERVED = "monitoring.coreos.com/"
"""Kinds of the Prometheus operator, which no cluster of tests has."""


@pytest.fixture(scope="module")
def surroundings(cluster: Cluster, installed: Product) -> None:
    """What values name and other people bring."""
    given: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "given"}},
        {
            "apiVersion": "node.k8s.io/v1",
            "kind": "RuntimeClass",
            "metadata": {"name": "gvisor"},
            "handler": "runsc",
        },
    ]
    for each in given:
        cluster.kubectl("apply", "--filename=-", f"--namespace={installed.namespace}", stdin=json.dumps(each))


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize("values", list(SCENARIOS.values()), ids=list(SCENARIOS))
def test_it_takes_what_these_values_make(
    cluster: Cluster, installed: Product, values: dict[str, Any]
) -> None:
    rendered = Helm(cluster, installed.namespace)(
        "template", RELEASE, str(CHART), "--values=-", stdin=json.dumps(values)
    )
    objects = [each for each in yaml.safe_load_all(rendered) if each]
    served = [each for each in objects if not each["apiVersion"].startswith(NOT_SERVED)]
    assert len(served) > 2
    everything = {"apiVersion": "v1", "kind": "List", "items": served}
    as_helm = ("--server-side", "--force-conflicts", "--field-manager=helm")
    cluster.kubectl(
        "apply",
        *as_helm,
        "--dry-run=server",
        "--validate=strict",
        "--filename=-",
        stdin=json.dumps(everything),
    )
