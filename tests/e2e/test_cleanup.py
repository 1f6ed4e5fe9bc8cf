"""What an installation has written is removed while its operator runs, with the rights of its hook."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import yaml

from e2e.product import Product, ProductApart
from e2e.shop import Shop
from e2e.workload import PREFIX, Workload
from installation.installation import RELEASE

pytestmark = pytest.mark.timeout(180, func_only=True)

EXPIRY = 15
"""Seconds for which an operator that is still there waits after the end of the cleanup."""


@pytest.fixture
def busy(apart: ProductApart) -> ProductApart:
    """A product at work, with the rights that its chart adds for the time of the uninstallation."""
    apart.jira.start()
    apart.install()
    hooks = yaml.safe_load_all(apart.cluster.helm("get", "hooks", RELEASE, f"--namespace={apart.namespace}"))
    rights = [each for each in hooks if each and each["kind"] in {"Role", "RoleBinding"}]
    assert len(rights) == 2
    for each in rights:
        apart.cluster.kubectl("apply", "--filename=-", stdin=json.dumps(each))
    apart.start()
    return apart


def cleanup(product: Product, *arguments: str) -> str:
    """Call the command as the hook does; return what it printed."""
    kubeconfig = product.cluster.service_account_kubeconfig(product.namespace, RELEASE)
    return cleanup_as(str(kubeconfig), product, *arguments)


def cleanup_as(kubeconfig: str, product: Product, *arguments: str, **environment: str) -> str:
    command = [sys.executable, "-m", "rollout_reporter", "cleanup", "--namespace", product.namespace, "--yes"]
    done = subprocess.run(
        [*command, *arguments],
        env={**product.cluster.environment(), **environment, "KUBECONFIG": kubeconfig},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def watched(product: ProductApart) -> str:
    return f"--watch-namespaces={product.shop.namespace}"


def left(product: ProductApart) -> list[str]:
    """What the operator made and is still there."""
    made = product.shop.kubectl("get", "rolloutreports", "--output=name").split()
    own = product.kubectl("get", "configmaps,leases", "--output=name").split()
    return [*made, *(each for each in own if "rollout-reporter" in each)]


def at_work(product: ProductApart, issue: str, other_issue: str) -> tuple[Workload, Workload]:
    """A Deployment that has succeeded, and a Rollout that waits for a person."""
    web, canary = product.shop.deployment(issue).settle(), product.shop.rollout(other_issue)
    product.jira.until(other_issue, "successful")
    canary.set_image(product.shop.images.second)
    canary.shows("True", "InProgress")
    web.shows("True", "Successful")
    return web, canary


def test_a_running_operator_stops_and_puts_nothing_back(
    busy: ProductApart, issue: str, other_issue: str
) -> None:
    web, canary = at_work(busy, issue, other_issue)

    output = cleanup(busy, watched(busy))

    told = len(busy.jira.state()["history"])
    web.set_image(busy.shop.images.second)
    web.settle()
    busy.operator.stop()  # it leads again before long
    assert len(busy.jira.state()["history"]) == told
    assert (web.condition(), canary.condition()) == (None, None)
    assert left(busy) == []
    assert "leads no longer: the Lease is held by cleanup_" in busy.log()
    for what in (web, canary):
        assert f"removed the condition of {busy.shop.namespace}/{what}\n" in output
    assert "rollouts under way, whose end Jira will not be told: 1\n" in output


def test_an_operator_that_is_not_removed_after_all_goes_on(
    busy: ProductApart, issue: str, other_issue: str
) -> None:
    web, canary = at_work(busy, issue, other_issue)

    cleanup(busy, watched(busy))

    web.shows("True", "Successful", containing="revision 1", seconds=3 * EXPIRY)
    canary.shows("True", "InProgress", containing="revision 2")
    web.set_image(busy.shop.images.second)
    busy.jira.until(issue, "successful", "successful")
    assert busy.jira.state()["dropped"] == []


def test_what_others_report_is_left_alone_even_with_all_rights(
    busy: ProductApart, product: Product, shop: Shop, issue: str, other_issue: str
) -> None:
    theirs, ours = shop.deployment(issue), busy.shop.deployment(other_issue)
    product.jira.until(issue, "successful")
    shown = theirs.shows("True", "Successful")
    ours.shows("True", "Successful")
    busy.operator.stop()

    output = cleanup_as(str(product.cluster.kubeconfig), busy)

    assert str(theirs.namespace) not in output
    assert theirs.condition() == shown
    assert ours.condition() is None
    assert left(busy) == []


def test_reports_can_stay_for_the_next_installation(busy: ProductApart, issue: str) -> None:
    web = busy.shop.deployment(issue).settle()
    web.shows("True", "Successful")
    told = len(busy.jira.history(issue))
    busy.operator.stop()

    cleanup(busy, watched(busy), "--keep-reports")

    assert left(busy) == ["rolloutreport.rollout-reporter.dev/deployment-web"]
    assert web.condition() is None
    busy.start()
    web.shows("True", "Successful")
    assert len(busy.jira.history(issue)) == told


def test_without_reports_the_next_installation_says_the_same_once_more(
    busy: ProductApart, issue: str
) -> None:
    web = busy.shop.deployment(issue).settle()
    web.shows("True", "Successful")
    [before] = busy.jira.deployments(issue)
    busy.operator.stop()

    cleanup(busy, watched(busy))

    assert left(busy) == []
    busy.start()
    web.shows("True", "Successful")
    [now] = busy.jira.deployments(issue)
    same = ("pipeline", "environment", "deploymentSequenceNumber", "state", "associations")
    assert [now[each] for each in same] == [before[each] for each in same]
    assert now["updateSequenceNumber"] > before["updateSequenceNumber"]


def test_what_is_said_after_a_reinstallation_is_heard_though_leaders_had_died(
    busy: ProductApart, issue: str
) -> None:
    """Leaders that die put update numbers ahead of the time, and no record tells that afterwards."""
    web = busy.shop.deployment(issue).settle()
    busy.jira.until(issue, "successful")
    busy.operator.stop()
    ahead = f"{PREFIX}/update-number-ceiling={int(time.time() * 1000) + 50_000}"
    lease = ("annotate", "lease/rollout-reporter", "--overwrite", ahead, f"{PREFIX}/update-number-last-")
    busy.kubectl(*lease)
    busy.start()
    web.set_image(busy.shop.images.second)
    _, before = busy.jira.until(issue, "successful", "successful")
    assert before["updateSequenceNumber"] > time.time() * 1000, "else this proves nothing"
    busy.operator.stop()
    cleanup(busy, watched(busy))

    busy.start()
    web.shows("True", "Successful")

    assert busy.jira.state()["dropped"] == []


def test_after_its_namespace_was_deleted_somebody_else_can_clean_up(busy: ProductApart, issue: str) -> None:
    web = busy.shop.deployment(issue).settle()
    web.shows("True", "Successful")
    busy.operator.stop()
    administrator, own = str(busy.cluster.kubeconfig), Shop(busy.cluster, busy.namespace)
    own.close(wait=True)
    with pytest.raises(AssertionError, match=f"kubectl create namespace {busy.namespace}"):
        cleanup_as(administrator, busy, watched(busy))

    own.open()
    cleanup_as(administrator, busy, watched(busy))

    assert web.condition() is None
    assert left(busy) == []


def test_a_watched_namespace_that_is_gone_does_not_hold_up_the_others(busy: ProductApart, issue: str) -> None:
    web = busy.shop.deployment(issue).settle()
    web.shows("True", "Successful")
    busy.operator.stop()

    output = cleanup(busy, f"--watch-namespaces=gone,{busy.shop.namespace}", "--skip-forbidden")

    assert web.condition() is None
    assert left(busy) == []
    assert "namespace gone was left as it is, since it cannot be read: " in output


@pytest.fixture
def switched_off(busy: ProductApart, issue: str) -> Iterator[Workload]:
    """A workload that still shows its condition, and an operator that writes none any longer."""
    web = busy.shop.deployment(issue).settle()
    web.shows("True", "Successful")
    busy.operator.stop()
    busy.install(conditions__onWorkloads="false")
    operator = busy.installation.operator(name="switched-off")
    operator.start_and_watch()
    yield web
    operator.stop()


def test_conditions_that_were_switched_off_hold_up_no_uninstallation_and_are_named(
    busy: ProductApart, switched_off: Workload
) -> None:
    output = cleanup(busy, watched(busy), "--skip-forbidden")

    assert f"the condition of {busy.shop.namespace}/{switched_off} was left as it is: " in output
    assert left(busy) == []


def test_conditions_that_were_switched_off_can_be_removed_while_the_operator_goes_on(
    busy: ProductApart, switched_off: Workload, issue: str
) -> None:
    cleanup_as(str(busy.cluster.kubeconfig), busy, watched(busy), "--keep-reports")

    assert switched_off.condition() is None
    switched_off.set_image(busy.shop.images.second)
    busy.jira.until(issue, "successful", "successful")
    assert switched_off.condition() is None
    assert busy.jira.state()["dropped"] == []


def test_without_the_rights_of_the_hook_all_else_is_removed_and_what_stays_is_named(
    apart: ProductApart, issue: str
) -> None:
    apart.jira.start()
    apart.install()
    apart.start()
    apart.shop.deployment(issue).shows("True", "Successful")
    apart.operator.stop()

    with pytest.raises(
        AssertionError, match=r"the ConfigMap rollout-reporter-journal-0 cannot be removed: .* is forbidden"
    ):
        cleanup(apart, watched(apart))

    assert left(apart) == [
        "configmap/rollout-reporter-journal-0",
        "lease.coordination.k8s.io/rollout-reporter",
    ]
