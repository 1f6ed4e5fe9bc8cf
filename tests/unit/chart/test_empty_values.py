"""A value that is left empty, as when all below it is commented out, means its default."""

from typing import Any, Final

import pytest
import yaml

from unit.chart.helm import CHART, SITE, Values, container, render
from unit.chart.values_table import DEFAULTS

VALUES: Final[Values] = yaml.safe_load((CHART / "values.yaml").read_text())
MEANT: Final[Values] = yaml.safe_load(DEFAULTS.read_text())


def branches(values: Values, *path: str) -> list[tuple[str, ...]]:
    """Each value at the top, and each mapping below it."""
    found = []
    for name, value in values.items():
        here = (*path, name)
        if not path or isinstance(value, dict):
            found.append(here)
        if isinstance(value, dict):
            found += branches(value, *here)
    return found


def at(values: Values, path: tuple[str, ...]) -> Any:
    for name in path:
        values = values[name]
    return values


def nested(path: tuple[str, ...], value: object) -> Values:
    first, *rest = path
    return {first: nested(tuple(rest), value) if rest else value}


def emptied(values: Values) -> Values:
    """The same with nothing in all its ends."""
    return {
        name: emptied(value) if value and isinstance(value, dict) else None for name, value in values.items()
    }


@pytest.mark.parametrize("path", branches(MEANT), ids=".".join)
def test_nothing_is_the_default(path: tuple[str, ...]) -> None:
    made = render(nested(path, None))
    if at(MEANT, path) == at(VALUES, path):
        assert made.objects == render().objects


def test_what_is_kubernetes_own_can_be_done_without() -> None:
    own = ("podSecurityContext", "securityContext", "resources", "strategy")
    made = render({**dict.fromkeys(own), "hooks": {"resources": None}})
    spec = made.one("Deployment")["spec"]
    assert "strategy" not in spec
    assert spec["template"]["spec"]["securityContext"] == {}
    assert container(made)["securityContext"] == container(made)["resources"] == {}
    assert made.one("Pod")["spec"]["containers"][0]["resources"] == {}


def test_every_template_begins_with_filling_them_in() -> None:
    """Nobody promises which one is rendered first."""
    templates = [path for path in (CHART / "templates").rglob("*.*") if path.suffix in {".yaml", ".txt"}]
    assert len(templates) > 20
    for path in templates:
        assert path.read_text().startswith('{{- include "rollout-reporter.complete" . -}}\n'), path.name


def test_all_may_be_empty_at_once() -> None:
    assert len(render(emptied(VALUES)).objects) == len(render().objects)


def test_so_it_is_where_everything_is_switched_on() -> None:
    always = {"enabled": True, "renderMode": "alwaysRender"}
    switches: Values = {
        "jira": {"siteURL": SITE},
        "replicaCount": 2,
        "networkPolicy": {"enabled": True},
        "caBundle": {"configMapName": "ca"},
        "proxy": {"httpsProxy": "http://proxy.test"},
        "metrics": {"podMonitor": always, "prometheusRule": always, "dashboards": {"enabled": True}},
    }
    made, meant = render(_joined(emptied(MEANT), switches)), render(switches)
    assert [each["kind"] for each in made.objects] == [each["kind"] for each in meant.objects]
    for kind in ("NetworkPolicy", "PodDisruptionBudget", "PodMonitor", "PrometheusRule", "JiraSite"):
        assert made.one(kind) == meant.one(kind)


def _joined(values: Values, more: Values) -> Values:
    both = {
        name: _joined(values[name], more[name])
        for name in values.keys() & more.keys()
        if isinstance(values[name], dict)
    }
    return {**values, **more, **both}
