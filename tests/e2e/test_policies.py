"""The chart's ValidatingAdmissionPolicies, on a real API server."""

import json
import re
from collections.abc import Iterator

import pytest

from controlplane import Cluster, ControlPlaneError
from e2e.product import Product, ProductApart
from e2e.shop import Shop
from e2e.status_patch import StatusPatch
from e2e.workload import PREFIX, REPORTED, SECONDS, Object, Workload
from installation.installation import RELEASE
from installation.program import until
from rollout_reporter.core.issue_keys import read_issue_keys
from rollout_reporter.core.report import EnvironmentType

pytestmark = pytest.mark.timeout(120, func_only=True)

KINDS = ["deployment", "rollout"]
PLACES = ["workload", "template"]

OURS = {
    "type": REPORTED,
    "status": "True",
    "reason": "Successful",
    "message": "revision 1",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
    "lastUpdateTime": "2026-01-01T00:00:00Z",
}
NEW_CONDITION: Object = {"status": {"conditions": [{**OURS, "type": "Healthier"}]}}


@pytest.fixture(scope="module")
def standing(installed: Product, cluster: Cluster, operators: StatusPatch) -> Iterator[Shop]:
    """A Deployment that has settled and a canary that waits for a person; nobody reports them."""
    opened = Shop(cluster, f"{installed.namespace}-standing")
    opened.open()
    opened.deployment().settle()
    canary = opened.rollout().settle()
    canary.set_image(opened.images.second)
    canary.is_paused_at_a_step()
    until(
        lambda: (
            operators.refusal(opened.namespace, "deployment/web", NEW_CONDITION)
            and _warning(opened, _body("deployment", "workload", **{"issue-keys": "nonsense"}))
        ),
        seconds=SECONDS,
        otherwise=lambda: "the API server has not taken up the policies",
    )
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def operators(installed: Product, cluster: Cluster) -> Iterator[StatusPatch]:
    """What somebody can do who got hold of the operator's token."""
    patch = StatusPatch(cluster.service_account_kubeconfig(installed.namespace, "rollout-reporter"))
    yield patch
    patch.close()


@pytest.fixture(scope="module")
def admins(cluster: Cluster) -> Iterator[StatusPatch]:
    patch = StatusPatch(cluster.kubeconfig)
    yield patch
    patch.close()


def _body(kind: str, place: str, **annotations: str) -> Object:
    """A workload with our annotations at one of both places, and an annotation of somebody else's."""
    notes = {f"{PREFIX}/{name}": value for name, value in annotations.items()}
    there: dict[str, Object] = {"workload": {"annotations": notes}, "template": {}}
    if place == "template":
        there = {"workload": {"annotations": {"example.com/a": "b"}}, "template": {"annotations": notes}}
    return {
        "apiVersion": "apps/v1" if kind == "deployment" else "argoproj.io/v1alpha1",
        "kind": kind.capitalize(),
        "metadata": {"name": "new", **there["workload"]},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "new"}},
            "template": {
                "metadata": {"labels": {"app": "new"}, **there["template"]},
                "spec": {"containers": [{"name": "app", "image": "registry.example/app:1"}]},
            },
            **({"strategy": {"canary": {}}} if kind == "rollout" else {}),
        },
    }


def _apply(shop: Shop, body: Object, *flags: str) -> None:
    shop.kubectl("apply", "--filename=-", "--warnings-as-errors", *flags, stdin=json.dumps(body))


def _warning(shop: Shop, body: Object) -> str:
    """What `kubectl apply` warns of, empty for nothing; nothing is stored."""
    try:
        _apply(shop, body, "--dry-run=server")
    except ControlPlaneError as error:
        if re.search(r"error: \d+ warnings? received", str(error)):
            return str(error)
        raise
    return ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_kubectl_warns_wherever_the_annotations_stand(standing: Shop, kind: str, place: str) -> None:
    annotations = {"issue-keys": "SHOP-1; nokey", "environment-type": "prod"}
    said = _warning(standing, _body(kind, place, **annotations))
    assert f'{PREFIX}/issue-keys: no issue key: "nokey". Write keys such as SHOP-41, separated by' in said
    assert f'{PREFIX}/environment-type: Jira knows no "prod". Write development, testing' in said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_kubectl_warns_of_nothing_that_can_be_reported(standing: Shop, kind: str, place: str) -> None:
    annotations = {"issue-keys": "SHOP-1", "environment-type": "production"}
    assert _warning(standing, _body(kind, place, **annotations)) == ""


@pytest.mark.parametrize(
    "keys",
    [
        "SHOP",
        "SHOP-0",
        "S-1",
        "#SHOP-1 SHOP-2.",
        "1SHOP-1,\n\t\u017fHOP-1",
        "SHOP-1|SHOP-2",
        "SHOP-1\u200bSHOP-2",
        f"SHOP-{'1' * 19}",
        f"{'A' * 202}-1",
        "SHOP-1,shop-2 A_1B-3\nSHOP-4;\tSHOP-5\u00a0SHOP-6\u2003SHOP-7\x0bSHOP-8\u0085SHOP-9\u2028SHOP-10",
        f"SHOP-{'1' * 18} {'A' * 201}-1",
        " \n;,",
        "",
    ],
)
def test_the_policy_and_the_operator_read_keys_alike(standing: Shop, keys: str) -> None:
    """Words are quoted as they stand; the operator raises them."""
    said = _warning(standing, _body("deployment", "workload", **{"issue-keys": keys}))
    malformed = '", "'.join(read_issue_keys(keys).malformed)
    assert (f': no issue key: "{malformed}". ' in said) if malformed else said == ""


@pytest.mark.parametrize("word", ["Production", " staging\n", "", "prod", "staging production", "unmapped"])
def test_the_policy_and_the_operator_know_the_same_types(standing: Shop, word: str) -> None:
    said = _warning(standing, _body("deployment", "workload", **{"environment-type": word}))
    asked = word.strip()
    known = not asked or asked.lower() in set(EnvironmentType)
    assert said == "" if known else f'Jira knows no "{asked}"' in said


def test_a_thousand_keys_are_judged_to_the_last(standing: Shop) -> None:
    """Rules may cost only so much; one that gave up would warn of nothing."""
    keys = " ".join(f"SHOP-{number}" for number in range(1, 1001))
    assert _warning(standing, _body("deployment", "workload", **{"issue-keys": keys})) == ""
    assert '"last"' in _warning(standing, _body("deployment", "workload", **{"issue-keys": f"{keys} last"}))


@pytest.mark.usefixtures("standing")
@pytest.mark.parametrize("kind", KINDS)
def test_kubectl_warns_once_and_of_each_new_image(shop: Shop, kind: str) -> None:
    body = _body(kind, "workload", **{"issue-keys": "nonsense"})
    with pytest.raises(ControlPlaneError, match="no issue key"):
        _apply(shop, body)
    _apply(shop, body)
    body["metadata"]["labels"] = {"of": "no-interest"}
    _apply(shop, body)
    body["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/app:2"
    with pytest.raises(ControlPlaneError, match="no issue key"):
        _apply(shop, body)


@pytest.mark.usefixtures("standing")
def test_denial_stops_a_release_but_nothing_else(apart: ProductApart) -> None:
    """Namespaces that one installation watches do not concern the policy of another."""
    shop, good = apart.shop, _body("deployment", "workload", **{"issue-keys": "SHOP-1"})
    bad = _body("deployment", "workload", **{"issue-keys": "nonsense"})
    _apply(shop, bad)

    apart.install(admissionPolicy__enabled="true", admissionPolicy__actions="{Deny,Audit}")
    denied = lambda: "denied request: " in _error(shop, _body("rollout", "workload", **{"issue-keys": "x"}))  # noqa: E731
    until(denied, seconds=SECONDS, otherwise=lambda: "the API server still lets everything through")

    shop.kubectl("scale", "deployment/new", "--replicas=1")
    shop.kubectl("label", "deployment/new", "of=no-interest")
    with pytest.raises(ControlPlaneError, match=r'denied request: .*no issue key: "nonsense"'):
        shop.kubectl("set", "image", "deployment/new", "app=registry.example/app:2")
    _apply(shop, good)
    with pytest.raises(ControlPlaneError, match=r'denied request: .*no issue key: "nonsense"'):
        _apply(shop, bad)
    apart.cluster.helm("uninstall", RELEASE, f"--namespace={apart.namespace}", "--no-hooks")


def _error(shop: Shop, body: Object) -> str:
    try:
        _apply(shop, body, "--dry-run=server")
    except ControlPlaneError as error:
        return str(error)
    return ""


BOTH: dict[str, tuple[str, object]] = {
    "count no replicas": (
        "merge",
        {"status": dict.fromkeys(("replicas", "readyReplicas", "availableReplicas", "updatedReplicas"), 0)},
    ),
    "count more replicas": ("merge", {"status": {"replicas": 9}}),
    "forget the status": ("json", [{"op": "remove", "path": "/status"}]),
    "remove all conditions": ("merge", {"status": {"conditions": None}}),
    "leave our condition alone": ("merge", {"status": {"conditions": [OURS]}}),
    "remove one condition": ("json", [{"op": "remove", "path": "/status/conditions/0"}]),
    "turn a condition": (
        "json",
        [{"op": "replace", "path": "/status/conditions/0/status", "value": "False"}],
    ),
    "add another condition": (
        "json",
        [{"op": "add", "path": "/status/conditions/-", "value": {**OURS, "type": "Healthier"}}],
    ),
    "hide behind our condition": (
        "json",
        [
            {"op": "add", "path": "/status/conditions/-", "value": OURS},
            {"op": "replace", "path": "/status/conditions/1/message", "value": "all is well"},
        ],
    ),
}
OF_DEPLOYMENTS: dict[str, tuple[str, object]] = {
    "annotate": ("merge", {"metadata": {"annotations": {f"{PREFIX}/issue-keys": "SHOP-1"}}}),
    "remove annotations": ("merge", {"metadata": {"annotations": None}}),
    "set a finalizer": ("merge", {"metadata": {"finalizers": ["example.com/stays"]}}),
    "set an owner": (
        "merge",
        {
            "metadata": {
                "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "b"}]
            }
        },
    ),
    "remove a count": ("strategic", {"status": {"availableReplicas": None}}),
    "remove a condition by its type": (
        "strategic",
        {"status": {"conditions": [{"$patch": "delete", "type": "Available"}]}},
    ),
}
OF_APPLYING: dict[str, Object] = {
    "apply counts": {"status": {"replicas": 9}},
    "apply annotations": {"metadata": {"name": "web", "annotations": {"a": "b"}}},
    "apply another condition": NEW_CONDITION,
}
WEB: Object = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
OF_ROLLOUTS: dict[str, tuple[str, object]] = {
    "promote": ("merge", {"status": {"pauseConditions": None}}),
    "promote by JSON patch": ("json", [{"op": "remove", "path": "/status/pauseConditions"}]),
    "promote in full": ("merge", {"status": {"promoteFull": True}}),
    "abort": ("merge", {"status": {"abort": True}}),
    "skip a step": ("merge", {"status": {"currentStepIndex": 2}}),
    "call another version stable": ("merge", {"status": {"stableRS": "0"}}),
    "claim another phase": ("merge", {"status": {"phase": "Healthy"}}),
}
ATTACKS = [
    pytest.param(workload, by, change, id=f"{workload}-{name}")
    for workload, attacks in (
        (
            "deployment/web",
            BOTH | OF_DEPLOYMENTS | {name: ("apply", WEB | more) for name, more in OF_APPLYING.items()},
        ),
        ("rollout/canary", BOTH | OF_ROLLOUTS),
    )
    for name, (by, change) in attacks.items()
]


@pytest.mark.parametrize(("workload", "by", "change"), ATTACKS)
def test_the_operators_token_changes_nothing_but_its_condition(  # noqa: PLR0913, PLR0917 (who, what, how)
    standing: Shop, operators: StatusPatch, admins: StatusPatch, workload: str, by: str, change: object
) -> None:
    done = admins(standing.namespace, workload, change, by=by, dry=True)
    assert _essence(done) != _essence(_get(standing, workload)), "who may do all changes something by this"
    assert "denied request: rollout-reporter may" in operators.refusal(
        standing.namespace, workload, change, by
    )


@pytest.mark.parametrize(
    ("workload", "field"),
    [
        ("deployment/web", "labels"),
        ("rollout/canary", "labels"),
        ("rollout/canary", "annotations"),
        ("rollout/canary", "finalizers"),
    ],
)
def test_what_the_api_server_takes_from_no_status_stays(
    standing: Shop, operators: StatusPatch, workload: str, field: str
) -> None:
    before = _essence(_get(standing, workload))
    value: object = ["example.com/stays"] if field == "finalizers" else {"a": "b"}
    operators(standing.namespace, workload, {"metadata": {field: value}})
    assert _essence(_get(standing, workload)) == before


@pytest.mark.parametrize("workload", ["deployment/web", "rollout/canary"])
def test_our_own_condition_comes_and_goes(standing: Shop, operators: StatusPatch, workload: str) -> None:
    first = "/status/conditions/0"
    before = _get(standing, workload)
    for operation in (
        {"op": "add", "path": first, "value": OURS},
        {"op": "replace", "path": f"{first}/reason", "value": "Failed"},
        {"op": "remove", "path": first},
    ):
        operators(standing.namespace, workload, [operation], by="json")
    assert _essence(_get(standing, workload)) == _essence(before)


@pytest.mark.usefixtures("standing")
@pytest.mark.parametrize("kind", KINDS)
def test_the_operator_reports_on_as_before(shop: Shop, product: Product, issue: str, kind: str) -> None:
    workload: Workload = shop.deployment(issue) if kind == "deployment" else shop.rollout(issue)
    product.jira.until(issue, "successful")
    workload.shows("True", "Successful")
    others = _types(workload) - {REPORTED}
    workload.forget_its_issues()
    workload.shows_nothing()
    assert _types(workload) == others


def _types(workload: Workload) -> set[str]:
    return {each["type"] for each in workload.get()["status"]["conditions"]}


def _get(shop: Shop, workload: str) -> Object:
    found: Object = json.loads(shop.kubectl("get", workload, "--output=json"))
    return found


def _essence(body: Object) -> Object:
    marks = ("resourceVersion", "managedFields", "generation")
    meta = {name: value for name, value in body["metadata"].items() if name not in marks}
    return {"metadata": meta, "status": body.get("status", {})}


@pytest.mark.usefixtures("standing")
def test_the_api_server_finds_no_fault_with_the_policies(installed: Product) -> None:
    """It checks the rules against the types that they are about."""
    for name in ("annotations", "own-status"):
        policy = f"validatingadmissionpolicy/rollout-reporter-{name}-{installed.namespace}"
        installed.kubectl("wait", policy, "--for=jsonpath={.status.observedGeneration}=1")
        assert json.loads(installed.kubectl("get", policy, "--output=json"))["status"]["typeChecking"] == {}
