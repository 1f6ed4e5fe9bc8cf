"""The chart grants what the operator uses and nothing else, and the operator misses each right of it."""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane import Cluster
from e2e.observed import ObservedProduct, observed_product
from e2e.product import Product
from e2e.rights import Right
from e2e.workload import PREFIX, Workload

pytestmark = pytest.mark.timeout(300, func_only=True)

NUMBERS = itertools.count(1)

APPS, ARGO = "apps", "argoproj.io"
EVENTS, LEASES = "events.k8s.io", "coordination.k8s.io"
TO_SELECT = Right("list", "namespaces")
"""Needed only where Namespaces are selected by their labels."""


@pytest.fixture(scope="module")
def observed(
    cluster: Cluster,
    installed: Product,  # noqa: ARG001 (CRDs)
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ObservedProduct]:
    """Selects the Namespaces that it watches, so that it makes use of all that is ever granted."""
    with observed_product(cluster, tmp_path_factory.mktemp("observed"), selects=True) as product:
        yield product


@pytest.fixture
def observed_by_name(
    cluster: Cluster,
    installed: Product,  # noqa: ARG001 (CRDs)
    tmp_path: Path,
) -> Iterator[ObservedProduct]:
    """Watches one Namespace, without any right in the cluster."""
    with observed_product(cluster, tmp_path, selects=False) as product:
        yield product


# What happens, in all its variety.


def the_operator_starts(product: ObservedProduct) -> None:
    product.operator.stop()
    product.operator.start()


def a_deployment_is_new(product: ObservedProduct) -> None:
    deployment(product, "SHOP-1")


def a_rollout_is_new(product: ObservedProduct) -> None:
    product.shop.rollout("SHOP-1", name=fresh("canary"))


def a_rollout_has_the_template_of_a_deployment(product: ObservedProduct) -> None:
    web = deployment(product, "", spec={"replicas": 0})
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": web.name}
    product.shop.rollout(
        "SHOP-1", name=fresh("front"), spec={"workloadRef": reference, "strategy": {"canary": {}}}
    )


def pods_do_not_become_ready(product: ObservedProduct) -> None:
    deployment(product, "SHOP-1", image=product.shop.images.never_ready, deadline=2)


def the_same_happens_again(product: ObservedProduct) -> None:
    web = deployment(product, "no-key")
    web.shows("False", "InvalidIssueKeys")
    web.annotate("SHOP-1", site="nowhere")
    web.shows("False", "SiteNotFound")
    web.annotate("no-key")


def a_deployment_is_deleted(product: ObservedProduct) -> None:
    web = deployment(product, "SHOP-1")
    web.shows("True", "Successful")
    web.delete()


def a_namesake_has_left_its_record(product: ObservedProduct) -> None:
    name = fresh("web")
    record = {
        "apiVersion": f"{PREFIX}/v1alpha1",
        "kind": "RolloutReport",
        "metadata": {"name": f"deployment-{name}"},
        "spec": {
            "workload": {"kind": "Deployment", "name": name, "uid": "of-the-namesake"},
            "installation": product.namespace,
        },
    }
    product.shop.kubectl("create", "--filename=-", stdin=json.dumps(record))
    product.shop.deployment("SHOP-1", name=name)


def the_status_of_a_site_is_lost(product: ObservedProduct) -> None:
    where = ["jirasite/default", "--subresource=status", "--type=merge"]
    product.kubectl("patch", *where, '--patch={"status": null}')


def the_lease_is_lost(product: ObservedProduct) -> None:
    product.kubectl("delete", "lease/rollout-reporter", "--ignore-not-found")


def the_journal_is_lost(product: ObservedProduct) -> None:
    product.kubectl("delete", "configmap/rollout-reporter-journal-0", "--ignore-not-found")
    deployment(product, "SHOP-1")


def all_is_cleaned_up(product: ObservedProduct) -> None:
    product.clean_up()


def time_passes(product: ObservedProduct) -> None:
    """The Lease is renewed, and Secrets are read again."""


def fresh(name: str) -> str:
    return f"{name}-{next(NUMBERS)}"


def deployment(product: ObservedProduct, issues: str, **options: Any) -> Workload:
    return product.shop.deployment(issues, name=fresh("web"), **options)


NEEDS: dict[Callable[[ObservedProduct], None], tuple[Right, ...]] = {
    the_operator_starts: (
        Right("list", "deployments", APPS),
        Right("watch", "deployments", APPS),
        Right("list", "rollouts", ARGO),
        Right("watch", "rollouts", ARGO),
        TO_SELECT,
        Right("list", "rolloutreports", PREFIX),
        Right("list", "jirasites", PREFIX),
        Right("list", "configmaps"),
    ),
    time_passes: (
        Right("update", "leases", LEASES),
        Right("get", "secrets"),
    ),
    a_deployment_is_new: (
        Right("list", "replicasets", APPS),
        Right("get", "namespaces"),
        Right("patch", "deployments/status", APPS),
        Right("create", "rolloutreports", PREFIX),
        Right("update", "rolloutreports/status", PREFIX),
        Right("create", "events", EVENTS),
        Right("update", "configmaps"),
    ),
    a_rollout_is_new: (
        Right("get", "rollouts", ARGO),
        Right("patch", "rollouts/status", ARGO),
    ),
    a_rollout_has_the_template_of_a_deployment: (Right("get", "deployments", APPS),),
    pods_do_not_become_ready: (Right("list", "pods"),),
    the_same_happens_again: (Right("patch", "events", EVENTS),),
    a_deployment_is_deleted: (Right("delete", "rolloutreports", PREFIX),),
    a_namesake_has_left_its_record: (
        Right("get", "rolloutreports", PREFIX),
        Right("update", "rolloutreports", PREFIX),
    ),
    the_status_of_a_site_is_lost: (Right("patch", "jirasites/status", PREFIX),),
    the_lease_is_lost: (
        Right("get", "leases", LEASES),
        Right("create", "leases", LEASES),
    ),
    the_journal_is_lost: (Right("create", "configmaps"),),
    all_is_cleaned_up: (
        Right("delete", "configmaps"),
        Right("delete", "leases", LEASES),
    ),
}


def test_all_that_is_granted_is_used_and_nothing_else_is_asked_for(observed: ObservedProduct) -> None:
    assert_all_is_used(observed)


def test_the_same_without_any_right_in_the_cluster(observed_by_name: ObservedProduct) -> None:
    assert_all_is_used(observed_by_name, TO_SELECT)


def assert_all_is_used(product: ObservedProduct, *spared: Right) -> None:
    granted = product.grants().rights()
    for happens, rights in NEEDS.items():
        since = product.requests
        happens(product)
        product.asks_for(set(rights) - set(spared), since=since)

    assert named(granted - product.used()) == []
    assert named(product.refused()) == []


def test_of_each_right_something_here_tells_what_it_is_for(observed: ObservedProduct) -> None:
    known = {right for rights in NEEDS.values() for right in rights}

    assert named(observed.grants().rights()) == named(known)


def named(rights: Iterable[Right]) -> list[str]:
    return sorted(map(str, rights))


@pytest.mark.parametrize(
    ("happens", "right"),
    [pytest.param(each, right, id=str(right)) for each, rights in NEEDS.items() for right in rights],
)
def test_it_is_missed(
    observed: ObservedProduct, happens: Callable[[ObservedProduct], None], right: Right
) -> None:
    with observed.grants().without(right):
        happens(observed)
        observed.misses(right)


def test_a_template_is_told_by_its_rollout_alone_though_that_may_not_be_read_for_a_while(
    observed: ObservedProduct, issue: str
) -> None:
    """The rights come back before the watch is cut, so that it has nothing new."""
    name, right = fresh("web"), Right("get", "rollouts", ARGO)
    template = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "scaleDown": "never"}
    with observed.grants().without(right):
        front = observed.shop.rollout(
            name=fresh("front"), spec={"workloadRef": template, "strategy": {"canary": {}}}
        )
        web = observed.shop.deployment(issue, name=name)
        observed.gives_up(right)

    front.shows("True", "Successful")
    web.shows_nothing()
    assert [each["pipeline"]["displayName"] for each in observed.jira.deployments(issue)] == [front.name]
