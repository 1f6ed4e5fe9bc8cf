"""OpenAPI becomes schemas that refuse what an API server would drop, and take all that it takes."""

from typing import Any

import pytest

from schemas.published import Kind, kinds_of_crd, kinds_of_openapi
from schemas.strict import Schema, strict

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}


def closed(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def opened(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("published", "made"),
    [
        (opened(a=TEXT), closed(a=TEXT)),
        (opened(a=opened(b=TEXT)), closed(a=closed(b=TEXT))),
        ({"type": "array", "items": opened(a=TEXT)}, {"type": "array", "items": closed(a=TEXT)}),
        ({"additionalProperties": opened(a=TEXT)}, {"additionalProperties": closed(a=TEXT)}),
        ({"type": "object"}, {"type": "object"}),
        ({"type": "object", "additionalProperties": TEXT}, {"type": "object", "additionalProperties": TEXT}),
    ],
)
def test_an_object_takes_the_fields_that_it_knows(published: Schema, made: Schema) -> None:
    assert strict(published) == made


def test_what_keeps_unknown_fields_takes_them() -> None:
    keeping = {**opened(a=opened(b=TEXT)), "x-kubernetes-preserve-unknown-fields": True}
    assert strict(keeping) == {**keeping, "properties": {"a": closed(b=TEXT)}}


def test_a_condition_on_some_fields_forbids_no_others() -> None:
    either = {"anyOf": [{"properties": {"a": {"minLength": 1}}, "required": ["a"]}, {"required": ["b"]}]}
    assert strict({**opened(a=TEXT, b=TEXT), **either}) == {**closed(a=TEXT, b=TEXT), **either}


def test_descriptions_go_but_not_a_field_of_that_name() -> None:
    assert strict({**opened(description={**TEXT, "description": "x"}), "description": "y"}) == closed(
        description=TEXT
    )


def test_what_may_be_null_may() -> None:
    assert strict({**TEXT, "nullable": True})["anyOf"][0] == {"type": "null"}


@pytest.mark.parametrize("said", [{}, {"anyOf": [NUMBER, TEXT]}])
def test_a_number_or_a_text_is_one_of_both(said: Schema) -> None:
    assert strict({"x-kubernetes-int-or-string": True, **said})["anyOf"] == [NUMBER, TEXT]


def document(**schemas: Schema) -> dict[str, Any]:
    return {"components": {"schemas": schemas}}


def reference(name: str) -> Schema:
    return {"allOf": [{"$ref": f"#/components/schemas/{name}"}]}


def of(group: str, version: str, kind: str) -> Schema:
    return {"x-kubernetes-group-version-kind": [{"group": group, "version": version, "kind": kind}]}


def test_a_kind_brings_all_that_it_leads_to_and_nothing_else() -> None:
    pod = {**opened(spec=reference("Spec")), **of("", "v1", "Pod")}
    spec = opened(spec=reference("Spec"), volumes={"type": "array", "items": reference("Volume")})
    elsewhere = document(Volume=opened(name=TEXT))

    made = dict(kinds_of_openapi([document(Pod=pod, Spec=spec, Other=TEXT), elsewhere, {"components": {}}]))

    schema = made[Kind("v1", "Pod")]
    assert schema["allOf"] == reference("Pod")["allOf"]
    assert set(schema["components"]["schemas"]) == {"Pod", "Spec", "Volume"}
    assert schema["components"]["schemas"]["Volume"] == closed(name=TEXT)


def test_a_kind_has_its_group_and_its_version() -> None:
    web = {**TEXT, **of("apps", "v1", "Deployment")}
    assert [kind for kind, _ in kinds_of_openapi([document(Web=web)])] == [Kind("apps/v1", "Deployment")]


def test_each_version_of_a_crd_is_a_kind() -> None:
    versions = [
        {"name": name, "schema": {"openAPIV3Schema": opened(**{name: TEXT})}} for name in ("v1alpha1", "v1")
    ]
    crd = {"spec": {"group": "example.dev", "names": {"kind": "Site"}, "versions": versions}}
    assert dict(kinds_of_crd(crd)) == {
        Kind("example.dev/v1alpha1", "Site"): closed(v1alpha1=TEXT),
        Kind("example.dev/v1", "Site"): closed(v1=TEXT),
    }
