"""Writes the dashboard for Grafana: ``python -m observability.dashboard``."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from observability.paths import FILES

PAGE = FILES / "dashboard.json"

_OURS = 'namespace=~"$namespace", job=~"$job"'
_SITE = f'{_OURS}, site=~"$site"'
_BUILD = f"and on (job, instance) rollout_reporter_build_info{{{_OURS}}}"
"""Other programs have work queues and processes, too."""
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH, _HEIGHT = 24, 8


@dataclass(frozen=True)
class Query:
    """PromQL, and how its lines are called, as in `{{site}}`."""

    expression: str
    legend: str


@dataclass(frozen=True)
class Panel:
    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: str = "timeseries"


@dataclass(frozen=True)
class Row:
    title: str
    panels: tuple[Panel, ...]


def _panel(
    title: str, description: str, unit: str, *queries: tuple[str, str], kind: str = "timeseries"
) -> Panel:
    return Panel(title, description, unit, tuple(Query(*each) for each in queries), kind)


def _quantiles(metric: str, selector: str, by: str, *, only: str = "") -> list[tuple[str, str]]:
    buckets = f"rate({metric}_bucket{{{selector}}}[$__rate_interval]){only}"
    spread = f"sum by (le, {by}) ({buckets})"
    return [(f"histogram_quantile({q}, {spread})", f"p{q * 100:.0f} {{{{{by}}}}}") for q in (0.5, 0.99)]


def _counted(metric: str, selector: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}{{{selector}}}[$__rate_interval]))"


ROWS = (
    Row(
        "Delivery",
        (
            _panel(
                "Answered reports",
                "Updates that Jira answered, by outcome.",
                "ops",
                (_counted("rollout_reporter_reports_total", _SITE, "outcome"), "{{outcome}}"),
            ),
            _panel(
                "Delivery time",
                "From when an update was wanted until Jira answered it.",
                "s",
                *_quantiles("rollout_reporter_delivery_seconds", _SITE, "site"),
            ),
            _panel(
                "Waiting",
                "Jira deployments that wait for an answer of Jira's.",
                "short",
                (f"sum by (site) (rollout_reporter_waiting_deployments{{{_SITE}}})", "{{site}}"),
            ),
            _panel(
                "Oldest waiting",
                "More than ten minutes means that Jira shows an old state.",
                "s",
                (f"max by (site) (rollout_reporter_oldest_waiting_seconds{{{_SITE}}})", "{{site}}"),
            ),
        ),
    ),
    Row(
        "Sites",
        (
            _panel(
                "Trouble",
                "1 while a site cannot be reported to, by reason.",
                "short",
                (f"max by (site, reason) (rollout_reporter_site_trouble{{{_SITE}}})", "{{site}} {{reason}}"),
            ),
            _panel(
                "Requests in vain",
                "Requests to Jira that came to nothing.",
                "ops",
                (_counted("rollout_reporter_troubles_total", _SITE, "site, reason"), "{{site}} {{reason}}"),
            ),
            _panel(
                "Asked to wait",
                "What is left of the time for which a site wants to be left alone.",
                "s",
                (f"max by (site) (rollout_reporter_site_wait_seconds{{{_SITE}}})", "{{site}}"),
            ),
            _panel(
                "Access tokens",
                "Tokens asked for, by what came of it.",
                "ops",
                (
                    _counted("rollout_reporter_token_renewals_total", _SITE, "site, result"),
                    "{{site}} {{result}}",
                ),
            ),
        ),
    ),
    Row(
        "Workloads",
        (
            _panel(
                "Reported workloads",
                "Workloads that are reported, and Jira deployments that the journal lists.",
                "short",
                (f"sum(rollout_reporter_tracked_workloads{{{_OURS}}})", "workloads"),
                (f"sum(rollout_reporter_journal_entries{{{_OURS}}})", "journal"),
            ),
            _panel(
                "Not reported",
                "Workloads of which Jira does not hold what it should, by reason.",
                "short",
                (f"sum by (reason) (rollout_reporter_unreported_workloads{{{_OURS}}})", "{{reason}}"),
            ),
            _panel(
                "Under way",
                "Jira deployments whose end is still to come.",
                "short",
                (f"sum by (state) (rollout_reporter_open_deployments{{{_OURS}}})", "{{state}}"),
            ),
        ),
    ),
    Row(
        "Verdicts",
        (
            _panel(
                "Verdicts",
                "Judgements that changed what Jira should hold.",
                "ops",
                (_counted("rollout_reporter_verdicts_total", _OURS, "kind, state"), "{{kind}} {{state}}"),
            ),
            _panel(
                "Not as it should be",
                "Updates that Jira accepted and does not hold, and numbers too far ahead to be true.",
                "short",
                (f"sum(rollout_reporter_not_held_total{{{_OURS}}}) or vector(0)", "not held"),
                (f"sum(rollout_reporter_ignored_numbers_total{{{_OURS}}})", "numbers ignored"),
            ),
        ),
    ),
    Row(
        "Queues",
        (
            _panel(
                "Waiting keys",
                "Keys that wait for a worker.",
                "short",
                (f"workqueue_depth{{{_OURS}}} {_BUILD}", "{{name}}"),
            ),
            _panel(
                "Work",
                "Keys that were worked on.",
                "ops",
                (
                    f"rate(workqueue_work_duration_seconds_count{{{_OURS}}}[$__rate_interval]) {_BUILD}",
                    "{{name}}",
                ),
            ),
            _panel(
                "Duration of work",
                "Time that workers took for a key.",
                "s",
                *_quantiles("workqueue_work_duration_seconds", _OURS, "name", only=f" {_BUILD}"),
            ),
            _panel(
                "Slowest worker",
                "More than some seconds mean that a worker is stuck.",
                "s",
                (f"workqueue_longest_running_processor_seconds{{{_OURS}}} {_BUILD}", "{{name}}"),
            ),
        ),
    ),
    Row(
        "Leadership and watch",
        (
            _panel(
                "Leader",
                "Which pod leads; their sum should be 1.",
                "short",
                (f"rollout_reporter_leader{{{_OURS}}}", "{{instance}}"),
            ),
            _panel(
                "Watching",
                "1 while a pod watches workloads.",
                "short",
                (f"rollout_reporter_watch_running{{{_OURS}}}", "{{instance}}"),
            ),
            _panel(
                "Restarts of the watch",
                "Times that it began anew.",
                "short",
                (
                    f"increase(rollout_reporter_watch_restarts_total{{{_OURS}}}[$__rate_interval])",
                    "{{instance}}",
                ),
            ),
            _panel(
                "Errors of the Kubernetes API",
                "Work on a workload that was begun again; a few conflicts are normal.",
                "ops",
                (
                    f"{_counted('rollout_reporter_api_errors_total', _OURS, 'error')} or vector(0)",
                    "{{error}}",
                ),
            ),
        ),
    ),
    Row(
        "Process",
        (
            _panel(
                "Memory",
                "Resident memory.",
                "bytes",
                (f"process_resident_memory_bytes{{{_OURS}}} {_BUILD}", "{{instance}}"),
            ),
            _panel(
                "CPU",
                "Cores in use.",
                "short",
                (f"rate(process_cpu_seconds_total{{{_OURS}}}[$__rate_interval]) {_BUILD}", "{{instance}}"),
            ),
            _panel(
                "Open files",
                "Files and connections.",
                "short",
                (f"process_open_fds{{{_OURS}}} {_BUILD}", "{{instance}}"),
            ),
            _panel(
                "Version",
                "What runs where.",
                "short",
                (f"rollout_reporter_build_info{{{_OURS}}}", "{{version}} {{instance}}"),
                kind="stat",
            ),
        ),
    ),
)


def dashboard() -> dict[str, Any]:
    return {
        "uid": "rollout-reporter",
        "title": "Rollout Reporter for Jira",
        "description": "Whether Jira hears of rollouts, how fast, and what keeps it from hearing.",
        "tags": ["rollout-reporter", "jira"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": list(_variables())},
        "links": [],
        "annotations": {"list": []},
        "panels": list(_laid_out()),
    }


def _variables() -> Iterator[dict[str, Any]]:
    yield {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
    of_build = "label_values(rollout_reporter_build_info"
    yield _variable("namespace", f"{of_build}, namespace)")
    yield _variable("job", f'{of_build}{{namespace=~"$namespace"}}, job)')
    yield _variable("site", f"label_values(rollout_reporter_waiting_deployments{{{_OURS}}}, site)")


def _variable(name: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _laid_out() -> Iterator[dict[str, Any]]:
    """Rows below each other, the panels of a row beside each other."""
    number, top = 0, 0
    for row in ROWS:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": top, "w": _WIDTH, "h": 1},
        }
        width = _WIDTH // len(row.panels)
        for column, panel in enumerate(row.panels):
            number += 1
            place = {"x": column * width, "y": top + 1, "w": width, "h": _HEIGHT}
            yield _drawn(panel) | {"id": number, "gridPos": place}
        top += 1 + _HEIGHT


def _drawn(panel: Panel) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + index), "expr": query.expression, "legendFormat": query.legend}
        | {"datasource": _SOURCE}
        for index, query in enumerate(panel.queries)
    ]
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}
        if panel.kind == "timeseries"
        else {"textMode": "name", "colorMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}},
        "targets": targets,
    }


def text() -> str:
    return json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(text())
