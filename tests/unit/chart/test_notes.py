"""What a user reads after the installation."""

import json
from typing import Any

import pytest

from unit.chart.helm import CHART, SITE, notes

WELL_SET = {"jira": {"siteURL": SITE, "existingSecret": "jira"}}


def test_the_next_commands_can_be_pasted() -> None:
    said = notes(WELL_SET)
    for command in (
        "kubectl -n reporting get jirasites",
        "kubectl -n reporting logs deployment/rollout-reporter",
        "annotate deployment my-app rollout-reporter.dev/issue-keys=ABC-123",
        "wait deployment my-app --for=condition=rollout-reporter.dev/Reported",
        "kubectl get rolloutreports -A",
        "helm test rollout-reporter -n reporting --logs",
    ):
        assert command in said


def test_the_users_own_names_are_used() -> None:
    said = notes(
        {**WELL_SET, "clusterName": "c", "watchNamespaces": ["pay", "shop"], "fullnameOverride": "rr"}
    )
    assert "watches pay, shop." in said
    assert "kubectl -n pay annotate deployment" in said
    assert "kubectl get rolloutreports -n pay" in said
    assert "logs deployment/rr" in said


def test_the_log_is_that_of_all_pods() -> None:
    """Of a Deployment kubectl takes one pod, which may be the standby."""
    said = notes({**WELL_SET, "replicaCount": 2})
    assert "kubectl -n reporting logs -l app.kubernetes.io/name=rollout-reporter --prefix --tail=-1" in said


def test_a_flag_of_get_stands_behind_it() -> None:
    """-A is none of kubectl's own, and `kubectl -A get` is refused."""
    for values in (WELL_SET, {}, {**WELL_SET, "dryRun": True}):
        assert "kubectl -A" not in notes(values)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, ", and watches the whole cluster."),
        ({"namespaceSelector": "team=pay"}, ", and watches the namespaces with team=pay."),
        (
            {"excludeNamespaces": ["kube-*", "test"]},
            ", and watches the whole cluster, without kube-*, test.",
        ),
    ],
)
def test_what_is_watched_is_said(values: dict[str, Any], sentence: str) -> None:
    assert sentence in notes(values)


def test_the_dashboard_is_named_where_there_is_one() -> None:
    title = json.loads((CHART / "files" / "dashboard.json").read_text())["title"]

    assert title in notes({"metrics": {"dashboards": {"enabled": True}}})
    assert "Grafana" not in notes(WELL_SET)


@pytest.mark.parametrize("values", [{}, WELL_SET, {"metrics": {"dashboards": {"enabled": True}}}])
def test_what_comes_last_stands_apart(values: dict[str, Any]) -> None:
    assert "\n\nIf something is wrong:\n\n" in notes(values)


def test_without_a_default_site_the_workload_names_one() -> None:
    """Else its condition would say that there is no such site."""
    sites = [{"name": name, "siteURL": SITE, "existingSecret": "b"} for name in ("acquired", "other")]
    named = "issue-keys=ABC-123 rollout-reporter.dev/site=acquired"
    assert named in notes({"jira": {"sites": sites}})
    assert "rollout-reporter.dev/site=" not in notes({"jira": {"siteURL": SITE, "sites": sites}})


def test_nobody_waits_for_what_cannot_come() -> None:
    assert "condition=rollout-reporter.dev/Reported=Unknown" in notes({**WELL_SET, "dryRun": True})
    assert "kubectl -n my-namespace wait" not in notes({**WELL_SET, "replicaCount": 0})


def test_no_condition_is_promised_that_does_not_come() -> None:
    assert "condition=" not in notes({**WELL_SET, "conditions": {"onWorkloads": False}})


def test_nothing_is_wrong_when_all_is_set() -> None:
    assert "!!" not in notes(WELL_SET)
    assert "!!" not in notes({"jira": {"sites": [{"name": "a", "siteURL": SITE, "existingSecret": "b"}]}})


@pytest.mark.parametrize(
    ("values", "warning"),
    [
        ({}, "NO JIRA SITE IS SET"),
        ({"jira": {"siteURL": SITE}}, "NO CREDENTIALS ARE SET"),
        (
            {"jira": {"siteURL": SITE, "clientId": "a", "clientSecret": "b"}},
            "stands in this release's values",
        ),
        ({**WELL_SET, "dryRun": True}, "dryRun is on"),
        ({**WELL_SET, "replicaCount": 0}, "the operator does not run"),
        ({**WELL_SET, "crds": {"enabled": False}}, "neither installs nor upgrades the CRDs"),
        (
            {**WELL_SET, "metrics": {"prometheusRule": {"enabled": True, "renderMode": "alwaysRender"}}},
            "unless something else scrapes the\n   operator, RolloutReporterNotReporting fires for ever",
        ),
        (
            {**WELL_SET, "metrics": {"serviceMonitor": {"enabled": True}}},
            "metrics.serviceMonitor is enabled, but this cluster serves no ServiceMonitor",
        ),
        (
            {**WELL_SET, "clusterName": "c", "watchNamespaces": ["a"]},
            "No ValidatingAdmissionPolicy limits the operator's right",
        ),
    ],
)
def test_what_is_missing_is_said_loudly(values: dict[str, Any], warning: str) -> None:
    assert "!! " in notes(values)
    assert warning in notes(values)


def test_the_missing_secret_comes_with_its_command() -> None:
    values: dict[str, Any] = {
        "jira": {"siteURL": SITE, "secretKeys": {"clientId": "id", "clientSecret": "word"}}
    }
    said = notes(values)
    assert "kubectl -n reporting create secret generic rollout-reporter-jira" in said
    assert "--from-literal=id=… --from-literal=word=…" in said
    del values["jira"]["siteURL"]
    assert "--from-literal=id=… --from-literal=word=…" in notes(values)
    assert "the-word" not in notes({"jira": {"siteURL": SITE, "clientId": "a", "clientSecret": "the-word"}})
