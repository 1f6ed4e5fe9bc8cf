"""Somebody installs who has rights in two Namespaces only; the CRDs are there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlplane import Cluster
from e2e.helm import Helm
from e2e.product import CREDENTIAL, ProductApart
from e2e.rights import assert_never_forbidden, may
from installation.installation import CHART

pytestmark = pytest.mark.timeout(180, func_only=True)


def rights(title: str) -> dict[str, Any]:
    """Rules that the chart's README names."""
    (found,) = re.findall(
        rf"<!-- {title} -->\s*```yaml\n(.*?)```", (CHART / "README.md").read_text(), re.DOTALL
    )
    rules: dict[str, Any] = yaml.safe_load(found)
    return rules


def grant(cluster: Cluster, watched: str, home: str) -> Path:
    """Give a ServiceAccount the rights that the chart's README names, and nothing else."""
    account = {"kind": "ServiceAccount", "name": "installer", "namespace": home}
    cluster.kubectl("create", "serviceaccount", "installer", f"--namespace={home}")
    for namespace, title in (
        (home, "rights of who installs"),
        (watched, "rights in watched namespaces"),
    ):
        meta = {"name": "installer", "namespace": namespace}
        api = "rbac.authorization.k8s.io/v1"
        role = {"apiVersion": api, "kind": "Role", "metadata": meta, **rights(title)}
        ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "installer"}
        binding = {
            "apiVersion": api,
            "kind": "RoleBinding",
            "metadata": meta,
            "roleRef": ref,
            "subjects": [account],
        }
        for each in (role, binding):
            cluster.kubectl("apply", "--filename=-", stdin=json.dumps(each))
    return cluster.service_account_kubeconfig(home, "installer")


@pytest.mark.parametrize("program", ["helm", "helm3"])
def test_both_kinds_are_reported_without_any_right_in_the_cluster(
    cluster: Cluster, apart: ProductApart, issue: str, other_issue: str, program: str
) -> None:
    cluster.kubectl("create", "namespace", apart.namespace)
    installer = grant(cluster, apart.shop.namespace, apart.namespace)
    helm = Helm(cluster, apart.namespace, program=program, kubeconfig=installer)
    apart.jira.start()
    url = apart.jira.url
    values = {
        "jira__siteURL": url,
        "jira__apiURL": url,
        **{f"jira__{name}": value for name, value in CREDENTIAL.items()},
        "clusterName": "restricted",
        "watchNamespaces": f"{{{apart.shop.namespace}}}",
        "crds__enabled": "false",
        # Nodes that run real containers would wait for an image that is not published.
        "cleanup__enabled": str(cluster.flavour == "local").lower(),
    }

    notes = helm.install(**values)
    assert "No ValidatingAdmissionPolicy limits the operator's right" in notes
    helm.upgrade(jira__email="ops@example.com")
    apart.start()
    web, canary = apart.shop.deployment(issue), apart.shop.rollout(other_issue)
    for workload, key in ((web, issue), (canary, other_issue)):
        apart.jira.until(key, "successful")
        workload.shows("True", "Successful")
    assert_never_forbidden(apart)

    user = f"system:serviceaccount:{apart.namespace}:rollout-reporter"
    assert not may(cluster, user, "list", "deployments.apps", "--namespace=default")
    apart.operator.stop()
    helm.uninstall()
    assert apart.kubectl("get", "deployments,roles,jirasites", "--output=name").split() == [
        "role.rbac.authorization.k8s.io/installer"
    ]
