"""What the product is for: Jira shows the truth about every rollout."""

from typing import Any

import pytest

from e2e.product import Product
from e2e.shop import Shop
from e2e.workload import HELD_BACK, REPORTED, SECONDS, Workload
from installation import RunningSandbox
from installation.program import until

pytestmark = pytest.mark.timeout(120, func_only=True)

Deployment = dict[str, Any]


def test_a_settled_deployment_is_annotated_and_jira_gets_its_present_state(
    shop: Shop, jira: RunningSandbox, issue: str
) -> None:
    web = shop.deployment(environment="production").settle()

    web.annotate(issue)

    [deployment] = jira.until(issue, "successful")
    assert deployment["pipeline"]["displayName"] == "web"
    assert shop.namespace in deployment["pipeline"]["id"]
    assert deployment["environment"] == {
        "id": "production",
        "displayName": "production",
        "type": "production",
    }
    assert deployment["url"] == f"{jira.url}/browse/{issue}"
    assert "revision 1" in deployment["description"]
    condition = web.shows("True", "Successful")
    assert condition.message.startswith(f"revision 1 successful in production for {issue}")


def test_a_new_image_is_followed_until_it_is_successful(shop: Shop, jira: RunningSandbox, issue: str) -> None:
    web = shop.deployment(issue).settle()
    jira.until(issue, "successful")

    roll_out_slowly(web, shop.images.second, jira, issue)

    first, second = jira.until(issue, "successful", "successful")
    assert states_of(second, jira, issue) == ["in_progress", "successful"]
    assert number(second) == number(first) + 1
    assert second["pipeline"] == first["pipeline"]
    assert second["environment"] == first["environment"]
    assert_update_numbers_grow(jira, issue)
    web.shows("True", "Successful", containing="revision 2")


def test_a_deployment_that_is_born_annotated_is_followed_from_its_beginning(
    shop: Shop, jira: RunningSandbox, issue: str, other_issue: str
) -> None:
    web = shop.deployment(f"{issue}, {other_issue.lower()}", ready_for=HELD_BACK)
    jira.until(issue, "in_progress")
    web.let_go()

    [deployment] = jira.until(other_issue, "successful")

    assert states_of(deployment, jira, issue) == ["in_progress", "successful"]


def test_kubectl_can_wait_until_jira_knows(shop: Shop, jira: RunningSandbox, issue: str) -> None:
    web = shop.deployment().settle()
    web.annotate(issue)

    web.wait(f"condition={REPORTED}")

    assert jira.states(issue) == ["successful"]


def test_kubectl_prints_what_people_want_to_know(
    shop: Shop, jira: RunningSandbox, issue: str, other_issue: str
) -> None:
    web = shop.deployment(f"{issue} {other_issue}", environment="staging").settle()
    jira.until(issue, "successful")
    web.shows("True", "Successful")

    line = web.printed()

    assert line.pop("AGE").endswith("s")
    assert line == {
        "NAME": "deployment-web",
        "WORKLOAD": "deployment/web",
        "ISSUES": f"{issue}, {other_issue}",
        "ENVIRONMENT": "staging",
        "REVISION": "1",
        "STATE": "successful",
        "REPORTED": "True",
        "REASON": "Successful",
    }
    assert "rolloutreport.rollout-reporter.dev/deployment-web" in web.kubectl(
        "get", "rollout-reporter", "--output=name"
    )


def test_kubectl_prints_whether_a_site_is_ready(product: Product) -> None:
    product.site_is("default", "True", "Ready")

    heading, line = product.kubectl("get", "jirasites", "default").splitlines()

    assert heading.split() == ["NAME", "READY", "REASON", "CLOUD-ID", "AGE"]
    cloud_id = product.jira.state()["config"]["cloudId"]
    assert line.split()[:4] == ["default", "True", "Ready", cloud_id]


def test_transitions_are_told_as_events(shop: Shop, jira: RunningSandbox, issue: str) -> None:
    web = shop.deployment(issue, ready_for=HELD_BACK)
    web.tells("Normal", "ReportedInProgress", containing=issue)
    web.let_go()
    jira.until(issue, "successful")

    web.tells("Normal", "ReportedSuccessful", containing=issue)
    assert [reason for _, reason, _ in web.events()] == ["ReportedInProgress", "ReportedSuccessful"]


@pytest.mark.parametrize("kind", ["deployment", "rollout"])
def test_nothing_of_a_workload_is_touched_but_our_condition(
    shop: Shop, jira: RunningSandbox, issue: str, kind: str
) -> None:
    workload = (shop.deployment() if kind == "deployment" else shop.rollout()).settle()

    before = workload.annotate(issue)
    jira.until(issue, "successful")
    workload.shows("True", "Successful")

    after = workload.get()
    assert after["metadata"]["annotations"] == before["metadata"]["annotations"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert after["spec"] == before["spec"]
    assert "finalizers" not in after["metadata"]
    assert others(after["status"]["conditions"]) == others(before["status"]["conditions"])
    assert without_conditions(after["status"]) == without_conditions(before["status"])


def test_of_a_deployment_we_own_our_condition_alone(shop: Shop, issue: str) -> None:
    web = shop.deployment(issue).settle()
    web.shows("True", "Successful")

    ours = [each for each in web.get()["metadata"]["managedFields"] if each["manager"] == "rollout-reporter"]

    assert [(each["operation"], each["subresource"]) for each in ours] == [("Apply", "status")]
    assert list(ours[0]["fieldsV1"]) == ["f:status"]
    assert list(ours[0]["fieldsV1"]["f:status"]) == ["f:conditions"]
    owned = ours[0]["fieldsV1"]["f:status"]["f:conditions"]
    assert list(owned) == [f'k:{{"type":"{REPORTED}"}}']


def test_a_rollout_that_exceeds_its_deadline_has_failed(shop: Shop, jira: RunningSandbox, issue: str) -> None:
    web = shop.deployment(issue).settle()
    jira.until(issue, "successful")
    web.set_image(shop.images.never_ready)
    jira.until(issue, "successful", "in_progress")

    web.exceed_its_deadline()

    _, failed = jira.until(issue, "successful", "failed")
    assert "progress deadline exceeded" in failed["description"]
    condition = web.shows("True", "Failed")
    assert "revision 2 failed" in condition.message
    assert "progress deadline exceeded" in condition.message
    web.tells("Normal", "ReportedFailed", containing="progress deadline exceeded")


def test_a_failed_rollout_stays_failed_when_a_newer_version_replaces_it(
    shop: Shop, jira: RunningSandbox, issue: str
) -> None:
    web = shop.deployment(issue, image=shop.images.never_ready, deadline=2)
    jira.until(issue, "failed")

    web.set_image(shop.images.second)

    jira.until(issue, "failed", "successful")


def test_a_rollout_is_rolled_back(shop: Shop, jira: RunningSandbox, issue: str) -> None:
    web = shop.deployment(issue).settle()
    jira.until(issue, "successful")
    web.set_image(shop.images.never_ready)
    jira.until(issue, "successful", "in_progress")

    web.kubectl("rollout", "undo", str(web))

    jira.until(issue, "successful", "rolled_back", "successful")


def test_a_restart_is_no_release(shop: Shop, jira: RunningSandbox, issue: str) -> None:
    web = shop.deployment(issue).settle()
    jira.until(issue, "successful")

    web.kubectl("rollout", "restart", str(web))
    web.settle()
    web.shows("True", "Successful", containing="revision 2")

    assert jira.states(issue) == ["successful"]


def test_a_superseded_rollout_is_cancelled_before_the_new_one_is_reported(
    shop: Shop, jira: RunningSandbox, issue: str
) -> None:
    web = shop.deployment(issue).settle()
    jira.until(issue, "successful")
    web.set_image(shop.images.never_ready)
    jira.until(issue, "successful", "in_progress")

    roll_out_slowly(web, shop.images.second, jira, issue)

    _, cancelled, new = jira.until(issue, "successful", "cancelled", "successful")
    assert "superseded by revision 3" in cancelled["description"]
    assert number(new) == number(cancelled) + 1
    assert states_of(cancelled, jira, issue) == ["in_progress", "cancelled"]
    assert states_of(new, jira, issue) == ["in_progress", "successful"]
    assert_update_numbers_grow(jira, issue)


def test_a_canary_that_is_aborted_has_failed_and_succeeds_when_it_is_tried_again(
    shop: Shop, jira: RunningSandbox, issue: str
) -> None:
    canary = shop.rollout(issue).settle()
    [first] = jira.until(issue, "successful")

    canary.set_image(shop.images.second)
    paused_at_a_step(canary)
    _, second = jira.until(issue, "successful", "in_progress")
    assert number(second) == number(first) + 1
    canary.shows("True", "InProgress", containing="paused at step 2 of 2")

    set_status(canary, '{"status": {"abort": true}}')
    _, failed = jira.until(issue, "successful", "failed")
    assert "aborted" in failed["description"]
    canary.shows("True", "Failed", containing="aborted")

    set_status(canary, '{"status": {"abort": false}}')
    jira.until(issue, "successful", "in_progress")
    paused_at_a_step(canary)
    set_status(canary, '{"status": {"pauseConditions": null}}')
    _, successful = jira.until(issue, "successful", "successful")

    assert number(successful) == number(failed) == number(second)
    assert states_of(successful, jira, issue) == ["in_progress", "failed", "in_progress", "successful"]
    assert_update_numbers_grow(jira, issue)
    canary.shows("True", "Successful", containing="revision 2")


def test_a_workload_that_is_deleted_in_mid_rollout_is_closed_as_cancelled(
    shop: Shop, jira: RunningSandbox, issue: str
) -> None:
    web = shop.deployment(issue).settle()
    jira.until(issue, "successful")
    web.set_image(shop.images.never_ready)
    jira.until(issue, "successful", "in_progress")

    web.delete()

    _, cancelled = jira.until(issue, "successful", "cancelled")
    assert "deleted" in cancelled["description"]
    web.report_is_gone()


def test_a_namespace_that_is_deleted_in_mid_rollout_is_closed_as_cancelled(
    shop: Shop, jira: RunningSandbox, issue: str
) -> None:
    shop.deployment(issue, image=shop.images.never_ready)
    jira.until(issue, "in_progress")

    shop.close()

    jira.until(issue, "cancelled")


def test_a_workload_whose_issues_are_removed_in_mid_rollout_is_closed_as_cancelled(
    shop: Shop, jira: RunningSandbox, issue: str
) -> None:
    web = shop.deployment(issue).settle()
    jira.until(issue, "successful")
    web.set_image(shop.images.never_ready)
    jira.until(issue, "successful", "in_progress")

    web.forget_its_issues()

    _, cancelled = jira.until(issue, "successful", "cancelled")
    assert "issue keys were removed" in cancelled["description"]
    web.shows_nothing()


def roll_out_slowly(web: Workload, image: str, jira: RunningSandbox, issue: str) -> None:
    """Set an image, and let the rollout end once Jira has heard that it is under way."""
    told = len(jira.history(issue))
    web.hold_back()
    web.set_image(image)
    until(
        lambda: "in_progress" in [each["state"] for each in jira.history(issue)[told:]],
        seconds=SECONDS,
        otherwise=lambda: f"{issue} is {jira.states(issue)}",
    )
    web.let_go()


def number(deployment: Deployment) -> int:
    found: int = deployment["deploymentSequenceNumber"]
    return found


def states_of(deployment: Deployment, jira: RunningSandbox, issue: str) -> list[str]:
    """The states that a Jira deployment went through; a changed description alone is none.

    It may have been pending before, on a machine so busy that controllers let a rollout wait.
    """
    states = [each["state"] for each in jira.history(issue) if number(each) == number(deployment)]
    changes = [state for i, state in enumerate(states) if i == 0 or state != states[i - 1]]
    return changes[1:] if changes[0] == "pending" else changes


def assert_update_numbers_grow(jira: RunningSandbox, issue: str) -> None:
    numbers = [each["updateSequenceNumber"] for each in jira.history(issue)]
    assert numbers == sorted(set(numbers))


def paused_at_a_step(canary: Workload) -> None:
    canary.wait("jsonpath={.status.pauseConditions[0].reason}=CanaryPauseStep", SECONDS)


def set_status(canary: Workload, change: str) -> None:
    """What `kubectl argo rollouts abort`, `retry` and `promote` do."""
    canary.kubectl("patch", str(canary), "--subresource=status", "--type=merge", f"--patch={change}")


def others(conditions: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["type"]: each for each in conditions if each["type"] != REPORTED}


def without_conditions(status: dict[str, Any]) -> dict[str, Any]:
    """`observedGeneration` of a Rollout counts annotations too."""
    return {name: value for name, value in status.items() if name not in {"conditions", "observedGeneration"}}
