"""The chart's hooks do their work in the image, as the pods that Jobs and Helm make."""

from collections.abc import Iterator

import pytest

from controlplane import Cluster, ControlPlaneError
from controlplane.choose import provide_local_cluster
from e2e.product import CREDENTIAL, SECRET, Product
from e2e.shop import Shop
from image.kubelet import Kubelet
from image.picture import Image
from installation.installation import RELEASE

pytestmark = pytest.mark.timeout(1200)

NAMESPACE = "rollout-reporter"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One where nobody has installed the chart yet."""
    with provide_local_cluster(argo=False) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def kubelet(cluster: Cluster, image: Image, tmp_path_factory: pytest.TempPathFactory) -> Kubelet:
    return Kubelet(cluster, NAMESPACE, image, tmp_path_factory.mktemp("kubelet"))


@pytest.fixture(scope="module")
def product(
    cluster: Cluster, kubelet: Kubelet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    product = Product(cluster, NAMESPACE, tmp_path_factory.mktemp("product"))
    try:
        kubelet.meanwhile(lambda: product.install_without_credential(**kubelet.values))
        yield product
    finally:
        product.close()


@pytest.fixture
def at_work(product: Product) -> Product:
    """The operator leads, and its JiraSite is ready."""
    product.create_secret(SECRET, **CREDENTIAL)
    product.recover()
    product.site_is("default", "True", "Ready")
    return product


def helm_test(product: Product) -> str:
    return product.cluster.helm("test", RELEASE, f"--namespace={product.namespace}", "--timeout=120s")


def test_the_first_installation_waits_for_its_kinds_and_then_makes_the_site(
    product: Product, kubelet: Kubelet
) -> None:
    assert kubelet.last("await-crds").code == 0
    found = product.kubectl("get", "jobs,jirasites", "--output=name")
    assert found == "jirasite.rollout-reporter.dev/default\n"


def test_helm_test_is_content_with_an_installation_that_works(at_work: Product, kubelet: Kubelet) -> None:
    printed = kubelet.meanwhile(lambda: helm_test(at_work))

    assert "Succeeded" in printed
    told = kubelet.last("doctor")
    assert told.code == 0
    assert [line for line in told.lines if line.startswith("✗")] == []
    assert any("knows the credential" in line for line in told.lines)


def test_helm_test_fails_with_a_wrong_credential_and_the_pod_tells_the_cure(
    at_work: Product, kubelet: Kubelet
) -> None:
    at_work.create_secret(SECRET, **CREDENTIAL | {"clientSecret": "wrong"})

    with pytest.raises(ControlPlaneError, match="pod rollout-reporter-doctor failed"):
        kubelet.meanwhile(lambda: helm_test(at_work))

    told = kubelet.last("doctor")
    assert told.code == 1
    [line] = [line for line in told.lines if line.startswith("✗ JiraSite default: token")]
    assert "does not accept the client id and secret" in line
    assert "→ In Jira: Settings → Apps → OAuth credentials" in line


def test_an_uninstallation_leaves_nothing_behind_nor_conditions_that_were_switched_off(
    at_work: Product, kubelet: Kubelet
) -> None:
    shop = Shop(at_work.cluster, "shop")
    shop.open()
    web = shop.deployment("SHOP-1")
    at_work.jira.until("SHOP-1", "successful")
    web.shows("True", "Successful")
    assert left(at_work, shop) != []
    at_work.operator.stop()
    at_work.install_without_credential(**kubelet.values, conditions__onWorkloads="false")
    assert web.condition()

    kubelet.meanwhile(at_work.installation.uninstall)

    told = kubelet.last("cleanup")
    assert told.code == 0
    assert f"removed the condition of shop/{web}" in told.lines
    web.set_image(shop.images.second)
    web.settle()
    assert web.condition() is None
    assert left(at_work, shop) == []


def left(product: Product, shop: Shop) -> list[str]:
    """What was made and is still there, but for the pod of `helm test`: that stays, for its log."""
    kinds = "deployments,services,configmaps,leases,jobs,roles,rolebindings,serviceaccounts,jirasites"
    own = product.kubectl("get", kinds, "--output=name").split()
    reports = shop.kubectl("get", "rolloutreports", "--output=name").split()
    return [*reports, *(each for each in own if "rollout-reporter" in each.split("/")[1])]
