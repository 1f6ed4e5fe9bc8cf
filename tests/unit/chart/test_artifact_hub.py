"""What Artifact Hub shows of the chart is what the chart has."""

from typing import Any

import pytest
import yaml

from unit.chart.helm import CHART, render

ABOUT = yaml.safe_load((CHART / "Chart.yaml").read_text())
CRDS = [yaml.safe_load(path.read_text()) for path in sorted((CHART / "files" / "crds").glob("*.yaml"))]


def annotation(name: str) -> Any:
    return yaml.safe_load(ABOUT["annotations"][f"artifacthub.io/{name}"])


def test_the_image_is_the_one_that_runs() -> None:
    [container] = render().one("Deployment")["spec"]["template"]["spec"]["containers"]

    assert [each["image"] for each in annotation("images")] == [container["image"]]


def test_the_kinds_are_those_that_are_installed() -> None:
    listed = {(each["kind"], each["version"], each["name"]) for each in annotation("crds")}

    assert listed == {
        (crd["spec"]["names"]["kind"], version["name"], crd["metadata"]["name"])
        for crd in CRDS
        for version in crd["spec"]["versions"]
    }


@pytest.mark.parametrize("example", annotation("crdsExamples"), ids=lambda each: each["kind"])
def test_an_example_has_what_its_kind_asks_for_and_nothing_that_it_does_not_know(
    example: dict[str, Any],
) -> None:
    [crd] = [each for each in CRDS if each["spec"]["names"]["kind"] == example["kind"]]
    [version] = crd["spec"]["versions"]
    fields = version["schema"]["openAPIV3Schema"]["properties"]["spec"]

    assert example["apiVersion"] == f"{crd['spec']['group']}/{version['name']}"
    assert set(fields["required"]) <= set(example["spec"]) <= set(fields["properties"])
