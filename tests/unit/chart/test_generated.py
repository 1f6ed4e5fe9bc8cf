"""What is generated from the chart is fresh."""

import json
from textwrap import dedent

import yaml

from unit.chart.helm import CHART, TREE, manifests
from unit.chart.values_table import DEFAULTS, README, Row, defaults, renewed, rows, undescribed

AS_IN_A_POD = {
    "values.resources",
    "values.hooks.resources",
    "values.affinity",
    "values.dnsConfig",
    "values.strategy",
}
"""With the fields that Kubernetes gives them in the schema, whatever the values hold of them."""
HIDDEN = {"enabled"}
"""What a chart that depends on this one needs, and nobody else."""
VALUES = (CHART / "values.yaml").read_text()


def test_the_table_of_values_is_fresh() -> None:
    readme = README.read_text()
    assert readme == renewed(readme, VALUES), "run: make generate"


def test_what_an_empty_value_means_is_fresh() -> None:
    assert DEFAULTS.read_text() == defaults(VALUES), "run: make generate"


def test_an_empty_value_means_its_default_and_nothing_where_it_is_kubernetes_own() -> None:
    values = dedent("""
        outer:
          # -- A list.
          inner: [a]
        # -- A mapping.
        whole:
          part: 1
    """)
    assert yaml.safe_load(defaults(values)) == {"outer": {"inner": ["a"]}, "whole": {}}


def test_every_value_is_described() -> None:
    assert undescribed(VALUES) == []


def test_every_value_has_a_schema() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    for name in HIDDEN:
        del schema["properties"][name]
    _assert_covered(yaml.safe_load(VALUES), schema, "values")


def _assert_covered(value: object, schema: dict[str, object], where: str) -> None:
    properties = schema.get("properties")
    if isinstance(value, dict) and isinstance(properties, dict):
        assert value.keys() == properties.keys() or where in AS_IN_A_POD, where
        for name in value:
            _assert_covered(value[name], properties[name], f"{where}.{name}")


def test_a_table_is_made_of_the_comments() -> None:
    values = dedent("""
        # Ours alone.
        outer:
          # -- The first
          # of two.
          inner: ""
          # no description
          bare: 1
        # -- All of it.
        whole:
          part: [a]
    """)
    assert rows(values) == [
        Row("outer.inner", '""', "The first of two."),
        Row("whole", '{"part": ["a"]}', "All of it."),
    ]
    assert undescribed(values) == ["outer.bare"]


def test_the_manifests_are_fresh() -> None:
    assert (TREE / "manifests" / "install.yaml").read_text() == manifests(), "run: make generate"


def test_kubectl_applies_no_hook() -> None:
    """It would run the clean-up of an uninstallation at once."""
    assert "helm.sh/hook" not in (TREE / "manifests" / "install.yaml").read_text()


def test_the_manifests_go_into_the_namespace_beside_them() -> None:
    namespace = yaml.safe_load((TREE / "manifests" / "namespace.yaml").read_text())["metadata"]["name"]
    installed = yaml.safe_load_all((TREE / "manifests" / "install.yaml").read_text())
    found = {each["metadata"].get("namespace", namespace) for each in installed if each}
    assert found == {namespace}
