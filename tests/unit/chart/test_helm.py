"""Both Helms take the chart, and make the same of it."""

from typing import Any

import pytest

from unit.chart.helm import KNOWING_CLUSTER, NEW_CLUSTER, SITE, lint, render

SCENARIOS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "site": {"jira": {"siteURL": SITE, "existingSecret": "jira"}},
    "namespaced": {"clusterName": "c", "watchNamespaces": ["a", "b"], "jira": {"siteURL": SITE}},
    "trying": {
        "jira": {
            "siteURL": "http://127.0.0.1:1",
            "apiURL": "http://127.0.0.1:1",
            "clientId": "a",
            "clientSecret": "b",
        }
    },
}


@pytest.fixture(params=list(SCENARIOS.values()), ids=list(SCENARIOS))
def values(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


@pytest.mark.parametrize("helm", ["helm", "helm3"])
def test_lint_finds_nothing(helm: str, values: dict[str, Any]) -> None:
    done = lint(helm, values)
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout


@pytest.mark.parametrize("kinds", [(), NEW_CLUSTER, KNOWING_CLUSTER])
def test_helm_3_renders_the_same(values: dict[str, Any], kinds: tuple[str, ...]) -> None:
    four = render(values, kinds=kinds)
    three = render(values, kinds=kinds, helm="helm3")
    assert three.objects == four.objects
