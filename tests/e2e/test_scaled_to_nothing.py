"""A controller calls complete whatever has no replicas, and does not take it back: nothing of it has run."""

import pytest

from e2e.product import Product
from e2e.shop import Shop
from e2e.workload import Workload

pytestmark = pytest.mark.timeout(180, func_only=True)


@pytest.fixture(params=["deployment", "rollout"])
def unready(shop: Shop, product: Product, issue: str, request: pytest.FixtureRequest) -> Workload:
    """Its second version never becomes ready, was scaled to nothing, and up again."""
    if request.param == "deployment":
        workload = shop.deployment(issue)
    else:
        workload = shop.rollout(issue, steps=[{"setWeight": 100}])
    product.jira.until(issue, "successful")
    workload.set_image(shop.images.never_ready)
    product.jira.until(issue, "successful", "in_progress")
    workload.scale(0)
    product.jira.until(issue, "successful", "cancelled")
    workload.scale(2)
    return workload


def test_scaled_up_it_is_under_way_and_no_success(unready: Workload, product: Product, issue: str) -> None:
    product.jira.until(issue, "successful", "in_progress")
    unready.shows("True", "InProgress", containing="0 of 2 new pods")


def test_nor_does_the_next_version_make_it_one(
    unready: Workload, shop: Shop, product: Product, issue: str
) -> None:
    product.jira.until(issue, "successful", "in_progress")
    unready.set_image(shop.images.second)

    product.jira.until(issue, "successful", "cancelled", "successful")


def test_the_next_leader_knows_it_too(unready: Workload, shop: Shop, product: Product, issue: str) -> None:
    product.operator.stop()
    product.start()
    product.jira.until(issue, "successful", "in_progress")
    unready.set_image(shop.images.third)

    product.jira.until(issue, "successful", "cancelled", "successful")
