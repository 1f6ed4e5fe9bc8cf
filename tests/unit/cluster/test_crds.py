from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rollout_reporter.cluster.crd import jira_site_crd, rollout_report_crd

CHART = Path(__file__).parents[3] / "charts" / "rollout-reporter"
CRDS = {"jirasites": jira_site_crd(), "rolloutreports": rollout_report_crd()}

STRUCTURAL = {
    "type",
    "description",
    "properties",
    "items",
    "required",
    "enum",
    "default",
    "format",
    "pattern",
}
STRUCTURAL |= {"minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"}

Schema = dict[str, Any]


def schema_of(crd: Schema) -> Schema:
    schema: Schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def nodes(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Each schema within a schema."""
    yield path or ".", schema
    for name, each in schema.get("properties", {}).items():
        yield from nodes(each, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from nodes(schema["additionalProperties"], f"{path}.*")


@pytest.mark.parametrize("plural", CRDS)
def test_the_chart_ships_what_the_code_generates(plural: str) -> None:
    shipped = yaml.safe_load((CHART / "files" / "crds" / f"{plural}.yaml").read_text())

    assert shipped == CRDS[plural], "stale: run `make generate`"


@pytest.mark.parametrize("plural", CRDS)
def test_each_part_of_a_schema_is_structural(plural: str) -> None:
    allowed = {
        "type",
        "description",
        "properties",
        "items",
        "required",
        "enum",
        "default",
        "format",
        "pattern",
    }
    allowed |= {"minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"}
    odd = {
        path: set(node) - allowed
        for path, node in nodes(schema_of(CRDS[plural]))
        if any(not key.startswith("x-kubernetes-") for key in set(node) - allowed)
    }
    typeless = [
        path for path, node in nodes(schema_of(CRDS[plural])) if not isinstance(node.get("type"), str)
    ]

    assert odd == {}
    assert typeless == []


@pytest.mark.parametrize("plural", CRDS)
def test_nothing_may_be_null(plural: str) -> None:
    for path, node in nodes(schema_of(CRDS[plural])):
        assert node["type"] != "null", path
        assert None not in node.get("enum", []), path
        assert node.get("default", ...) is not None, path


@pytest.mark.parametrize("plural", CRDS)
def test_conditions_are_a_map_by_type(plural: str) -> None:
    conditions = schema_of(CRDS[plural])["properties"]["status"]["properties"]["conditions"]

    assert conditions["x-kubernetes-list-type"] == "map"
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]
    assert "type" in conditions["items"]["required"]


@pytest.mark.parametrize("plural", CRDS)
def test_no_other_list_pretends_to_be_a_map(plural: str) -> None:
    maps = [path for path, node in nodes(schema_of(CRDS[plural])) if "x-kubernetes-list-map-keys" in node]

    assert maps == [".status.conditions"]


@pytest.mark.parametrize("plural", CRDS)
def test_the_status_is_a_subresource_of_its_own(plural: str) -> None:
    [version] = CRDS[plural]["spec"]["versions"]

    assert version["subresources"] == {"status": {}}
    assert version["served"]
    assert version["storage"]


@pytest.mark.parametrize(
    ("plural", "kind", "columns"),
    [
        ("jirasites", "JiraSite", ["READY", "REASON", "CLOUD-ID", "AGE"]),
        (
            "rolloutreports",
            "RolloutReport",
            ["WORKLOAD", "ISSUES", "ENVIRONMENT", "REVISION", "STATE", "REPORTED", "REASON", "AGE"],
        ),
    ],
)
def test_people_find_it_by_its_names_and_see_the_promised_columns(
    plural: str, kind: str, columns: list[str]
) -> None:
    spec = CRDS[plural]["spec"]

    assert CRDS[plural]["metadata"]["name"] == f"{plural}.rollout-reporter.dev"
    assert spec["scope"] == "Namespaced"
    assert spec["names"]["kind"] == kind
    assert spec["names"]["categories"] == ["rollout-reporter"]
    assert [each["name"] for each in spec["versions"][0]["additionalPrinterColumns"]] == columns


@pytest.mark.parametrize("plural", CRDS)
def test_each_printed_column_exists_in_the_schema(plural: str) -> None:
    [version] = CRDS[plural]["spec"]["versions"]
    known = {path for path, _ in nodes(schema_of(CRDS[plural]))} | {".metadata.creationTimestamp"}
    printed = [each["jsonPath"] for each in version["additionalPrinterColumns"]]
    plain = [path for path in printed if "[?" not in path]

    assert set(plain) <= known
    assert all(path.startswith(".status.conditions[?(@.type=='") for path in set(printed) - set(plain))


def test_a_site_needs_its_address_and_the_name_of_a_secret_and_nothing_else() -> None:
    spec = schema_of(CRDS["jirasites"])["properties"]["spec"]

    assert set(spec["required"]) == {"siteURL", "credentialsSecretRef"}
    assert spec["properties"]["credentialsSecretRef"]["required"] == ["name"]
    assert spec["properties"]["apiURL"]["default"] == "https://api.atlassian.com"
