"""The chart's own pod runs: started, probed, replaced and ended as a kubelet does it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controlplane import Cluster
from controlplane.choose import provide_local_cluster
from e2e.helm import NAMESPACE, Helm
from e2e.product import CREDENTIAL, SECRET, Product
from e2e.shop import Shop
from image.kubelet import Kubelet
from image.picture import Image
from installation.installation import RELEASE

pytestmark = pytest.mark.timeout(1200)

ALONE = {"replicaCount": "1", "strategy__type": "Recreate"}
"""All pods here share the ports of one machine."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with provide_local_cluster(argo=False) as cluster:
        yield cluster


@pytest.fixture(params=["helm", "helm3"])
def helm(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Helm]:
    own = Shop(cluster, NAMESPACE)
    own.open(**{"pod-security.kubernetes.io/enforce": "restricted"})
    yield Helm(cluster, own.namespace, program=request.param)
    own.close(wait=True)


@pytest.fixture
def kubelet(helm: Helm, cluster: Cluster, image: Image, tmp_path: Path) -> Iterator[Kubelet]:
    kubelet = Kubelet(cluster, helm.namespace, image, tmp_path)
    yield kubelet
    print(*map(kubelet.log, kubelet.running))  # noqa: T201 (pytest shows it of a test that fails)
    kubelet.close()


@pytest.fixture
def product(helm: Helm, cluster: Cluster, tmp_path: Path) -> Iterator[Product]:
    product = Product(cluster, helm.namespace, tmp_path)
    product.jira.start()
    product.create_secret(SECRET, **CREDENTIAL)
    yield product
    product.close()


@pytest.fixture
def shop(cluster: Cluster) -> Iterator[Shop]:
    shop = Shop(cluster, "shop")
    shop.open()
    yield shop
    shop.close(wait=True)


def is_rolled_out(product: Product) -> str:
    return product.kubectl("rollout", "status", f"deployment/{RELEASE}", "--timeout=120s")


def test_it_becomes_ready_reports_is_replaced_and_ends_well(
    helm: Helm, product: Product, shop: Shop, kubelet: Kubelet, capsys: pytest.CaptureFixture[str]
) -> None:
    kubelet.meanwhile(lambda: helm.install(**ALONE, **kubelet.values, **product.jira_values))
    kubelet.meanwhile(lambda: is_rolled_out(product))

    [first] = kubelet.running
    assert httpx.get(first.pod.probe("livenessProbe")).text == "ok"
    web = shop.deployment("SHOP-1")
    product.jira.until("SHOP-1", "successful")
    web.shows("True", "Successful")

    kubelet.meanwhile(lambda: helm.upgrade(podAnnotations__changed="yes", **ALONE))
    kubelet.meanwhile(lambda: is_rolled_out(product))

    [second] = kubelet.running
    assert second.pod.name != first.pod.name
    assert [each.code for each in kubelet.ended if each.pod == first.pod.name] == [0]
    web.set_image(shop.images.second)
    told = product.jira.until("SHOP-1", "successful", "successful")
    assert [each["state"] for each in product.jira.history("SHOP-1")].count("successful") == len(told)

    kubelet.meanwhile(helm.uninstall)
    kubelet.meanwhile(lambda: product.kubectl("wait", "--for=delete", f"pod/{second.pod.name}"))

    assert kubelet.running == []
    assert {each.code for each in kubelet.ended} == {0}
    assert f"removed the condition of shop/{web}" in kubelet.last("cleanup").lines
    assert web.condition() is None
    assert shop.kubectl("get", "rolloutreports", "--output=name") == ""
    with capsys.disabled():
        print(f"\nready {first.took:.1f} s after it was scheduled")  # noqa: T201 (for whoever looks at it)
