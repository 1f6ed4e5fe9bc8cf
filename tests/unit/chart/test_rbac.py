"""All rights, as data: who changes one has to change it here too."""

import re
from typing import Any, TypeAlias

import pytest
import yaml

from unit.chart.helm import NAMESPACE, SITE, Rendered, render
from unit.chart.values_table import README

Rights: TypeAlias = set[tuple[str, str, str]]
"""Group, resource and verb."""

READ = ["get", "list", "watch"]
VERB = re.compile(r"\b(get|list|watch|create|update|patch|delete)\b")
WORKLOADS = f"rollout-reporter-workloads-{NAMESPACE}"


def rule(
    group: str, resources: list[str], verbs: list[str], names: list[str] | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = {"apiGroups": [group], "resources": resources, "verbs": verbs}
    return found | ({"resourceNames": names} if names else {})


CONDITIONS = [
    rule("apps", ["deployments/status"], ["patch"]),
    rule("argoproj.io", ["rollouts/status"], ["patch"]),
]


def workloads(*, namespaces: list[str], conditions: bool = True) -> list[dict[str, Any]]:
    return [
        rule("apps", ["deployments"], READ),
        rule("apps", ["replicasets"], ["list"]),
        rule("argoproj.io", ["rollouts"], READ),
        rule("", ["pods"], ["list"]),
        rule("", ["namespaces"], namespaces),
        *(CONDITIONS if conditions else []),
        rule("rollout-reporter.dev", ["rolloutreports"], ["get", "list", "create", "update", "delete"]),
        rule("rollout-reporter.dev", ["rolloutreports/status"], ["update"]),
        rule("events.k8s.io", ["events"], ["create", "patch"]),
    ]


def own(*secrets: str) -> list[dict[str, Any]]:
    return [
        rule("rollout-reporter.dev", ["jirasites"], ["list"]),
        rule("rollout-reporter.dev", ["jirasites/status"], ["patch"]),
        rule("coordination.k8s.io", ["leases"], ["create"]),
        rule("coordination.k8s.io", ["leases"], ["get", "update"], ["rollout-reporter"]),
        rule("", ["configmaps"], ["list", "create", "update"]),
        rule("", ["secrets"], ["get"], list(secrets)),
    ]


AGGREGATED = "rbac.authorization.k8s.io/aggregate-to-view"
UNINSTALLING = [
    rule("coordination.k8s.io", ["leases"], ["delete"], ["rollout-reporter"]),
    rule("", ["configmaps"], ["delete"]),
]


def roles(made: Rendered) -> dict[tuple[str, str | None, str], list[dict[str, Any]]]:
    return {
        (each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]): each["rules"]
        for each in made.objects
        if each["kind"] in {"Role", "ClusterRole"} and AGGREGATED not in each["metadata"]["labels"]
    }


def test_cluster_wide() -> None:
    assert roles(render()) == {
        ("Role", NAMESPACE, "rollout-reporter"): own("rollout-reporter-jira"),
        ("ClusterRole", None, WORKLOADS): workloads(namespaces=["get"]),
        ("Role", NAMESPACE, "rollout-reporter-cleanup"): UNINSTALLING,
    }


def test_with_watched_namespaces_there_is_nothing_cluster_wide() -> None:
    made = render({"clusterName": "c", "watchNamespaces": ["pay", NAMESPACE]})
    assert roles(made) == {
        ("Role", NAMESPACE, "rollout-reporter"): own("rollout-reporter-jira"),
        ("Role", "pay", WORKLOADS): workloads(namespaces=["get"]),
        ("Role", NAMESPACE, WORKLOADS): workloads(namespaces=["get"]),
        ("Role", NAMESPACE, "rollout-reporter-cleanup"): UNINSTALLING,
    }
    assert not made.all("ClusterRoleBinding")


def test_namespaces_are_listed_only_to_select_them() -> None:
    found = roles(render({"namespaceSelector": "team=pay"}))
    assert found["ClusterRole", None, WORKLOADS] == workloads(namespaces=["get", "list"])


def test_without_conditions_there_is_no_right_to_write_to_workloads() -> None:
    found = roles(render({"conditions": {"onWorkloads": False}}))
    assert found["ClusterRole", None, WORKLOADS] == workloads(namespaces=["get"], conditions=False)


def test_conditions_that_were_switched_off_are_removed_with_a_right_of_the_hook() -> None:
    made = render({"conditions": {"onWorkloads": False}})
    name = f"rollout-reporter-cleanup-workloads-{NAMESPACE}"

    assert roles(made)["ClusterRole", None, name] == CONDITIONS
    assert {
        each["metadata"]["annotations"]["helm.sh/hook"] for each in made.objects if name in str(each)
    } == {"pre-delete"}


def test_a_hook_asks_for_no_right_in_a_watched_namespace_which_may_be_gone_by_then() -> None:
    off = {"conditions": {"onWorkloads": False}, "clusterName": "c", "watchNamespaces": ["pay"]}
    assert roles(render(off)) == {
        ("Role", NAMESPACE, "rollout-reporter"): own("rollout-reporter-jira"),
        ("Role", "pay", WORKLOADS): workloads(namespaces=["get"], conditions=False),
        ("Role", NAMESPACE, "rollout-reporter-cleanup"): UNINSTALLING,
    }


@pytest.mark.parametrize(
    ("values", "secrets"),
    [
        ({"jira": {"siteURL": SITE, "existingSecret": "jira"}}, ["jira"]),
        ({"rbac": {"secretNames": ["b", "rollout-reporter-jira"]}}, ["rollout-reporter-jira", "b"]),
    ],
)
def test_secrets_are_read_by_name_only(values: dict[str, Any], secrets: list[str]) -> None:
    assert roles(render(values))["Role", NAMESPACE, "rollout-reporter"] == own(*secrets)


@pytest.mark.parametrize("values", [{}, {"clusterName": "c", "watchNamespaces": ["pay", "shop"]}])
def test_each_role_is_bound_to_the_account_and_to_nobody_else(values: dict[str, Any]) -> None:
    made = render({**values, "serviceAccount": {"name": "reporter"}})
    account = [{"kind": "ServiceAccount", "name": "reporter", "namespace": NAMESPACE}]
    bound = {
        (each["roleRef"]["kind"], each["metadata"].get("namespace"), each["roleRef"]["name"])
        for each in made.objects
        if each["kind"] in {"RoleBinding", "ClusterRoleBinding"} and each["subjects"] == account
    }
    assert bound == set(roles(made))
    assert len(bound) == len(made.all("RoleBinding")) + len(made.all("ClusterRoleBinding"))


def viewers(made: Rendered) -> list[dict[str, Any]]:
    return [each for each in made.all("ClusterRole") if AGGREGATED in each["metadata"]["labels"]]


def test_who_may_view_workloads_may_view_reports() -> None:
    (role,) = viewers(render())
    assert role["rules"] == [rule("rollout-reporter.dev", ["rolloutreports", "jirasites"], READ)]
    assert role["metadata"]["name"] == f"rollout-reporter-view-{NAMESPACE}"


@pytest.mark.parametrize(
    "values",
    [
        {"rbac": {"aggregateToView": False}},
        {"rbac": {"create": False}},
        {"clusterName": "c", "watchNamespaces": ["pay"]},
    ],
)
def test_who_may_not_make_cluster_roles_makes_none(values: dict[str, Any]) -> None:
    assert not viewers(render(values))


def test_no_wildcard_anywhere() -> None:
    for rules in roles(render()).values():
        for each in rules:
            assert "*" not in [*each["apiGroups"], *each["resources"], *each["verbs"]]


def test_rights_can_be_left_to_others() -> None:
    made = render({"rbac": {"create": False}, "serviceAccount": {"create": False, "name": "given"}})
    assert not roles(made)
    assert not [each for each in made.objects if each["kind"].endswith("RoleBinding")]
    assert not made.all("ServiceAccount")
    assert made.one("Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == "given"


def test_the_table_of_the_readme_tells_each_right_and_no_other() -> None:
    made = render({"namespaceSelector": "team=pay"})
    granted = {(resource, verb) for rules in roles(made).values() for _, resource, verb in held(rules)}

    assert rights_of_the_table() == granted


def rights_of_the_table() -> set[tuple[str, str]]:
    """Resource and verb; where a row speaks of a status, too, its verbs follow a semicolon."""
    (section,) = re.findall(r"## What it may do\n(.*?)\n## ", README.read_text(), re.DOTALL)
    found: set[tuple[str, str]] = set()
    for line in section.splitlines():
        if "`" not in line or not line.startswith("|"):
            continue
        _, _, what, verbs, *_ = line.split("|")
        parts = verbs.split(";") if "their status" in what else [verbs]
        for part, suffix in zip(parts, ("", "/status"), strict=False):
            resources = [f"{each}{suffix}" for each in re.findall(r"`([a-z/]+)`", what)]
            found |= {(each, verb) for each in resources for verb in VERB.findall(part)}
    return found


def rights_of_the_readme(title: str) -> Rights:
    (text,) = re.findall(rf"<!-- {title} -->\s*```yaml\n(.*?)```", README.read_text(), re.DOTALL)
    return held(yaml.safe_load(text)["rules"])


def held(rules: list[dict[str, Any]]) -> Rights:
    return {
        (group, resource, verb)
        for each in rules
        for group in each["apiGroups"]
        for resource in each["resources"]
        for verb in each["verbs"]
    }


HELM = ("get", "list", "watch", "create", "update", "patch", "delete")
"""What Helm does with an object in all its life, as it waits for it to be ready or gone."""
WAITING = held([rule("", ["pods"], READ), rule("apps", ["replicasets"], READ)])


def needed(made: Rendered, namespace: str = NAMESPACE) -> Rights:
    """In one Namespace: to make, change and delete objects; and nobody can grant what they do not hold."""
    granted = [each for (_, where, _), rules in roles(made).items() if where == namespace for each in rules]
    return held(granted) | {
        (group, resource, verb)
        for each in made.objects
        if each["metadata"].get("namespace") == namespace
        for group, resource in [(each["apiVersion"].rpartition("/")[0], RESOURCES[each["kind"]])]
        for verb in (("get", "create", "delete") if resource == "pods" else HELM)
    }


RESOURCES = {
    "NetworkPolicy": "networkpolicies",
    **{
        kind: f"{kind.lower()}s"
        for kind in (
            *("ConfigMap", "Deployment", "Job", "JiraSite", "Pod", "PodDisruptionBudget", "PodMonitor"),
            *(
                "PrometheusRule",
                "Role",
                "RoleBinding",
                "Secret",
                "Service",
                "ServiceAccount",
                "ServiceMonitor",
            ),
        )
    },
}
NAMESPACED: dict[str, Any] = {
    "clusterName": "c",
    "watchNamespaces": ["pay"],
    "crds": {"enabled": False},
    "jira": {"siteURL": SITE, "clientId": "a", "clientSecret": "b"},
}
ALWAYS = {"enabled": True, "renderMode": "alwaysRender"}


def test_whoever_holds_the_rights_of_the_readme_can_install_and_needs_each_of_them() -> None:
    made = render({**NAMESPACED, "metrics": {"dashboards": {"enabled": True}}})
    without_test = Rendered(made.text, [each for each in made.objects if each["kind"] != "Pod"])

    assert needed(without_test) | WAITING == rights_of_the_readme("rights of who installs")
    assert needed(without_test, "pay") == rights_of_the_readme("rights in watched namespaces")


def test_options_need_what_the_readme_adds_and_no_more() -> None:
    base, more = (rights_of_the_readme(each) for each in ("rights of who installs", "rights for options"))
    missing: Rights = {("", "pods/log", "get")}  # helm test --logs
    for monitor in ("serviceMonitor", "podMonitor"):
        options = {
            "replicaCount": 2,
            "networkPolicy": {"enabled": True},
            "metrics": {monitor: ALWAYS, "prometheusRule": ALWAYS},
        }
        missing |= needed(render(NAMESPACED | options)) - base
    assert missing == more
