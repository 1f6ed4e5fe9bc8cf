"""What others publish of their kinds: Kubernetes in its OpenAPI, everybody else in CRDs."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from schemas.strict import Schema, standalone, strict


class Kind(NamedTuple):
    """What an object says of itself."""

    api_version: str
    name: str


def kinds_of_openapi(documents: list[dict[str, Any]]) -> Iterator[tuple[Kind, Schema]]:
    """Takes the documents of all groups, since one refers to definitions that it repeats."""
    definitions: dict[str, Schema] = {}
    for document in documents:
        definitions |= document["components"].get("schemas", {})
    closed = {name: strict(schema) for name, schema in definitions.items()}
    for name, schema in definitions.items():
        for each in schema.get("x-kubernetes-group-version-kind", ()):
            api_version = "/".join(part for part in (each["group"], each["version"]) if part)
            yield Kind(api_version, each["kind"]), standalone(name, closed)


def kinds_of_crd(crd: dict[str, Any]) -> Iterator[tuple[Kind, Schema]]:
    spec = crd["spec"]
    for version in spec["versions"]:
        kind = Kind(f"{spec['group']}/{version['name']}", spec["names"]["kind"])
        yield kind, strict(version["schema"]["openAPIV3Schema"])
