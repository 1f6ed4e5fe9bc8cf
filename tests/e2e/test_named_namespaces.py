"""An operator that watches Namespaces by name, and lacks its rights in one of them."""

import json
from collections.abc import Iterator

import pytest

from controlplane import Cluster
from e2e.product import ProductApart
from e2e.shop import Shop
from e2e.workload import Object
from installation.installation import RELEASE

pytestmark = pytest.mark.timeout(180, func_only=True)


@pytest.fixture
def other(cluster: Cluster, apart: ProductApart) -> Iterator[Shop]:
    """A second Namespace to watch."""
    other = Shop(cluster, f"{apart.namespace}-other")
    other.open()
    yield other
    other.close()


def test_a_namespace_without_rights_keeps_no_other_one_from_being_watched_and_is_watched_once_it_has_them(
    apart: ProductApart, other: Shop, issue: str, other_issue: str
) -> None:
    apart.jira.start()
    watched = f"{{{apart.shop.namespace},{other.namespace}}}"
    apart.installation.install_for(
        apart.jira.url, watchNamespaces=watched, clusterName="apart", crds__enabled="false"
    )
    binding = taken_away(other, f"{RELEASE}-workloads-{apart.namespace}")
    apart.start()

    apart.shop.deployment(issue)
    apart.jira.until(issue, "successful")
    assert f"may not list deployments.apps in namespace {other.namespace}: give its Service" in apart.log()

    van = other.deployment(other_issue)
    other.kubectl("create", "--filename=-", stdin=json.dumps(binding))
    apart.jira.until(other_issue, "successful")
    van.shows("True", "Successful")
    assert apart.log().count("watching Deployment and Rollout") == 2


def taken_away(shop: Shop, name: str) -> Object:
    """The operator's rights in a Namespace, so that they can be put back."""
    found = json.loads(shop.kubectl("get", "rolebinding", name, "--output=json"))
    shop.kubectl("delete", "rolebinding", name)
    given = {each: found[each] for each in ("apiVersion", "kind", "roleRef", "subjects")}
    return given | {"metadata": {"name": name, "namespace": shop.namespace}}
