"""The chart is upgraded, and rolled back, under an operator that has work to do, with both Helms."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from controlplane import Cluster
from e2e.helm import Helm
from e2e.product import CREDENTIAL, SECRET, Product
from e2e.shop import Shop
from e2e.workload import Object
from installation.installation import CHART, RELEASE

pytestmark = pytest.mark.timeout(240, func_only=True)

NEWER_FIELD = "cloudId"
"""A field of JiraSites that the older release is said not to have."""


@pytest.fixture
def product(fresh: Cluster, helm: Helm, tmp_path: Path) -> Iterator[Product]:
    product = Product(fresh, helm.namespace, tmp_path)
    try:
        product.jira.start()
        product.create_secret(SECRET, **CREDENTIAL)
        yield product
    finally:
        product.close()


@pytest.fixture
def shop(fresh: Cluster) -> Iterator[Shop]:
    shop = Shop(fresh, "shop")
    shop.open()
    yield shop
    shop.close(wait=True)


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """The chart as an earlier release could have had it; there is none yet."""
    chart = tmp_path / "older" / CHART.name
    shutil.copytree(CHART, chart)
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about | {"version": "0.0.9"}))
    path = chart / "files" / "crds" / "jirasites.yaml"
    crd = yaml.safe_load(path.read_text())
    del fields_of_sites(crd)[NEWER_FIELD]
    path.write_text(yaml.safe_dump(crd, sort_keys=False))
    return chart


def fields_of_sites(crd: Object) -> Object:
    spec: Object = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    fields: Object = spec["properties"]
    return fields


def fields_that_are_served(cluster: Cluster) -> set[str]:
    crd = cluster.kubectl("get", "crd/jirasites.rollout-reporter.dev", "--output=json")
    return set(fields_of_sites(json.loads(crd)))


def test_an_upgrade_repeats_nothing_loses_nothing_and_can_be_taken_back(
    helm: Helm, product: Product, shop: Shop, older: Path
) -> None:
    helm.chart = older
    helm.install(**product.jira_values)
    product.start()
    web = shop.deployment("SHOP-1")
    product.jira.until("SHOP-1", "successful")
    shown = web.shows("True", "Successful")
    report, told = web.report_version(), product.jira.state()["history"]
    assert NEWER_FIELD not in fields_that_are_served(product.cluster)

    helm.chart = CHART
    helm.upgrade(**product.jira_values)
    product.operator.stop()
    product.start()

    product.site_is("default", "True", "Ready")
    assert NEWER_FIELD in fields_that_are_served(product.cluster)
    shop.deployment("SHOP-2", name="afterwards").shows("True", "Successful")
    assert [each for each in product.jira.state()["history"] if "SHOP-2" not in each["issues"]] == told
    assert (web.condition(), web.report_version()) == (shown, report)

    web.set_image(shop.images.second)
    helm("rollback", RELEASE, "1")

    product.site_is("default", "True", "Ready")
    product.jira.until("SHOP-1", "successful", "successful")
    web.set_image(shop.images.third)
    product.jira.until("SHOP-1", "successful", "successful", "successful")
    web.shows("True", "Successful", containing="revision 3")
    assert product.jira.state()["dropped"] == []
