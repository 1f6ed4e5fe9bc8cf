"""Two installations that watch the same Namespace: one reports each workload, the other one says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane import Cluster
from e2e.product import Product, ProductApart
from e2e.shop import Shop
from e2e.workload import SECONDS
from installation.program import until

pytestmark = pytest.mark.timeout(180, func_only=True)


@pytest.fixture
def second(cluster: Cluster, apart: ProductApart, tmp_path: Path) -> Iterator[Product]:
    """Another installation, for the shop of the first one, with a Jira of its own."""
    folder = tmp_path / "second"
    folder.mkdir()
    product = Product(cluster, f"{apart.namespace}-second", folder)
    product.jira.start()
    product.install(
        watchNamespaces=f"{{{apart.shop.namespace}}}", clusterName="second", crds__enabled="false"
    )
    yield product
    product.close()
    Shop(cluster, product.namespace).close()


def test_the_one_that_came_second_leaves_a_workload_alone_until_the_first_one_is_gone(
    apart: ProductApart, second: Product, issue: str, other_issue: str
) -> None:
    apart.jira.start()
    apart.install()
    apart.start()
    web = apart.shop.deployment(issue)
    apart.jira.until(issue, "successful")
    shown = web.shows("True", "Successful")

    second.start()
    web.tells("Warning", "OwnedByAnotherInstallation", containing=f"namespace {apart.namespace} reports it")
    web.annotate(other_issue)
    web.set_image(apart.shop.images.second)
    apart.jira.until(other_issue, "successful")
    web.shows("True", "Successful", containing="revision 2")
    assert shown.reason == "Successful"
    assert second.jira.requests("bulk") == []

    apart.operator.stop()
    web.kubectl("delete", f"rolloutreport/deployment-{web.name}")
    web.set_image(apart.shop.images.third)
    web.shows("True", "Successful", containing="revision 3")
    until(
        lambda: "revision 3" in second.jira.deployments(other_issue)[-1]["description"],
        seconds=SECONDS,
        otherwise=lambda: f"{second.jira.deployments(other_issue)}",
    )
    assert set(second.jira.states(other_issue)) == {"successful"}
