"""`rollout-reporter doctor`: what it looks at, and what it says if that is not well."""

from collections.abc import Iterable
from typing import Any

import pytest

from rollout_reporter.cli import doctor, doctor_sites
from rollout_reporter.cli.doctor_finding import Finding, Mark
from rollout_reporter.cli.doctor_rights import (
    CONDITIONS,
    NAMESPACE,
    NAMESPACES,
    OWN,
    SELECTION,
    WORKLOADS,
    Right,
    secret,
)
from rollout_reporter.cluster.crd import jira_site_crd, rollout_report_crd
from rollout_reporter.core.names import API_VERSION
from unit.chart.helm import NAMESPACE as INSTALLED_IN
from unit.chart.helm import SITE, Values, render
from unit.cli.command import Ended, call
from unit.cli.surroundings import SECRET, SITES, Surroundings
from unit.cluster.fake_cluster import Asked, FakeCluster, Object

LEASE = "/apis/coordination.k8s.io/v1/namespaces/rollout-reporter/leases/rollout-reporter"
OPENAPI = f"/openapi/v3/apis/{API_VERSION}"
SELF = "system:serviceaccount:rollout-reporter:reporter"


class Reviewing(FakeCluster):
    """Also says who asks, and which rights there are."""

    who = SELF
    denied: frozenset[tuple[str, str]] = frozenset()
    reviews: list[Object]

    def _answer(self, asked: Asked, request: Any) -> Object:
        if asked.method != "POST" or str(asked) in self.refusals:
            return super()._answer(asked, request)
        if asked.path.endswith("selfsubjectreviews"):
            return {"status": {"userInfo": {"username": self.who}}}
        self.reviews.append(asked.body)
        attributes = asked.body["spec"]["resourceAttributes"]
        return {"status": {"allowed": (attributes["verb"], attributes["resource"]) not in self.denied}}


@pytest.fixture
def cluster() -> Reviewing:
    cluster = Reviewing()
    cluster.reviews = []
    return cluster


@pytest.fixture
def around(cluster: Reviewing, monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """An installation at work, asked by itself, but for the policy, which it may not see."""
    around = Surroundings(cluster=cluster)
    monkeypatch.setattr(doctor, "connect", around.connect)
    monkeypatch.setattr(doctor_sites, "http_client", around.http_client)
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "Ready",
        "message": "token and cloud id were obtained",
    }
    around.hold_site()
    cluster.objects[f"{SITES}/default"]["status"] = {
        "conditions": [ready | {"lastTransitionTime": "2026-11-24T08:00:00Z"}]
    }
    around.hold_secret()
    cluster.hold("/version", {"gitVersion": "v1.36.3"})
    cluster.hold(OPENAPI, {"components": {"schemas": served()}})
    cluster.hold("/apis/argoproj.io/v1alpha1", {"resources": [{"name": "rollouts"}]})
    cluster.hold(
        LEASE, {"spec": {"holderIdentity": "operator_1", "renewTime": "2999-01-01T00:00:00.000000Z"}}
    )
    bindings = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
    cluster.hold(f"{bindings}/rollout-reporter-own-status-rollout-reporter", {})
    return around


def served(*, without: str = "") -> Values:
    """Our kinds as the API server publishes them."""
    schemas = {}
    for crd in (jira_site_crd(), rollout_report_crd()):
        schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        kind = crd["spec"]["names"]["kind"]
        schemas[f"dev.rollout-reporter.v1alpha1.{kind}"] = _pruned(schema, without)
    return schemas


def _pruned(schema: Any, name: str) -> Any:
    if not isinstance(schema, dict):
        return schema
    return {key: _pruned(value, name) for key, value in schema.items() if key != name}


def lines(ended: Ended, sign: str) -> list[str]:
    return [" ".join(each[1:].split()) for each in ended.output.splitlines() if each.startswith(sign)]


def test_what_works_is_well(around: Surroundings) -> None:
    ended = call("doctor")

    assert (ended.code, ended.complaint) == (0, "")
    assert [each[0] for each in ended.output.splitlines()] == ["✓"] * len(ended.output.splitlines())
    assert around.cluster.writes() == [each for each in around.cluster.writes() if "review" in each]


@pytest.mark.parametrize(
    ("values", "of_namespaces", "conditions"),
    [
        ({}, (NAMESPACES,), CONDITIONS),
        ({"namespaceSelector": "team=pay"}, (NAMESPACES, SELECTION), CONDITIONS),
        ({"clusterName": "c", "watchNamespaces": ["pay"]}, (NAMESPACE,), CONDITIONS),
        ({"conditions": {"onWorkloads": False}}, (NAMESPACES,), ()),
    ],
    ids=["cluster-wide", "namespaceSelector", "watchNamespaces", "without conditions"],
)
def test_its_rights_are_those_that_the_chart_grants(
    values: Values, of_namespaces: tuple[Right, ...], conditions: tuple[Right, ...]
) -> None:
    jira = {"existingSecret": "jira", "siteURL": SITE}
    made = render(values | {"jira": jira, "rbac": {"aggregateToView": False}})
    roles = [each for each in made.ordinary if each["kind"] in {"Role", "ClusterRole"}]
    granted = {each["metadata"]["name"]: verbs_in(each["rules"]) for each in roles}

    assert granted == {
        "rollout-reporter": asked((*OWN, secret("jira"))),
        f"rollout-reporter-workloads-{INSTALLED_IN}": asked((*WORKLOADS, *of_namespaces, *conditions)),
    }


def asked(rights: Iterable[Right]) -> set[tuple[str, str, str, str]]:
    return {(each.group, each.resource, each.name, verb) for each in rights for verb in each.verbs}


def verbs_in(rules: Iterable[Values]) -> set[tuple[str, str, str, str]]:
    return {
        (group, resource, name, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule.get("resourceNames", [""])
        for verb in rule["verbs"]
    }


def test_a_missing_right_is_named_with_what_it_costs(around: Surroundings, cluster: Reviewing) -> None:
    cluster.denied = frozenset({("watch", "rollouts"), ("list", "rollouts")})

    ended = call("doctor")

    assert ended.code == 1
    [line] = lines(ended, "✗")
    assert line == (
        "right to rollouts list, watch missing: Argo Rollouts are not reported "
        "→ install the chart with rbac.create, or grant it"
    )
    assert "doctor: 1 of " in ended.complaint
    assert around.held() == []


def test_namespaces_have_to_be_listed_only_to_select_them(around: Surroundings, cluster: Reviewing) -> None:
    del around  # it is there
    cluster.denied = frozenset({("list", "namespaces")})

    assert call("doctor").code == 0
    [line] = lines(call("doctor", "--namespace-selector=team=shop"), "✗")
    assert line.startswith("right to namespaces list missing: none can be selected")


def test_somebody_else_asks_about_the_operators_account(around: Surroundings, cluster: Reviewing) -> None:
    del around  # it is there
    cluster.who = "jane"

    assert call("doctor", "--service-account=reporter").code == 0
    assert {each["kind"] for each in cluster.reviews} == {"SubjectAccessReview"}
    assert {each["spec"]["user"] for each in cluster.reviews} == {SELF}


def test_rights_that_may_not_be_asked_for_are_not_known(around: Surroundings, cluster: Reviewing) -> None:
    del around  # it is there
    cluster.who = "jane"
    path = "POST /apis/authorization.k8s.io/v1/subjectaccessreviews"
    cluster.refusals[path] = 403, "subjectaccessreviews is forbidden"

    ended = call("doctor")

    assert ended.code == 0
    [line] = lines(ended, "?")
    assert line.endswith(
        "kubectl -n rollout-reporter exec deploy/rollout-reporter -- rollout-reporter doctor"
    )


@pytest.mark.parametrize("field", ["urlTemplate", "noted_keys", "notedKeys", "readBack"])
def test_crds_of_another_version_are_told(around: Surroundings, cluster: Reviewing, field: str) -> None:
    cluster.hold(OPENAPI, {"components": {"schemas": served(without=field)}})
    is_ours = field in {"urlTemplate", "notedKeys"}

    ended = call("doctor")

    assert ended.code == int(is_ours)
    assert any("CRDs" in line and field in line for line in lines(ended, "✗")) is is_ours
    assert around.held() == []


def test_without_crds_there_is_a_cure(around: Surroundings, cluster: Reviewing) -> None:
    cluster.remove(OPENAPI)
    cluster.refusals[f"GET {SITES}"] = 404, "the server could not find the requested resource"

    found = lines(call("doctor"), "✗")

    assert found[0].startswith("CRDs the API server serves neither JiraSites nor RolloutReports → install")
    assert found[1] == "JiraSites the cluster does not know the kind → install the CRDs"
    assert around.held() == []


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "there is none, so no operator has ever led"),
        ({"holderIdentity": "", "renewTime": "2026-11-24T08:00:00.000000Z"}, "nobody leads"),
        ({"holderIdentity": "gone_1", "renewTime": "2026-01-01T08:00:00.000000Z"}, "gone_1 leads, renewed"),
    ],
    ids=["none", "released", "expired"],
)
def test_a_lease_that_nobody_renews_is_told(
    around: Surroundings, cluster: Reviewing, spec: Values, words: str
) -> None:
    del around  # it is there
    cluster.remove(LEASE)
    if spec:
        cluster.hold(LEASE, {"spec": spec})

    [line] = lines(call("doctor"), "✗")

    assert line.startswith(f"Lease {words}")
    assert "→ is the operator running?" in line


def test_a_cluster_without_rollouts_or_policy_is_no_fault(around: Surroundings, cluster: Reviewing) -> None:
    del around  # it is there
    cluster.remove("/apis/argoproj.io/v1alpha1")
    for path in [each for each in cluster.objects if "validatingadmissionpolicybindings" in each]:
        cluster.remove(path)

    ended = call("doctor")

    assert ended.code == 0
    assert "Argo Rollouts not installed, which is fine" in lines(ended, "✓")
    [line] = lines(ended, "!")
    assert "set the chart value admissionPolicy.enabled" in line


def test_a_credential_goes_nowhere_but_to_jira(around: Surroundings) -> None:
    around.hold_site(apiURL="https://evil.example")
    around.cluster.forget_requests()

    ended = call("doctor")

    assert "JiraSite default: hosts apiURL: Credentials are not sent to evil.example" in "".join(
        lines(ended, "✗")
    )
    assert not [each for each in around.cluster.asked if each.path == SECRET]


def test_a_secret_that_may_not_be_read_is_not_known_but_the_cloud_id_is(around: Surroundings) -> None:
    around.cluster.refusals[f"GET {SECRET}"] = 403, 'secrets "jira" is forbidden'

    ended = call("doctor")

    assert lines(ended, "?") == ['JiraSite default: Secret not known: secrets "jira" is forbidden']
    assert any(line.startswith("JiraSite default: cloud id") for line in lines(ended, "✓"))
    assert "deployments API" not in ended.output


@pytest.mark.parametrize(
    ("fault", "subject"),
    [
        ({"operation": "get", "kind": "403"}, "deployments API"),
        ({"operation": "token", "kind": "401"}, "token"),
        ({"operation": "tenant_info", "kind": "404"}, "cloud id"),
    ],
    ids=["deployments", "token", "cloud id"],
)
def test_a_refusal_of_jiras_is_told_where_it_happens(
    around: Surroundings, fault: dict[str, Any], subject: str
) -> None:
    around.control("POST", "/sandbox/faults", fault | {"times": None})

    ended = call("doctor")

    assert ended.code == 1
    [line] = lines(ended, "✗")
    assert line.startswith(f"JiraSite default: {subject} ")
    assert " → " in line


def test_a_cluster_that_does_not_answer_is_all_that_is_told(around: Surroundings) -> None:
    around.cluster.refusals["GET /version"] = 503, "etcd is gone"

    ended = call("doctor")

    assert ended.code == 1
    assert ended.output.count("\n") == 1
    assert lines(ended, "✗") == [
        "cluster etcd is gone → see kubectl config current-context, or name a --kubeconfig"
    ]


def test_what_others_wrote_stays_on_its_line_and_brings_no_colours() -> None:
    finding = Finding(Mark.WRONG, "JiraSite", "no\n✓  Lease all is well\x1b[2J\x07", "a\r\nb")

    assert finding.text == r"no ✓ Lease all is well\x1b[2J\x07 → a b"
