"""Who raises a version here or there is told of the other places."""

import re
from pathlib import Path

import pytest
import yaml

from schemas.versions import VERSIONS
from unit.chart.helm import CHART

WORKFLOW = Path(__file__).parents[2] / ".github" / "workflows" / "ci.yml"


def test_the_chart_is_judged_for_the_lowest_that_it_admits_and_all_that_it_is_tried_on() -> None:
    tried = yaml.safe_load(WORKFLOW.read_text())["jobs"]["kind"]["strategy"]["matrix"]["kubernetes"]
    admitted = re.search(
        r">=(\d+\.\d+)\.0-0", yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"]
    )
    assert admitted is not None
    assert set(VERSIONS) == {admitted[1], *tried}


@pytest.mark.parametrize("minor", VERSIONS)
def test_what_is_pinned_is_a_patch_of_that_minor(minor: str) -> None:
    assert VERSIONS[minor].version.startswith(f"v{minor}.")
