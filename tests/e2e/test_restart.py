"""An operator that is stopped, or killed, and started again: nothing is lost, nothing is said twice."""

import pytest

from e2e.product import Product
from e2e.shop import Shop
from e2e.workload import PREFIX, SECONDS, Workload
from installation.program import until
from installation.sandbox import Deployment

pytestmark = pytest.mark.timeout(120, func_only=True)


def test_a_stopped_operator_ends_well_and_hands_its_lease_over(product: Product) -> None:
    until(product.lease_holder, seconds=SECONDS, otherwise=product.log)

    code = product.operator.stop()

    assert code == 0
    assert product.lease_holder() == ""
    assert "Traceback" not in product.log()


def test_nothing_is_reported_twice_for_what_was_settled(
    shop: Shop, product: Product, issue: str, other_issue: str
) -> None:
    web, canary = shop.deployment(issue), shop.rollout(issue)
    product.jira.until(issue, "successful", "successful")
    web.shows("True", "Successful")
    canary.shows("True", "Successful")
    before = product.jira.history(issue)

    product.operator.stop()
    product.start()

    shop.deployment(other_issue, name="afterwards")
    product.jira.until(other_issue, "successful")
    web.set_image(shop.images.second)
    product.jira.until(issue, "successful", "successful", "successful")
    sent_since = product.jira.history(issue)[len(before) :]
    settled = {identity(each) for each in before}
    assert [each for each in sent_since if identity(each) in settled] == []


def test_what_is_shown_of_a_settled_workload_outlives_the_operator(
    shop: Shop, product: Product, issue: str, other_issue: str
) -> None:
    web = shop.deployment(issue).settle()
    shown = web.shows("True", "Successful", containing="environment type unmapped")
    written = web.report_version()

    product.operator.stop()
    product.start()

    afterwards = shop.deployment(other_issue, name="afterwards")
    afterwards.shows("True", "Successful")
    assert web.condition() == shown
    assert web.report_version() == written


def test_of_a_rollout_that_ended_while_nobody_looked_jira_does_not_claim_to_know_how(
    shop: Shop, product: Product, issue: str
) -> None:
    web = shop.deployment(issue).settle()
    product.jira.until(issue, "successful")
    web.set_image(shop.images.never_ready)
    product.jira.until(issue, "successful", "in_progress")
    product.operator.stop()
    web.set_image(shop.images.second)
    web.settle()

    product.start()

    _, left, new = product.jira.until(issue, "successful", "unknown", "successful")
    assert new["deploymentSequenceNumber"] == left["deploymentSequenceNumber"] + 1
    web.shows("True", "Successful", containing="revision 3")


def test_an_operator_that_is_killed_in_mid_rollout_goes_on_above_all_earlier_numbers(
    shop: Shop, product: Product, issue: str
) -> None:
    web = shop.deployment(issue).settle()
    product.jira.until(issue, "successful")
    web.set_image(shop.images.never_ready)
    product.jira.until(issue, "successful", "in_progress")

    product.operator.kill()
    web.exceed_its_deadline()
    highest = max(each["updateSequenceNumber"] for each in product.jira.history(issue))
    product.start()

    product.jira.until(issue, "successful", "failed", seconds=60)
    web.shows("True", "Failed", containing="progress deadline exceeded")
    last = product.jira.history(issue)[-1]
    assert last["state"] == "failed"
    assert last["updateSequenceNumber"] > highest


def test_a_rollout_that_succeeds_while_the_operator_is_down_is_reported_when_it_is_back(
    shop: Shop, product: Product, issue: str
) -> None:
    web = shop.deployment(issue).settle()
    product.jira.until(issue, "successful")
    web.shows("True", "Successful")
    product.operator.stop()
    web.set_image(shop.images.second)
    web.settle()

    product.start()

    first, second = product.jira.until(issue, "successful", "successful")
    assert second["deploymentSequenceNumber"] == first["deploymentSequenceNumber"] + 1
    web.shows("True", "Successful", containing="revision 2")


def roll_out(web: Workload, image: str) -> None:
    """From one version to the end of the next."""
    before = web.revision()
    web.set_image(image)
    until(lambda: web.revision() > before, seconds=SECONDS, otherwise=lambda: str(web.get()))
    web.settle()


@pytest.mark.parametrize("kind", ["deployment", "rollout"])
def test_ways_back_and_forth_while_the_operator_is_down_are_told_in_their_order(
    shop: Shop, product: Product, issue: str, kind: str
) -> None:
    web = shop.deployment(issue) if kind == "deployment" else shop.rollout(issue, steps=[{"setWeight": 50}])
    web.settle()
    product.jira.until(issue, "successful")
    keys = {"metadata": {"annotations": {f"{PREFIX}/issue-keys": issue}}}
    web.patch({"spec": {"template": keys}})
    product.jira.until(issue, "successful", "successful")
    web.shows("True", "Successful", containing="revision 2")
    product.operator.stop()
    for image in (shop.images.second, shop.images.first, shop.images.second):
        roll_out(web, image)

    product.start()

    product.jira.until(issue, "successful", "successful", "unknown", "rolled_back", "successful")
    web.shows("True", "Successful", containing="revision 5")


def test_a_workload_that_is_deleted_while_the_operator_is_down_is_closed_at_its_start(
    shop: Shop, product: Product, issue: str
) -> None:
    web = shop.deployment(issue, image=shop.images.never_ready)
    product.jira.until(issue, "in_progress")
    web.shows("True", "InProgress")
    product.operator.stop()
    web.delete()

    product.start()

    [cancelled] = product.jira.until(issue, "cancelled")
    assert "deleted" in cancelled["description"]
    web.report_is_gone()


def test_what_waits_for_a_jira_that_hangs_outlives_a_stop_and_the_end_of_its_namespace(
    shop: Shop, product: Product, issue: str
) -> None:
    web = shop.deployment(issue).settle()
    product.jira.until(issue, "successful")
    web.shows("True", "Successful")
    product.jira.control("POST", "/sandbox/faults", {"operation": "bulk", "kind": "hang", "times": None})
    web.set_image(shop.images.second)
    web.settle()
    product.operator.stop()
    shop.close(wait=True)
    product.jira.control("DELETE", "/sandbox/faults")

    product.start()

    product.jira.until(issue, "successful", "successful")


def identity(deployment: Deployment) -> tuple[str, int]:
    return deployment["pipeline"]["id"], deployment["deploymentSequenceNumber"]
