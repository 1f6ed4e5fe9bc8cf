"""Whom the two ValidatingAdmissionPolicies concern; what they do is shown on an API server, in `e2e`."""

from typing import Any

import pytest

from rollout_reporter.core import names
from unit.chart.helm import NAMESPACE, Rendered, Values, render

POLICY = "ValidatingAdmissionPolicy"
ANNOTATIONS = f"-annotations-{NAMESPACE}"
OWN_STATUS = f"-own-status-{NAMESPACE}"
NAMESPACED = {"clusterName": "c", "watchNamespaces": ["pay", "shop", "pay"]}
ENABLED = {"admissionPolicy": {"enabled": True}}


def policies(made: Rendered) -> list[str]:
    """Names of the policies, each of which has a binding of its name."""
    found = [each["metadata"]["name"].removeprefix("rollout-reporter") for each in made.all(POLICY)]
    bindings = made.all(f"{POLICY}Binding")
    assert [each["spec"]["policyName"] for each in bindings] == [
        each["metadata"]["name"] for each in made.all(POLICY)
    ]
    return found


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, [ANNOTATIONS, OWN_STATUS]),
        ({"admissionPolicy": {"enabled": False}}, []),
        ({"admissionPolicy": {"actions": []}}, [OWN_STATUS]),
        ({"conditions": {"onWorkloads": False}, "cleanup": {"enabled": False}}, [ANNOTATIONS]),
        ({"conditions": {"onWorkloads": False}}, [ANNOTATIONS, OWN_STATUS]),  # the cleanup has the right
        (NAMESPACED, []),
        (NAMESPACED | ENABLED, [ANNOTATIONS, OWN_STATUS]),
    ],
    ids=str,
)
def test_there_are_policies_where_somebody_may_create_them(
    values: dict[str, Any], expected: list[str]
) -> None:
    assert policies(render(values)) == expected


def test_two_releases_do_not_meet() -> None:
    here, there = (set(policies(render(namespace=each))) for each in ("a", "b"))
    assert not here & there


def test_nobody_but_the_operator_is_held_to_its_own_condition() -> None:
    policy = render({"serviceAccount": {"name": "reporter"}}).named(POLICY, OWN_STATUS)
    (condition,) = policy["spec"]["matchConditions"]
    user = f"system:serviceaccount:{NAMESPACE}:reporter"
    assert condition["expression"] == f"request.userInfo.username == '{user}'"
    assert policy["spec"]["failurePolicy"] == "Fail"
    binding = render().named(f"{POLICY}Binding", OWN_STATUS)
    assert binding["spec"]["validationActions"] == ["Deny"]


def test_people_are_told_and_not_stopped() -> None:
    made = render()
    assert made.named(POLICY, ANNOTATIONS)["spec"]["failurePolicy"] == "Ignore"
    assert made.named(f"{POLICY}Binding", ANNOTATIONS)["spec"]["validationActions"] == ["Warn", "Audit"]


def selector(values: Values) -> list[Values]:
    constraints = render(values).named(POLICY, ANNOTATIONS)["spec"]["matchConstraints"]
    found: list[Values] = constraints.get("namespaceSelector", {}).get("matchExpressions", [])
    return found


def test_watched_namespaces_only() -> None:
    assert selector({}) == []
    assert selector(NAMESPACED | ENABLED) == [
        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["pay", "shop"]}
    ]


def test_selected_namespaces_only() -> None:
    text = "team=payments, tier!=toy,a==b,zone in (a, b),!legacy,owner,x.test/stage notin (old)"
    assert selector({"namespaceSelector": text}) == [
        {"key": "team", "operator": "In", "values": ["payments"]},
        {"key": "tier", "operator": "NotIn", "values": ["toy"]},
        {"key": "a", "operator": "In", "values": ["b"]},
        {"key": "zone", "operator": "In", "values": ["a", "b"]},
        {"key": "legacy", "operator": "DoesNotExist"},
        {"key": "owner", "operator": "Exists"},
        {"key": "x.test/stage", "operator": "NotIn", "values": ["old"]},
    ]


def test_a_selector_may_hold_blanks_and_empty_values() -> None:
    assert selector({"namespaceSelector": " ! legacy , team = , zone in( a,b ),x notin (,c) "}) == [
        {"key": "legacy", "operator": "DoesNotExist"},
        {"key": "team", "operator": "In", "values": [""]},
        {"key": "zone", "operator": "In", "values": ["a", "b"]},
        {"key": "x", "operator": "NotIn", "values": ["", "c"]},
    ]


def test_no_excluded_namespaces() -> None:
    values = {"excludeNamespaces": ["kube-*", "t?st", "[!ab]-x", "v[0-9a]"]}
    first = render(values).named(POLICY, ANNOTATIONS)["spec"]["matchConditions"][0]
    assert first["expression"] == "!request.namespace.matches(r'^(kube-.*|t.st|[^ab]-x|v[0-9a])$')"
    assert len(render().named(POLICY, ANNOTATIONS)["spec"]["matchConditions"]) == 2


def test_the_names_are_the_operators() -> None:
    text = str(render().all(POLICY))
    for name in (names.ISSUE_KEYS, names.ENVIRONMENT_TYPE, names.REPORTED):
        assert name in text
