"""What is generated is fresh, and speaks of metrics that there are."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from observability import dashboard, metrics, metrics_page
from observability.paths import RULES, RUNBOOKS

ALERTS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
RUNBOOK_URL = "https://github.com/rollout-reporter/rollout-reporter/blob/main/docs/runbooks"
OF_PYTHON = {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"}

alerts = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])


def test_the_page_of_metrics_is_fresh() -> None:
    assert metrics_page.PAGE.read_text() == metrics_page.page(), "run: make generate"


def test_the_dashboard_is_fresh() -> None:
    assert dashboard.PAGE.read_text() == dashboard.text(), "run: make generate"


def test_each_metric_has_one_row_on_the_page() -> None:
    named = re.findall(r"^\| `(\w+)`", metrics_page.page(), re.MULTILINE)
    described = [*metrics.of_every_process(), *metrics.of_the_leader()]

    assert named == [each.name for each in described]
    assert len(named) == len(set(named))


def test_each_metric_says_in_a_sentence_what_it_means() -> None:
    described = [*metrics.of_every_process(), *metrics.of_the_leader()]

    assert [each.name for each in described if not re.fullmatch(r"[A-Z1].*\.", each.help)] == []


@pytest.mark.parametrize("label", ["issue", "revision", "workload", "deployment", "pipeline", "environment"])
def test_no_label_grows_with_what_is_reported(label: str) -> None:
    described = [*metrics.of_every_process(), *metrics.of_the_leader()]

    assert [each.name for each in described if label in each.labels] == []


def test_the_dashboard_asks_for_metrics_that_there_are() -> None:
    asked = {name for query in queries() for name in names_in(query.expression)}

    assert asked <= metrics.series() | OF_PYTHON


def test_nothing_on_the_dashboard_lies_over_anything_else() -> None:
    taken = [
        (x, y)
        for panel in json.loads(dashboard.text())["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


@alerts
def test_an_alert_asks_for_metrics_that_there_are(alert: dict[str, Any]) -> None:
    assert set(names_in(alert["expr"])) <= metrics.series()


@alerts
def test_an_alert_tells_what_is_wrong_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    assert "for" in alert
    assert alert["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert alert["annotations"]["runbook_url"] == f"{RUNBOOK_URL}/{alert['alert']}.md"


@alerts
def test_a_runbook_says_what_is_meant_what_it_does_how_to_look_and_how_to_cure(alert: dict[str, Any]) -> None:
    page = (RUNBOOKS / f"{alert['alert']}.md").read_text()

    assert page.startswith(f"# {alert['alert']}\n\n**Meaning.** ")
    assert page.index("\n**Impact.** ") < page.index("\n## Diagnosis\n") < page.index("\n## Cure\n")
    assert "```sh\n" in page


def test_there_is_no_runbook_without_its_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {alert["alert"] for alert in ALERTS}


def test_runbooks_ask_for_metrics_that_there_are() -> None:
    pages = "".join(path.read_text() for path in RUNBOOKS.glob("*.md"))
    told = re.findall(r"`(\w+)(?:\{.*\})?` ", pages)
    asked = [*names_in(pages), *(name for name in told if name.startswith("rollout_reporter_"))]

    assert set(asked) - {"process_cpu_seconds_total"} <= metrics.series()


def queries() -> Iterator[dashboard.Query]:
    for row in dashboard.ROWS:
        for panel in row.panels:
            yield from panel.queries


def names_in(expression: str) -> list[str]:
    """Names of series in PromQL."""
    return re.findall(r"\b(?:rollout_reporter|workqueue|process)_\w*[a-z]\b", expression)
