"""What was reported is removed from Jira by a command that asks first, and it stays away."""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from e2e.product import Product, ProductApart
from e2e.shop import Shop
from installation import RunningSandbox

pytestmark = pytest.mark.timeout(120, func_only=True)


@dataclass(frozen=True)
class Ended:
    """A command that has come to its end."""

    code: int
    output: str
    complaint: str


def forget(product: Product, *arguments: str, typed: str | None = None) -> Ended:
    """Call the command; with something typed it has a terminal, else none."""
    command = [sys.executable, "-m", "rollout_reporter", "forget"]
    ours, theirs = os.openpty()
    try:
        os.write(ours, (typed or "").encode())
        done = subprocess.run(
            [*command, "--operator-namespace", product.namespace, *arguments],
            env=os.environ | {"KUBECONFIG": str(product.cluster.kubeconfig), "COLUMNS": "200"},
            stdin=subprocess.DEVNULL if typed is None else theirs,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    return Ended(done.returncode, done.stdout, done.stderr)


def test_what_was_reported_is_removed_after_a_yes_and_only_then(
    product: Product, shop: Shop, jira: RunningSandbox, issue: str, other_issue: str
) -> None:
    web = shop.deployment(issue).settle()
    web.set_image(shop.images.second)
    jira.until(issue, "successful", "successful")
    shop.deployment(other_issue, name="other").shows("True", "Successful")
    web.shows("True", "Successful", containing="revision 2")
    of_web = (f"--namespace={shop.namespace}", f"--workload={web}")

    refused = forget(product, *of_web, typed="\n")

    assert refused.code == 1
    assert refused.output.endswith("Remove 2 deployments from Jira? [y/N]: ")
    assert "forget: nothing was removed\n" in refused.complaint
    assert len(jira.deployments(issue)) == 2

    removed = forget(product, *of_web, typed="y\n")

    assert removed.code == 0, removed.complaint
    assert f"deployment/web   {issue}" in removed.output
    assert "Jira was told to remove 2 deployments" in removed.output
    assert jira.deployments(issue) == []
    assert len(jira.deployments(other_issue)) == 1


def test_the_operator_brings_nothing_back_by_itself_but_reports_what_comes_next(
    product: Product, shop: Shop, jira: RunningSandbox, issue: str, other_issue: str
) -> None:
    web = shop.deployment(issue).settle()
    web.shows("True", "Successful")
    assert forget(product, f"--namespace={shop.namespace}", "--yes").code == 0
    sent = len(product.requests_about(issue))

    product.operator.stop()
    product.start()
    shop.deployment(other_issue, name="afterwards").shows("True", "Successful")

    assert jira.deployments(issue) == []
    assert len(product.requests_about(issue)) == sent
    web.shows("True", "Successful", containing="revision 1")
    web.set_image(shop.images.second)
    [new] = jira.until(issue, "successful")
    assert new["description"].startswith("revision 2")


def test_without_a_terminal_it_removes_nothing_unless_told_to(
    product: Product, shop: Shop, jira: RunningSandbox, issue: str
) -> None:
    shop.deployment(issue).shows("True", "Successful")
    [held] = jira.deployments(issue)
    identity = (
        f"--pipeline={held['pipeline']['id']}",
        f"--environment={held['environment']['id']}",
        f"--number={held['deploymentSequenceNumber']}",
    )

    ended = forget(product, *identity)

    assert ended.code == 1
    assert "nothing was removed: there is no terminal to ask at, so say --yes" in ended.complaint
    assert jira.deployments(issue) == [held]
    assert forget(product, *identity, "--yes").code == 0
    assert jira.deployments(issue) == []


def test_everything_that_a_cluster_has_ever_sent_is_removed_by_its_property(
    apart: ProductApart, issue: str, other_issue: str
) -> None:
    apart.jira.start()
    apart.install()
    apart.start()
    gone, web = apart.shop.deployment(issue, name="gone"), apart.shop.deployment(other_issue)
    gone.shows("True", "Successful")
    gone.delete()
    gone.report_is_gone()
    web.shows("True", "Successful")

    assert forget(apart, "--property=cluster=another", "--yes").code == 0
    assert (apart.jira.states(issue), apart.jira.states(other_issue)) == (["successful"], ["successful"])
    own = ("--property=cluster=apart", f"--property=installation={apart.namespace}")
    assert forget(apart, *own, "--yes").code == 0
    assert (apart.jira.states(issue), apart.jira.states(other_issue)) == ([], [])
