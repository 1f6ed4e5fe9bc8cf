"""What goes wrong ends in a condition, an Event or a clear message, and heals when its cause is gone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from controlplane import Cluster, provide_cluster
from e2e.product import CREDENTIAL, SECRET, Product, ProductApart
from e2e.rights import assert_never_forbidden
from e2e.shop import Shop
from e2e.workload import SECONDS, Workload
from installation import RunningSandbox
from installation.installation import CHART
from installation.program import until
from rollout_reporter.core.entry import RECHECK_FIRST

pytestmark = pytest.mark.timeout(240, func_only=True)

LATER = 90
"""After a while without an answer it may take a minute until the next attempt."""


def test_words_that_are_no_issue_keys_are_refused(shop: Shop, jira: RunningSandbox, issue: str) -> None:
    web = shop.deployment("see the board, 41").settle()

    condition = web.shows("False", "InvalidIssueKeys")
    assert "see, the, board, 41" in condition.message
    assert "SHOP-41" in condition.message
    web.tells("Warning", "InvalidIssueKeys", containing="board")

    web.annotate(issue)
    jira.until(issue, "successful")
    web.shows("True", "Successful")


def test_a_word_that_is_no_issue_key_does_not_hinder_the_others(
    shop: Shop, jira: RunningSandbox, issue: str
) -> None:
    web = shop.deployment(f"oops {issue}").settle()

    jira.until(issue, "successful")
    web.shows("True", "Successful", containing="not an issue key: oops")


def test_an_issue_that_jira_does_not_know_is_named_and_does_not_hinder_the_others(
    shop: Shop, jira: RunningSandbox, issue: str, other_issue: str
) -> None:
    jira.control("PUT", "/sandbox/config", {"unknownKeys": [other_issue]})

    web = shop.deployment(f"{issue} {other_issue}").settle()

    jira.until(issue, "successful")
    assert jira.states(other_issue) == []
    web.shows("True", "Successful", containing=f"Jira does not know {other_issue}")
    web.kubectl(
        "wait", "--for=condition=IssuesKnown=false", "rolloutreport/deployment-web", f"--timeout={SECONDS}s"
    )


def test_a_deployment_whose_issues_are_all_unknown_is_reported_once_its_keys_are_corrected(
    shop: Shop, jira: RunningSandbox, issue: str
) -> None:
    jira.control("PUT", "/sandbox/config", {"projects": ["SHOP"]})
    web = shop.deployment("SHIP-1").settle()
    condition = web.shows("False", "UnknownIssueKeys")
    assert "SHIP-1" in condition.message
    web.tells("Warning", "UnknownIssueKeys", containing="SHIP-1")

    web.annotate(issue)
    web.set_image(shop.images.second)

    [deployment] = jira.until(issue, "successful")
    assert "revision 2" in deployment["description"]
    web.shows("True", "Successful", containing="revision 2")
    assert jira.states("SHIP-1") == []


def test_what_jira_refused_is_not_sent_again_and_again(
    shop: Shop, product: Product, issue: str, other_issue: str
) -> None:
    product.jira.control("PUT", "/sandbox/config", {"unknownKeys": [issue]})
    web = shop.deployment(issue).settle()
    web.shows("False", "UnknownIssueKeys", containing="successful")
    refused = product.requests_about(issue)

    web.kubectl("scale", str(web), "--replicas=3")
    web.settle()
    shop.deployment(other_issue, name="next").settle()
    product.jira.until(other_issue, "successful")

    again = product.requests_about(issue)[len(refused) :]
    assert all(moment(each) - moment(refused[-1]) >= RECHECK_FIRST for each in again)


def test_a_site_that_does_not_exist_is_named_and_may_come_later(
    shop: Shop, product: Product, issue: str
) -> None:
    web = shop.deployment(issue, site="nowhere").settle()
    web.shows("False", "SiteNotFound", containing="'nowhere'")
    web.tells("Warning", "SiteNotFound", containing="'nowhere'")

    product.create_site("nowhere")

    product.site_is("nowhere", "True", "Ready")
    product.jira.until(issue, "successful")
    web.shows("True", "Successful")
    product.kubectl("delete", "jirasite/nowhere")


@pytest.mark.parametrize("kind", ["deployment", "rollout"])
def test_versions_that_roll_out_before_their_site_is_there_are_told_in_their_order(
    shop: Shop, product: Product, issue: str, kind: str
) -> None:
    web = shop.deployment(issue) if kind == "deployment" else shop.rollout(issue, steps=[{"setWeight": 50}])
    late = f"late-{kind}"
    web.settle()
    product.jira.until(issue, "successful")
    web.annotate(issue, site=late)
    web.set_image(shop.images.second)
    web.shows("False", "SiteNotFound", containing=f"'{late}'")
    web.settle()
    web.set_image(shop.images.never_ready)
    until(lambda: web.revision() == 3, seconds=SECONDS, otherwise=product.log)
    until_it_is_looked_at(product, web)
    web.set_image(shop.images.third)
    web.settle()

    product.create_site(late)

    told = product.jira.until(issue, "successful", "successful", "cancelled", "successful")
    numbers = [each["deploymentSequenceNumber"] for each in told]
    assert numbers == sorted(set(numbers))
    web.shows("True", "Successful", containing="revision 4")
    product.kubectl("delete", f"jirasite/{late}")


def until_it_is_looked_at(product: Product, web: Workload) -> None:
    """Wait until the operator has seen a workload as it is: of changes that come fast it sees the last."""

    def looks() -> float:
        return product.operator.metric("workqueue_work_duration_seconds_count", name="workloads") or 0

    before = looks()
    web.kubectl("annotate", str(web), f"example.com/after={before:.0f}")
    until(lambda: looks() > before, seconds=SECONDS, otherwise=product.log)


def test_a_wrong_credential_is_shown_and_taken_up_once_it_is_corrected(
    shop: Shop, product: Product, issue: str
) -> None:
    product.create_secret("typo", clientId="demo", clientSecret="demo-secert")
    product.create_site("typo", secret="typo")
    product.site_is("typo", "False", "Unauthorized")
    web = shop.deployment(issue, site="typo").settle()
    web.shows("False", "Unauthorized")
    web.tells("Warning", "Unauthorized")
    assert "demo-secert" not in product.log()

    product.create_secret("typo", **CREDENTIAL)

    product.site_is("typo", "True", "Ready")
    product.jira.until(issue, "successful")
    web.shows("True", "Successful")
    product.kubectl("delete", "jirasite/typo", "secret/typo")


def test_a_secret_may_come_later(apart: ProductApart, issue: str) -> None:
    apart.jira.start()
    apart.install_without_credential()
    apart.start()
    web = apart.shop.deployment(issue).settle()
    message = apart.site_is("default", "False", "Unauthorized")
    assert f"there is no Secret '{SECRET}'" in message
    web.shows("False", "Unauthorized", containing=SECRET)

    apart.create_secret(SECRET, **CREDENTIAL)

    apart.site_is("default", "True", "Ready")
    apart.jira.until(issue, "successful")
    web.shows("True", "Successful")
    assert_never_forbidden(apart)


def test_jira_may_be_down_when_the_operator_starts(apart: ProductApart, issue: str) -> None:
    apart.install()
    apart.start()
    web = apart.shop.deployment(issue).settle()
    web.shows("False", "JiraUnavailable", containing="next attempt at")
    apart.site_is("default", "False", "JiraUnavailable")

    apart.jira.start()

    apart.jira.until(issue, "successful", seconds=LATER)
    web.shows("True", "Successful")
    apart.site_is("default", "True", "Ready")
    assert_never_forbidden(apart)


def test_jira_is_left_alone_for_as_long_as_it_asks(shop: Shop, product: Product, issue: str) -> None:
    wait = timedelta(seconds=4)
    seconds = int(wait.total_seconds())
    fault = {"operation": "bulk", "kind": "429", "times": None, "retryAfter": seconds, "matching": issue}
    product.jira.control("POST", "/sandbox/faults", fault)

    web = shop.deployment(issue)
    web.shows("False", "RateLimited", containing="next attempt at")
    web.tells("Warning", "RateLimited")

    product.jira.control("DELETE", "/sandbox/faults")
    product.jira.until(issue, "successful", seconds=LATER)
    web.shows("True", "Successful")
    requests = product.jira.requests()
    refused = [i for i, each in enumerate(requests) if each["fault"] == "429"]
    next_ones = [(requests[i], requests[i + 1]) for i in refused]
    assert next_ones
    assert all(moment(after) >= moment(before) + wait for before, after in next_ones)


def moment(request: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(request["time"])


@pytest.mark.parametrize("kind", ["404", "500"])
def test_one_that_is_refused_on_the_way_keeps_no_other_from_jira(
    shop: Shop, product: Product, issue: str, other_issue: str, kind: str
) -> None:
    """A gateway may have a rule on a text or a project; so it is with 403, which is tried once a minute."""
    fault = {"operation": "bulk", "kind": kind, "times": None, "matching": f'"{issue}"'}
    product.jira.control("POST", "/sandbox/faults", fault)
    web = shop.deployment(issue).settle()
    other = shop.deployment(other_issue, name="other").settle()

    product.jira.until(other_issue, "successful", seconds=LATER)
    other.shows("True", "Successful")
    assert product.jira.states(issue) == []

    product.jira.control("DELETE", "/sandbox/faults")
    product.jira.until(issue, "successful", seconds=LATER)
    web.shows("True", "Successful")


def test_an_answer_that_is_lost_is_asked_for_again(shop: Shop, product: Product, issue: str) -> None:
    fault = {"operation": "bulk", "kind": "lose_answer", "matching": issue}
    product.jira.control("POST", "/sandbox/faults", fault)

    web = shop.deployment(issue)

    web.shows("True", "Successful")
    assert product.jira.states(issue) == ["successful"]


@pytest.fixture(scope="module")
def bare_cluster() -> Iterator[Cluster]:
    """A cluster without Argo Rollouts, to take kinds from and to bring them."""
    with provide_cluster(argo=False) as started:
        if started.flavour == "given":
            pytest.skip("the named cluster has its kinds already, and keeps them")
        yield started


@pytest.fixture(scope="module")
def bare(bare_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(bare_cluster, "rollout-reporter", tmp_path_factory.mktemp("bare"))
    try:
        product.jira.start()
        product.install()
        product.start()
        yield product
    finally:
        product.close()


@pytest.fixture
def bare_shop(bare: Product, issue: str) -> Shop:
    shop = Shop(bare.cluster, f"shop-of-{issue.lower()}")
    shop.open()
    return shop


def test_argo_rollouts_may_be_installed_later(
    bare: Product, bare_shop: Shop, issue: str, other_issue: str
) -> None:
    bare_shop.deployment(issue)
    bare.jira.until(issue, "successful")

    bare.cluster.install_argo()
    canary = bare_shop.rollout(other_issue)

    bare.jira.until(other_issue, "successful")
    canary.shows("True", "Successful")
    assert bare.operator.is_running
    assert_never_forbidden(bare)


def test_the_operators_own_kinds_may_vanish_and_come_back(
    bare: Product, bare_shop: Shop, issue: str, other_issue: str
) -> None:
    web = bare_shop.deployment(issue).settle()
    bare.jira.until(issue, "successful")

    bare.cluster.kubectl("delete", "--wait", *CRDS)
    until(
        lambda: "does not know the kind JiraSite: install the CRDs of the chart" in bare.log(),
        seconds=SECONDS,
        otherwise=bare.log,
    )
    late = bare_shop.deployment(other_issue, name="late")
    late.shows("False", "SiteNotFound")

    bare.cluster.kubectl("create", *CRDS)
    bare.cluster.kubectl("wait", "--for=condition=Established", *CRDS)
    bare.create_site("default")

    bare.jira.until(other_issue, "successful", seconds=LATER)
    late.shows("True", "Successful")
    assert late.printed()["STATE"] == "successful"
    web.set_image(bare_shop.images.second)
    bare.jira.until(issue, "successful", "successful")
    web.shows("True", "Successful", containing="revision 2")
    assert web.printed()["STATE"] == "successful"
    assert_never_forbidden(bare)


def test_an_operator_that_starts_without_its_kinds_says_so_and_waits_for_them(
    bare: Product, bare_shop: Shop, issue: str
) -> None:
    bare.operator.stop()
    bare.cluster.kubectl("delete", "--wait", *CRDS)
    bare_shop.deployment(issue)
    said = len(bare.log())

    bare.operator.start()
    until(
        lambda: "install the CRDs of the chart" in bare.log()[said:],
        seconds=SECONDS,
        otherwise=bare.log,
    )
    bare.cluster.kubectl("create", *CRDS)
    bare.cluster.kubectl("wait", "--for=condition=Established", *CRDS)
    bare.create_site("default")

    bare.jira.until(issue, "successful", seconds=LATER)


CRDS = [f"--filename={path}" for path in sorted((CHART / "files" / "crds").glob("*.yaml"))]
