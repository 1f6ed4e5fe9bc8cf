"""The chart's ServiceAccount has the rights that it needs, and no others."""

from contextlib import closing

import pytest

from controlplane import ControlPlaneError
from e2e.product import SECRET, Product
from e2e.rights import assert_never_forbidden, may
from e2e.shop import Shop
from e2e.status_patch import StatusPatch
from e2e.workload import SECONDS, Object
from installation import RunningSandbox
from installation.program import until

pytestmark = pytest.mark.timeout(120, func_only=True)

RELEASE_NAMESPACE = "--namespace=rollout-reporter"


def test_the_rights_of_the_chart_suffice(shop: Shop, product: Product, issue: str, other_issue: str) -> None:
    web, canary = shop.deployment(issue), shop.rollout(other_issue)
    for workload, key in ((web, issue), (canary, other_issue)):
        product.jira.until(key, "successful")
        workload.shows("True", "Successful")
        workload.set_image(shop.images.second)
    product.jira.until(issue, "successful", "successful")
    product.jira.until(other_issue, "successful", "in_progress")
    canary.delete()
    product.jira.until(other_issue, "successful", "cancelled")

    assert_never_forbidden(product)


@pytest.mark.parametrize(
    "question",
    [
        ("watch", "deployments.apps"),
        ("watch", "rollouts.argoproj.io"),
        ("list", "replicasets.apps"),
        ("list", "pods"),
        ("get", "namespaces"),
        ("patch", "deployments.apps", "--subresource=status"),
        ("patch", "rollouts.argoproj.io", "--subresource=status"),
        ("create", "rolloutreports.rollout-reporter.dev"),
        ("create", "events.events.k8s.io"),
        ("get", f"secrets/{SECRET}", RELEASE_NAMESPACE),
        ("update", "leases.coordination.k8s.io/rollout-reporter", RELEASE_NAMESPACE),
    ],
    ids=" ".join,
)
def test_it_may(product: Product, question: tuple[str, ...]) -> None:
    assert may(product.cluster, ACCOUNT, *question)


@pytest.mark.parametrize(
    "question",
    [
        ("patch", "deployments.apps"),
        ("update", "deployments.apps"),
        ("delete", "deployments.apps"),
        ("patch", "deployments.apps", "--subresource=scale"),
        ("update", "deployments.apps", "--subresource=status"),
        ("patch", "rollouts.argoproj.io"),
        ("update", "rollouts.argoproj.io"),
        ("delete", "rollouts.argoproj.io"),
        ("patch", "replicasets.apps"),
        ("delete", "pods"),
        ("create", "pods", "--subresource=exec"),
        ("patch", "namespaces"),
        ("list", "secrets", RELEASE_NAMESPACE),
        ("get", "secrets/somebody-elses", RELEASE_NAMESPACE),
        ("get", f"secrets/{SECRET}", "--namespace=default"),
        ("get", "configmaps", "--namespace=default"),
        ("patch", "jirasites.rollout-reporter.dev", RELEASE_NAMESPACE),
        ("update", "leases.coordination.k8s.io/somebody-elses", RELEASE_NAMESPACE),
        ("create", "clusterrolebindings.rbac.authorization.k8s.io"),
        ("impersonate", "users"),
    ],
    ids=" ".join,
)
def test_it_may_not(product: Product, question: tuple[str, ...]) -> None:
    assert not may(product.cluster, ACCOUNT, *question)


def test_whoever_may_view_workloads_sees_what_was_reported_of_them(shop: Shop, product: Product) -> None:
    """By `rbac.aggregateToView`; the cluster takes a moment to add it to `view`."""
    viewer, here = "somebody", f"--namespace={shop.namespace}"
    shop.kubectl("create", "rolebinding", "viewers", "--clusterrole=view", f"--user={viewer}")

    until(
        lambda: may(product.cluster, viewer, "list", "rolloutreports.rollout-reporter.dev", here),
        seconds=SECONDS,
        otherwise=lambda: "it may not",
    )
    assert not may(product.cluster, viewer, "delete", "rolloutreports.rollout-reporter.dev", here)


def test_a_patch_of_a_deployments_spec_is_refused(
    shop: Shop, product: Product, jira: RunningSandbox, issue: str
) -> None:
    web = shop.deployment(issue).settle()
    jira.until(issue, "successful")
    kubeconfig = product.cluster.service_account_kubeconfig(product.namespace, "rollout-reporter")

    with pytest.raises(ControlPlaneError, match=r'forbidden.*cannot patch resource "deployments"'):
        web.kubectl(
            "patch",
            str(web),
            "--type=merge",
            '--patch={"spec": {"replicas": 0}}',
            f"--kubeconfig={kubeconfig}",
        )

    assert web.get()["spec"]["replicas"] == 2


@pytest.mark.parametrize(
    "change",
    [{"status": {"replicas": 9}}, {"metadata": {"finalizers": ["example.com/stays"]}}],
    ids=["status", "finalizer"],
)
def test_a_status_may_be_patched_for_our_condition_only(shop: Shop, product: Product, change: Object) -> None:
    """`test_policies` goes into the details."""
    web = shop.deployment().settle()
    kubeconfig = product.cluster.service_account_kubeconfig(product.namespace, "rollout-reporter")

    with closing(StatusPatch(kubeconfig)) as patch:
        until(
            lambda: "denied request" in patch.refusal(shop.namespace, str(web), change),
            seconds=SECONDS,
            otherwise=lambda: "the API server does it",
        )


ACCOUNT = "system:serviceaccount:rollout-reporter:rollout-reporter"
