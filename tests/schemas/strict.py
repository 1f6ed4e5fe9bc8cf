"""Makes JSON schemas of what Kubernetes publishes, strict ones: what an API server would drop is refused.

OpenAPI v3, as API servers and CRDs have it, is all but JSON schema of draft 4: what differs is done here.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

Schema: TypeAlias = dict[str, Any]

_REFERENCE: Final = "#/components/schemas/"


def strict(schema: Schema) -> Schema:
    """The same, but no object takes a field that it does not know.

    What stands in allOf, anyOf, oneOf and not only narrows it down, and is left as it is.
    """
    made = {keyword: _within(keyword, value) for keyword, value in schema.items() if keyword != "description"}
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        made.setdefault("anyOf", [{"type": "integer"}, {"type": "string"}])
    if schema.get("nullable"):
        return {"anyOf": [{"type": "null"}, made]}
    return made


def _within(keyword: str, value: Any) -> Any:
    match keyword, value:
        case "properties", dict():
            return {name: strict(inner) for name, inner in value.items()}
        case (("items" | "additionalProperties"), dict()):
            return strict(value)
        case _:
            return value


def standalone(name: str, definitions: dict[str, Schema]) -> Schema:
    """A schema that needs no other file: the definition of this name, and all that it leads to."""
    needed: dict[str, Schema] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in needed:
            needed[current] = definitions[current]
            waiting.extend(_references(definitions[current]))
    return {"allOf": [{"$ref": f"{_REFERENCE}{name}"}], "components": {"schemas": needed}}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _references(inner)
    if not isinstance(value, dict):
        return
    reference = value.get("$ref")
    if isinstance(reference, str):  # a field of this name is a schema
        yield reference.removeprefix(_REFERENCE)
    yield from _references(list(value.values()))
