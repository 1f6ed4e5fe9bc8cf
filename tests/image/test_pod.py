"""The chart's own pod runs: started, probed, replaced and ended as a kubelet does it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controlplane import Cluster
from controlplane.choose import provide_local_cluster
from e2e.product import CREDENTIAL, SECRET, Product
from e2e.shop import Shop
from image.kubelet import Kubelet
from image.picture import Image
from installation.installation import RELEASE

pytestmark = pytest.mark.timeout(1200)

NAMESPACE = "rollout-reporter"
ALONE = {"replicaCount": "1", "strategy__type": "Recreate"}
"""All pods here share the ports of one machine."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with provide_local_cluster(argo=False) as cluster:
        yield cluster


@pytest.fixture
def kubelet(cluster: Cluster, image: Image, tmp_path: Path) -> Iterator[Kubelet]:
    kubelet = Kubelet(cluster, NAMESPACE, image, tmp_path)
    yield kubelet
    print(*map(kubelet.log, kubelet.running))  # noqa: T201 (pytest shows it of a test that fails)
    kubelet.close()


@pytest.fixture
def product(cluster: Cluster, tmp_path: Path) -> Iterator[Product]:
    product = Product(cluster, NAMESPACE, tmp_path)
    product.jira.start()
    yield product
    product.close()


def is_rolled_out(product: Product) -> str:
    return product.kubectl("rollout", "status", f"deployment/{RELEASE}", "--timeout=120s")


def test_it_becomes_ready_reports_is_replaced_and_ends_well(
    product: Product, kubelet: Kubelet, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(product.cluster, "shop")
    shop.open()

    kubelet.meanwhile(lambda: product.install_without_credential(**ALONE, **kubelet.values))
    product.create_secret(SECRET, **CREDENTIAL)
    kubelet.meanwhile(lambda: is_rolled_out(product))

    [first] = kubelet.running
    assert httpx.get(first.pod.probe("livenessProbe")).text == "ok"
    web = shop.deployment("SHOP-1")
    product.jira.until("SHOP-1", "successful")
    web.shows("True", "Successful")

    changed = {"podAnnotations__changed": "yes"}
    kubelet.meanwhile(lambda: product.install_without_credential(**ALONE, **kubelet.values, **changed))
    kubelet.meanwhile(lambda: is_rolled_out(product))

    [second] = kubelet.running
    assert second.pod.name != first.pod.name
    assert [each.code for each in kubelet.ended if each.pod == first.pod.name] == [0]
    web.set_image(shop.images.second)
    told = product.jira.until("SHOP-1", "successful", "successful")
    assert [each["state"] for each in product.jira.history("SHOP-1")].count("successful") == len(told)

    kubelet.meanwhile(product.installation.uninstall)
    kubelet.meanwhile(lambda: product.kubectl("wait", "--for=delete", f"pod/{second.pod.name}"))

    assert kubelet.running == []
    assert {each.code for each in kubelet.ended} == {0}
    with capsys.disabled():
        print(f"\nready {first.took:.1f} s after it was scheduled")  # noqa: T201 (for whoever looks at it)
