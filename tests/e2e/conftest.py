"""One cluster for all, with one product on it; tests that break things get a product of their own."""

import itertools
import secrets
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from controlplane import Cluster, provide_cluster, provide_local_cluster
from e2e.helm import NAMESPACE, Helm
from e2e.product import Product, ProductApart
from e2e.shop import Shop
from installation import RunningSandbox

_RUN = secrets.token_hex(2)
_NUMBERS = itertools.count(1)
_LOG_TAIL = 12_000


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    _say(pytestconfig, "starting a cluster with Argo Rollouts …")
    with provide_cluster() as started:
        yield started


@pytest.fixture(scope="session")
def installed(
    cluster: Cluster, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    _say(pytestconfig, "installing the chart, and starting sandbox and operator …")
    product = Product(cluster, "rollout-reporter", tmp_path_factory.mktemp("product"))
    try:
        product.jira.start()
        product.install(excludeNamespaces="{apart-*}", rbac__secretNames="{typo}")
        product.start()
        yield product
    finally:
        product.close()


@pytest.fixture
def product(installed: Product) -> Product:
    """The product that watches the whole cluster, running, with a Jira that makes no trouble."""
    installed.recover()
    return installed


@pytest.fixture
def jira(product: Product) -> RunningSandbox:
    return product.jira


@pytest.fixture
def shop(product: Product) -> Iterator[Shop]:
    opened = Shop(product.cluster, f"shop-{_RUN}-{next(_NUMBERS)}")
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def apart(cluster: Cluster, installed: Product, tmp_path: Path) -> Iterator[ProductApart]:  # noqa: ARG001 (CRDs)
    """A product that nobody has installed or started yet; CRDs are there."""
    apart = ProductApart(cluster, f"apart-{_RUN}-{next(_NUMBERS)}", tmp_path)
    apart.shop.open()
    try:
        yield apart
    finally:
        apart.close()


@pytest.fixture(scope="module")
def fresh() -> Iterator[Cluster]:
    """A cluster where nobody has seen the chart yet."""
    with provide_local_cluster(argo=False) as cluster:
        yield cluster


@pytest.fixture(params=["helm", "helm3"])
def helm(fresh: Cluster, request: pytest.FixtureRequest) -> Iterator[Helm]:
    """Helm, a Namespace that takes no pod but restricted ones, and a cluster without CRDs."""
    namespace = Shop(fresh, NAMESPACE)
    namespace.open(**{"pod-security.kubernetes.io/enforce": "restricted"})
    yield Helm(fresh, NAMESPACE, program=request.param)
    namespace.close(wait=True)
    fresh.kubectl(
        "delete", "crd", "--selector=app.kubernetes.io/part-of=rollout-reporter", "--ignore-not-found"
    )


@pytest.fixture
def issue() -> str:
    """An issue that no other test names."""
    return f"SHOP-{next(_NUMBERS)}"


@pytest.fixture
def other_issue() -> str:
    return f"SHOP-{next(_NUMBERS)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell of a failure what a person would ask next."""
    report = yield
    if report.failed and report.when == "call" and isinstance(item, pytest.Function):
        for product in {id(p): p for p in item.funcargs.values() if isinstance(p, Product)}.values():
            shops = [each for each in item.funcargs.values() if isinstance(each, Shop)]
            if isinstance(product, ProductApart):
                shops = [product.shop]
            namespaces = [product.namespace, *(each.namespace for each in shops)]
            report.sections.append((f"operator of {product.namespace}", product.log()[-_LOG_TAIL:]))
            report.sections.append((f"objects in {', '.join(namespaces)}", product.described(namespaces)))
    return report


def _say(config: pytest.Config, text: str) -> None:
    """People see why it takes a moment."""
    capture = config.pluginmanager.getplugin("capturemanager")
    reporter = config.pluginmanager.getplugin("terminalreporter")
    assert capture is not None
    assert reporter is not None
    with capture.global_and_fixture_disabled():
        reporter.write_line(f"\n{text}")
