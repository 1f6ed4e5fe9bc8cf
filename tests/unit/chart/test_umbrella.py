"""The chart as a part of somebody else's."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from unit.chart.helm import CHART, Values, render_umbrella

PROBE = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: seen}\ndata: {global: '{{ toJson .Values.global }}'}\n"
)


@pytest.fixture(scope="module")
def umbrella(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart that depends on ours under a condition, and shows what it sees of `global`."""
    folder = tmp_path_factory.mktemp("umbrella")
    ours = yaml.safe_load((CHART / "Chart.yaml").read_text())
    needed = {"name": ours["name"], "version": ours["version"], "condition": "rollout-reporter.enabled"}
    chart = {"apiVersion": "v2", "name": "umbrella", "version": "1.0.0", "dependencies": [needed]}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(chart))
    shutil.copytree(CHART, folder / "charts" / ours["name"])
    (folder / "templates").mkdir()
    (folder / "templates" / "seen.yaml").write_text(PROBE)
    return folder


@pytest.mark.parametrize("helm", ["helm", "helm3"])
@pytest.mark.parametrize(
    ("values", "deployments"), [({}, 1), ({"enabled": True}, 1), ({"enabled": False}, 0)]
)
def test_it_comes_on_condition(umbrella: Path, helm: str, values: Values, deployments: int) -> None:
    made = render_umbrella(umbrella, {"rollout-reporter": values}, helm=helm)
    assert len(made.all("Deployment")) == deployments


@pytest.mark.parametrize("helm", ["helm", "helm3"])
@pytest.mark.parametrize("ours", [{"metrics": None}, {"metrics": {"port": None}}, {"livenessProbe": None}])
def test_an_empty_value_means_its_default_there_too(umbrella: Path, helm: str, ours: dict[str, Any]) -> None:
    made = render_umbrella(umbrella, {"rollout-reporter": ours}, helm=helm)
    assert made.objects == render_umbrella(umbrella, {}, helm=helm).objects


def test_what_all_charts_share_is_left_as_it_was(umbrella: Path) -> None:
    seen = render_umbrella(umbrella, {"global": {"imageRegistry": "r.test"}}).named("ConfigMap", "seen")
    assert seen["data"]["global"] == '{"imageRegistry":"r.test"}'
