"""CustomResourceDefinitions from the models in `resources`, so that code and cluster cannot disagree.

A structural schema allows less than JSON Schema: no references, no `anyOf` for optional fields, no titles.
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from rollout_reporter.core import names

from .resources import JiraSiteSpec, JiraSiteStatus, RolloutReportSpec, RolloutReportStatus

Schema = dict[str, Any]

_DROPPED: Final = {"title", "$defs", "const", "exclusiveMinimum"}
_COLUMN_TYPES: Final = {"AGE": "date", "REVISION": "integer"}


def jira_site_crd() -> Schema:
    """The CRD of JiraSite."""
    condition = ".status.conditions[?(@.type=='Ready')]"
    columns = {
        "READY": f"{condition}.status",
        "REASON": f"{condition}.reason",
        "CLOUD-ID": ".status.cloudId",
        "AGE": ".metadata.creationTimestamp",
    }
    schema = _object_schema("A Jira Cloud site that rollouts are reported to.", JiraSiteSpec, JiraSiteStatus)
    host_only = "keep the address of the site alone, such as https://example.atlassian.net"
    schema["properties"]["spec"]["x-kubernetes-validations"] = [
        {"rule": f"url(self.{field}).getHostname() != ''", "message": f"{field}: {host_only}"}
        for field in ("siteURL", "apiURL")
    ]
    return _crd("JiraSite", "jirasites", columns, schema)


def rollout_report_crd() -> Schema:
    """The CRD of RolloutReport."""
    condition = ".status.conditions[?(@.type=='Reported')]"
    columns = {
        "WORKLOAD": ".status.workload",
        "ISSUES": ".status.issues",
        "ENVIRONMENT": ".status.current.environment.name",
        "REVISION": ".status.current.revision",
        "STATE": ".status.current.state",
        "REPORTED": f"{condition}.status",
        "REASON": f"{condition}.reason",
        "AGE": ".metadata.creationTimestamp",
    }
    schema = _object_schema(
        "What Jira knows of a workload's rollouts; written by the operator.",
        RolloutReportSpec,
        RolloutReportStatus,
    )
    schema["properties"]["spec"]["x-kubernetes-validations"] = [
        {
            "rule": "self.workload.kind == oldSelf.workload.kind"
            " && self.workload.name == oldSelf.workload.name",
            "message": "a RolloutReport stays with its workload",
        }
    ]
    return _crd("RolloutReport", "rolloutreports", columns, schema)


def _crd(kind: str, plural: str, columns: Mapping[str, str], schema: Schema) -> Schema:
    version = {
        "name": names.VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": name, "type": _COLUMN_TYPES.get(name, "string"), "jsonPath": path}
            for name, path in columns.items()
        ],
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{names.GROUP}"},
        "spec": {
            "group": names.GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "categories": [names.APP],
            },
            "versions": [version],
        },
    }


def _object_schema(description: str, spec: type[BaseModel], status: type[BaseModel]) -> Schema:
    return {
        "type": "object",
        "description": description,
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": _structural(spec),
            "status": _structural(status),
        },
    }


def _structural(model: type[BaseModel]) -> Schema:
    schema = model.model_json_schema(by_alias=True)
    result: Schema = _flat(schema, schema.get("$defs", {}))
    return result


def _flat(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Resolve references, drop what a structural schema does not know."""
    if isinstance(schema, list):
        return [_flat(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    schema = _resolved(_without_null(_resolved(schema, definitions)), definitions)
    if "properties" in schema:
        properties = {name: _flat(each, definitions) for name, each in schema["properties"].items()}
        schema = schema | {"properties": properties}
    if "const" in schema:
        schema = schema | {"enum": [schema["const"]]}
    kept = {key: value for key, value in schema.items() if key not in _DROPPED}
    flat = {k: v if k in {"properties", "default"} else _flat(v, definitions) for k, v in kept.items()}
    if flat.get("default", ...) in (None, []):
        del flat["default"]
    return _as_map(flat) if flat.get("type") == "array" else flat


def _resolved(schema: Schema, definitions: Mapping[str, Any]) -> Schema:
    if "$ref" not in schema:
        return schema
    target = definitions[schema["$ref"].rpartition("/")[2]]
    return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}


def _without_null(schema: Schema) -> Schema:
    """An optional field is one that may be absent, not one that may be null."""
    if "anyOf" not in schema:
        return schema
    [something] = [each for each in schema["anyOf"] if each.get("type") != "null"]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**something, **rest}


def _as_map(schema: Schema) -> Schema:
    """Conditions are a map by their type, so that several writers can share the list."""
    if {"type", "status", "lastTransitionTime"} <= set(schema["items"].get("properties", {})):
        return schema | {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
    return schema
