"""What a user reads after the installation."""

from typing import Any

import pytest

from unit.chart.helm import SITE, notes

WELL_SET = {"jira": {"siteURL": SITE, "existingSecret": "jira"}}


def test_the_next_commands_can_be_pasted() -> None:
    said = notes(WELL_SET)
    for command in (
        "kubectl -n reporting get jirasites",
        "kubectl -n reporting logs deployment/rollout-reporter",
        "annotate deployment my-app rollout-reporter.dev/issue-keys=ABC-123",
        "wait deployment my-app --for=condition=rollout-reporter.dev/Reported",
        "kubectl -A get rolloutreports",
        "helm test rollout-reporter -n reporting --logs",
    ):
        assert command in said


def test_the_users_own_names_are_used() -> None:
    said = notes(
        {**WELL_SET, "clusterName": "c", "watchNamespaces": ["pay", "shop"], "fullnameOverride": "rr"}
    )
    assert "watches pay, shop." in said
    assert "kubectl -n pay annotate deployment" in said
    assert "kubectl -n pay get rolloutreports" in said
    assert "logs deployment/rr" in said


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
        ({"crds": {"enabled": False}}, "neither installs nor upgrades the CRDs"),
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
    values = {"jira": {"siteURL": SITE, "secretKeys": {"clientId": "id", "clientSecret": "word"}}}
    said = notes(values)
    assert "kubectl -n reporting create secret generic rollout-reporter-jira" in said
    assert "--from-literal=id=… --from-literal=word=…" in said
    assert "the-word" not in notes({"jira": {"siteURL": SITE, "clientId": "a", "clientSecret": "the-word"}})
