"""Both Helms take the chart, and make the same of it."""

from typing import Any

import pytest

from unit.chart.helm import KNOWING_CLUSTER, NEW_CLUSTER, lint, render
from unit.chart.scenarios import SCENARIOS


@pytest.fixture(params=list(SCENARIOS.values()), ids=list(SCENARIOS))
def values(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_lint_finds_nothing(values: dict[str, Any]) -> None:
    done = lint("helm", values)
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout


def test_nor_does_that_of_helm_3() -> None:
    done = lint("helm3", SCENARIOS["site"])
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout


def test_helm_3_renders_the_same(values: dict[str, Any]) -> None:
    kinds = NEW_CLUSTER if "crds" not in values else KNOWING_CLUSTER
    assert render(values, kinds=kinds, helm="helm3").objects == render(values, kinds=kinds).objects
