"""What the chart renders is what each Kubernetes in support takes, field by field."""

import copy
from typing import Any

import pytest
import yaml

from schemas.kubeconform import Judge, Judgement
from schemas.versions import VERSIONS
from unit.chart.helm import KNOWING_CLUSTER, NEW_CLUSTER, SITE, Values, render, render_for
from unit.chart.scenarios import SCENARIOS

pytestmark = pytest.mark.timeout(60, func_only=True)  # the fixture may have to download

LOWEST, *_, NEWEST = VERSIONS

EVERYTHING = {"jira": {"siteURL": SITE, "existingSecret": "jira"}, **SCENARIOS["monitored by pods"]}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("values", list(SCENARIOS.values()), ids=list(SCENARIOS))
def test_each_kubernetes_takes_what_these_values_make(
    judged: Judge, version: str, values: dict[str, Any]
) -> None:
    kinds = NEW_CLUSTER if "crds" not in values else KNOWING_CLUSTER
    made = render_for(VERSIONS[version].version, values, kinds=kinds)
    assert judged(made.text, version) == Judgement(len(made.objects), [])


@pytest.mark.parametrize(
    ("kind", "path", "value", "fault"),
    [
        ("Deployment", "spec.replica", 1, "'replica' not allowed"),
        ("Deployment", "spec.replicas", "two", "got string, want integer"),
        ("Deployment", "spec.template.spec.containers.0.env.0.val", "x", "'val' not allowed"),
        ("Deployment", "spec.template.spec.containers.0.ports.0.containerPort", None, "got null"),
        ("Deployment", "apiVersion", "apps/v1beta1", "could not find schema for Deployment"),
        ("ValidatingAdmissionPolicy", "spec.matchConstraint", {}, "'matchConstraint' not allowed"),
        (
            "CustomResourceDefinition",
            "spec.versions.0.schema.openAPIV3Schema.typ",
            "object",
            "'typ' not allowed",
        ),
        ("JiraSite", "spec.siteUrl", SITE, "'siteUrl' not allowed"),
        ("JiraSite", "spec.siteURL", "nowhere", "does not match pattern"),
        ("PodMonitor", "spec.podMetricsEndpoints.0.intervall", "30s", "'intervall' not allowed"),
        ("PrometheusRule", "spec.groups.0.rules.0.severity", "page", "'severity' not allowed"),
    ],
)
def test_it_would_not_take_this(judged: Judge, kind: str, path: str, value: Any, fault: str) -> None:
    wrong = changed(render(EVERYTHING).all(kind)[0], path, value)
    valid, [told] = judged(yaml.safe_dump(wrong), NEWEST)
    assert valid == 0
    assert fault in told


def test_a_key_said_twice_is_a_fault(judged: Judge) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {b: c}\ndata: {d: e}\n"
    assert "already set" in judged(text, NEWEST).faults[0]


def test_a_field_is_taken_by_those_who_know_it_and_by_no_older_one(judged: Judge) -> None:
    """Else one version's schemas might have passed for those of all."""
    deployment = render().one("Deployment")
    newer = yaml.safe_dump(changed(deployment, "spec.template.spec.hostnameOverride", "reporter"))
    assert judged(newer, NEWEST) == Judgement(1, [])
    assert "'hostnameOverride' not allowed" in judged(newer, LOWEST).faults[0]


def changed(body: Values, path: str, value: Any) -> Values:
    """A copy in which the place at the end of a dotted path holds something else."""
    whole = copy.deepcopy(body)
    *way, last = path.split(".")
    place: Any = whole
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    return whole
