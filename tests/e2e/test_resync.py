"""Jira forgets everything when its OAuth credential is deleted; a resync tells it all again."""

import os
import subprocess
import sys

import pytest

from e2e.product import Product
from e2e.shop import Shop
from installation import RunningSandbox

pytestmark = pytest.mark.timeout(180, func_only=True)


def test_what_jira_has_forgotten_is_told_again_with_its_history_and_under_its_numbers(
    product: Product, shop: Shop, jira: RunningSandbox, issue: str
) -> None:
    web = shop.deployment(issue).settle()
    jira.until(issue, "successful")
    web.set_image(shop.images.second)
    before = jira.until(issue, "successful", "successful")

    jira.control("POST", "/sandbox/forget")
    assert jira.deployments(issue) == []
    printed = resync(product)

    after = jira.until(issue, "successful", "successful")
    assert [each["deploymentSequenceNumber"] for each in after] == [
        each["deploymentSequenceNumber"] for each in before
    ]
    assert max(each["updateSequenceNumber"] for each in before) < min(
        each["updateSequenceNumber"] for each in after
    )
    assert "everything is sent again: default" in printed
    web.shows("True", "Successful")


def resync(product: Product) -> str:
    command = [sys.executable, "-m", "rollout_reporter", "resync"]
    done = subprocess.run(
        [*command, "--operator-namespace", product.namespace],
        env=os.environ | {"KUBECONFIG": str(product.cluster.kubeconfig)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr
