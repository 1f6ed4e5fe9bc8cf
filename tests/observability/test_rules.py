"""The alerts, judged by Prometheus' own tool over invented series."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from controlplane.binaries import binary_path
from observability.dashboard import ROWS, Panel
from observability.paths import RULES
from observability.promtool import promtool

pytestmark = pytest.mark.timeout(60, func_only=True)  # the fixture may have to build

STORIES = Path(__file__).with_name("rules_test.yaml")


@pytest.fixture(scope="module", autouse=True)
def _prometheus_own_tool() -> None:
    binary_path("promtool")


def test_prometheus_finds_no_fault_with_the_rules() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)


def test_alerts_fire_when_they_should_and_keep_still_when_not() -> None:
    promtool("test", "rules", STORIES)


@pytest.mark.parametrize("fires", [True, False])
def test_each_alert_is_seen_to_fire_and_to_keep_still(fires: bool) -> None:  # noqa: FBT001 (pytest's way)
    seen = {each["alertname"] for each in looks() if bool(each.get("exp_alerts")) is fires}
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]

    assert seen == {rule["alert"] for rule in rules}


def looks() -> list[dict[str, Any]]:
    stories = yaml.safe_load(STORIES.read_text())["tests"]
    return [look for story in stories for look in story["alert_rule_test"]]


@pytest.mark.parametrize("panel", [p for row in ROWS for p in row.panels], ids=lambda panel: panel.title)
def test_prometheus_understands_what_the_dashboard_asks(panel: Panel) -> None:
    for query in panel.queries:
        asked = query.expression.replace("$__rate_interval", "5m")
        promtool("promql", "--experimental", "format", asked)
