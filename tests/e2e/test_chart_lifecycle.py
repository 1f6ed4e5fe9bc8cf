"""Install, upgrade, uninstall and install again, with both Helms, where nobody has seen the chart before."""

import json

import pytest

from controlplane import Cluster
from e2e.helm import NAMESPACE, SITE, Helm
from e2e.shop import Shop
from e2e.workload import SECONDS
from installation.installation import CHART, RELEASE
from installation.program import until

pytestmark = pytest.mark.timeout(240, func_only=True)

KINDS = (
    "deployments,services,serviceaccounts,secrets,configmaps,jobs,pods,leases,roles,rolebindings,"
    "poddisruptionbudgets,networkpolicies"
)
CLUSTER_KINDS = (
    "clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings"
)


def names(cluster: Cluster, kinds: str, *where: str) -> list[str]:
    """Everything of ours, as kind/name."""
    found = cluster.kubectl("get", kinds, *where, "--output=name").split()
    return sorted(each for each in found if RELEASE in each)


def nothing_is_left(cluster: Cluster, where: str) -> None:
    """Wait until all is gone: pods of hooks are collected in the background."""
    until(
        lambda: names(cluster, KINDS, where) == [],
        seconds=SECONDS,
        otherwise=lambda: ", ".join(names(cluster, KINDS, where)),
    )


def spec(cluster: Cluster, name: str = "default") -> dict[str, str]:
    answer = cluster.kubectl("get", f"jirasite/{name}", f"--namespace={NAMESPACE}", "--output=json")
    found: dict[str, str] = json.loads(answer)["spec"]
    return found


def test_two_values_are_enough(fresh: Cluster, helm: Helm) -> None:
    """Pods of this cluster only look as if they ran; tests/image has real ones."""
    two = [f"--set=jira.siteURL={SITE}", "--set=jira.existingSecret=jira"]
    notes = helm("install", RELEASE, str(CHART), *two, "--wait", "--timeout=60s")

    assert "kubectl" in notes
    running = "jsonpath={.status.readyReplicas}"
    assert (
        fresh.kubectl("get", f"deployment/{RELEASE}", f"--namespace={NAMESPACE}", f"--output={running}")
        == "1"
    )
    assert spec(fresh)["siteURL"] == SITE
    helm.uninstall()


def test_it_comes_changes_goes_and_comes_again(fresh: Cluster, helm: Helm) -> None:
    here = f"--namespace={NAMESPACE}"
    helm.install(jira__siteURL=SITE, podDisruptionBudget__enabled="false")
    assert spec(fresh)["siteURL"] == SITE

    acquired = {"jira__sites[0]__name": "acquired", "jira__sites[0]__existingSecret": "b"}
    second = {**acquired, "jira__sites[0]__siteURL": "https://acquired.atlassian.net"}
    helm.upgrade(jira__email="ops@example.com", **second)
    assert spec(fresh)["email"] == "ops@example.com"
    assert spec(fresh, "acquired")["siteURL"] == "https://acquired.atlassian.net"
    assert "kind: JiraSite" in helm("get", "manifest", RELEASE)

    helm.upgrade("--set-json=jira.sites=[]", jira__email="others@example.com")
    assert spec(fresh)["email"] == "others@example.com"
    assert fresh.kubectl("get", "jirasites", here, "--output=name").split() == [
        "jirasite.rollout-reporter.dev/default"
    ]

    helm.uninstall()
    nothing_is_left(fresh, here)
    assert names(fresh, CLUSTER_KINDS) == []
    assert fresh.kubectl("get", "jirasites", here, "--output=name") == ""
    assert len(fresh.kubectl("get", "crd", "--output=name").split()) == 2

    helm.install(jira__siteURL=SITE)
    assert spec(fresh)["siteURL"] == SITE
    helm.uninstall()
    nothing_is_left(fresh, here)


def test_it_goes_right_after_its_first_installation(fresh: Cluster, helm: Helm) -> None:
    """Helm forgets hooks, and the JiraSite was one."""
    here = f"--namespace={NAMESPACE}"
    helm.install(jira__siteURL=SITE, crds__keep="false")
    helm.uninstall()
    nothing_is_left(fresh, here)
    assert names(fresh, CLUSTER_KINDS) == []
    fresh.kubectl("wait", "--for=delete", "crd/jirasites.rollout-reporter.dev", "--timeout=30s")


def test_a_site_that_was_left_without_hooks_takes_the_values_of_the_next_installation(
    fresh: Cluster, helm: Helm
) -> None:
    """Helm 3 adopts it, and would not change it."""
    helm.install(jira__siteURL=SITE)
    helm("uninstall", RELEASE, "--no-hooks", "--wait")
    assert spec(fresh)["siteURL"] == SITE

    helm.install(jira__siteURL="https://acquired.atlassian.net")
    assert spec(fresh)["siteURL"] == "https://acquired.atlassian.net"
    helm.uninstall()
    nothing_is_left(fresh, f"--namespace={NAMESPACE}")
    assert fresh.kubectl("get", "jirasites", f"--namespace={NAMESPACE}", "--output=name") == ""


def test_its_namespace_can_be_deleted_under_it(fresh: Cluster, helm: Helm) -> None:
    helm.install(jira__siteURL=SITE)
    fresh.kubectl("delete", "namespace", NAMESPACE, "--timeout=60s")
    left = names(fresh, CLUSTER_KINDS)
    assert any("own-status" in each for each in left)

    Shop(fresh, NAMESPACE).open()
    helm.install(jira__siteURL=SITE)
    assert names(fresh, CLUSTER_KINDS) == left


def test_a_second_release_in_its_namespace_is_told_to_live_elsewhere(fresh: Cluster, helm: Helm) -> None:
    helm.install(jira__siteURL=SITE)
    other = ("--set=clusterName=c", "--set=watchNamespaces={team-b}", "--set=crds.enabled=false")
    with pytest.raises(AssertionError, match=f'Release "{RELEASE}" lives in namespace {NAMESPACE} already'):
        helm("install", "other", str(CHART), *other)

    helm.upgrade(jira__email="ops@example.com")
    assert spec(fresh)["email"] == "ops@example.com"


def test_a_watched_namespace_that_was_deleted_holds_up_no_uninstallation(fresh: Cluster, helm: Helm) -> None:
    """Not even where a hook has to have rights of its own; what the clean-up says is told in test_cleanup."""
    stays, goes = Shop(fresh, "stays"), Shop(fresh, "goes")
    stays.open()
    goes.open()
    helm.install(
        clusterName="c", watchNamespaces="{stays,goes}", conditions__onWorkloads="false", jira__siteURL=SITE
    )
    goes.close(wait=True)

    helm.uninstall()

    nothing_is_left(fresh, f"--namespace={NAMESPACE}")
    assert names(fresh, "roles,rolebindings", "--namespace=stays") == []
    stays.close(wait=True)
