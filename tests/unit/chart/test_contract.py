"""The names and values that others build on."""

import json
import math
from typing import Any

import pytest
import yaml

from rollout_reporter import __version__
from rollout_reporter.core import names
from unit.chart.helm import CHART, NAMESPACE, NEW_CLUSTER, SITE, container, environment, render

ALL_OF_JIRA = {
    "jira": {
        "siteURL": f"{SITE}/",
        "cloudId": "3f0c6a52-0d3b-4c0e-9a11-2f7b6f1f9d20",
        "apiURL": "https://api.atlassian.com/",
        "existingSecret": "jira",
        "secretKeys": {"clientId": "id", "clientSecret": "secret"},
        "email": "platform@example.com",
        "urlTemplate": "https://ci.example.com/{namespace}/{name}",
        "access": [{"namespaces": ["pay-*"], "projects": ["PAY"], "environmentTypes": ["production"]}],
    },
    "environments": [{"namespaces": ["*-prod"], "name": "live", "type": "production"}],
}


def test_the_release_makes_the_service_account_and_the_site_under_their_names() -> None:
    made = render(ALL_OF_JIRA)
    for kind, name in (("ServiceAccount", "rollout-reporter"), ("JiraSite", "default")):
        metadata = made.one(kind)["metadata"]
        assert (metadata["name"], metadata["namespace"]) == (name, NAMESPACE)


def test_the_site_holds_what_the_values_say() -> None:
    site = render(ALL_OF_JIRA).one("JiraSite")
    assert site["apiVersion"] == names.API_VERSION
    assert site["spec"] == {
        "siteURL": SITE,
        "cloudId": "3f0c6a52-0d3b-4c0e-9a11-2f7b6f1f9d20",
        "apiURL": "https://api.atlassian.com",
        "credentialsSecretRef": {"name": "jira", "clientIdKey": "id", "clientSecretKey": "secret"},
        "email": "platform@example.com",
        "urlTemplate": "https://ci.example.com/{namespace}/{name}",
        "access": [{"namespaces": ["pay-*"], "projects": ["PAY"], "environmentTypes": ["production"]}],
        "environments": [{"namespaces": ["*-prod"], "name": "live", "type": "production"}],
    }


def test_the_site_says_no_more_than_it_was_told() -> None:
    assert render({"jira": {"siteURL": SITE}}).one("JiraSite")["spec"] == {
        "siteURL": SITE,
        "apiURL": "https://api.atlassian.com",
        "credentialsSecretRef": {
            "name": "rollout-reporter-jira",
            "clientIdKey": "clientId",
            "clientSecretKey": "clientSecret",
        },
    }


def test_the_crd_knows_every_field_that_the_chart_writes() -> None:
    crd = yaml.safe_load((CHART / "files/crds/jirasites.yaml").read_text())
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    _assert_known(render(ALL_OF_JIRA).one("JiraSite")["spec"], schema["properties"]["spec"], "spec")


def test_the_values_allow_no_more_than_the_crd() -> None:
    """Else a release would fail half way, and by what the API server says."""
    crd = yaml.safe_load((CHART / "files/crds/jirasites.yaml").read_text())
    stored = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    values = json.loads((CHART / "values.schema.json").read_text())
    jira = values["properties"]["jira"]["properties"]
    for written in (jira | values["properties"], jira["sites"]["items"]["properties"]):
        for name in ("siteURL", "cloudId", "apiURL", "email", "urlTemplate", "environments", "access"):
            _assert_bounded(written[name], stored["properties"][name], values["definitions"], name)


def _assert_bounded(
    written: dict[str, Any], stored: dict[str, Any], definitions: dict[str, Any], where: str
) -> None:
    parts = [written, *written.get("allOf", [])]
    known: dict[str, Any] = {}
    for part in parts:
        known |= definitions[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    for limit in {"maxLength", "maxItems"} & stored.keys():
        assert known.get(limit, math.inf) <= stored[limit], f"{where}: {limit}"
    for name, inner in stored.get("properties", {}).items():
        _assert_bounded(known["properties"][name], inner, definitions, f"{where}.{name}")
    if "items" in stored and "enum" not in stored["items"]:
        _assert_bounded(known["items"], stored["items"], definitions, f"{where}[]")


@pytest.mark.parametrize("release", ["2048", "true", "null"])
def test_a_name_that_yaml_would_read_as_something_else_stays_a_name(release: str) -> None:
    named = {"fullnameOverride": "on", "serviceAccount": {"name": "1234"}, "nameOverride": "1.0"}
    watched = {"clusterName": "1e3", "watchNamespaces": ["1234", "0x1"]}
    made = render(
        {**ALL_OF_JIRA, **named, **watched, "networkPolicy": {"enabled": True}},
        release=release,
        namespace="1e1",
        kinds=NEW_CLUSTER,
    )
    metadata = [each["metadata"] for each in made.objects]
    pods = [
        each["spec"]["template"]["metadata"] for each in made.objects if "template" in each.get("spec", {})
    ]
    names = [each.get(field, "") for each in metadata for field in ("name", "namespace")]
    labels = [label for each in (*metadata, *pods) for label in each["labels"].values()]
    selected = made.one("NetworkPolicy")["spec"]["podSelector"]
    assert {type(each) for each in (*names, *labels)} == {str}
    assert selected["matchLabels"] == {"app.kubernetes.io/instance": release}
    assert {type(each) for each in selected["matchExpressions"][0]["values"]} == {str}
    bound = [subject for each in made.all("RoleBinding") for subject in each["subjects"]]
    assert {(each["name"], each["namespace"]) for each in bound} == {("1234", "1e1")}
    assert made.one("Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == "1234"


def _assert_known(value: Any, schema: dict[str, Any], where: str) -> None:
    match value:
        case dict():
            assert value.keys() >= set(schema.get("required", ())), where
            for name, inner in value.items():
                assert name in schema["properties"], f"{where}.{name}"
                _assert_known(inner, schema["properties"][name], f"{where}.{name}")
        case list():
            for inner in value:
                _assert_known(inner, schema["items"], f"{where}[]")
        case _:
            assert value in schema.get("enum", [value]), where


def test_without_a_site_there_is_no_jirasite() -> None:
    assert not render().all("JiraSite")


def test_credentials_for_trying_become_the_secret_that_the_site_names() -> None:
    made = render({"jira": {"siteURL": SITE, "clientId": "an id", "clientSecret": "a: secret #1"}})
    secret = made.one("Secret")
    assert secret["metadata"]["name"] == "rollout-reporter-jira"
    assert secret["stringData"] == {"clientId": "an id", "clientSecret": "a: secret #1"}
    assert made.one("JiraSite")["spec"]["credentialsSecretRef"]["name"] == "rollout-reporter-jira"


@pytest.mark.parametrize("jira", [{}, {"siteURL": SITE}, {"siteURL": SITE, "existingSecret": "jira"}])
def test_no_secret_is_made_without_credentials(jira: dict[str, str]) -> None:
    assert not render({"jira": jira}).all("Secret")


def test_the_operator_runs_with_its_defaults_told() -> None:
    made = render()
    assert container(made)["args"] == ["run"]
    assert "command" not in container(made)
    assert environment(made) == {
        "POD_NAMESPACE": {"fieldRef": {"fieldPath": "metadata.namespace"}},
        "POD_NAME": {"fieldRef": {"fieldPath": "metadata.name"}},
        "ROLLOUT_REPORTER_HOST": "::",
        "ROLLOUT_REPORTER_PROBE_PORT": "8081",
        "ROLLOUT_REPORTER_METRICS_PORT": "8080",
        "ROLLOUT_REPORTER_LOG_LEVEL": "info",
        "ROLLOUT_REPORTER_LOG_FORMAT": "json",
        "ROLLOUT_REPORTER_DRY_RUN": "false",
        "ROLLOUT_REPORTER_READ_BACK": "false",
        "ROLLOUT_REPORTER_CONDITIONS_ON_WORKLOADS": "true",
    }


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"clusterName": "prod-eu-1"}, {"CLUSTER_NAME": "prod-eu-1"}),
        ({"clusterName": "c", "watchNamespaces": ["a", "b", "a"]}, {"WATCH_NAMESPACES": "a,b"}),
        ({"excludeNamespaces": ["kube-*", "x"]}, {"EXCLUDE_NAMESPACES": "kube-*,x"}),
        ({"namespaceSelector": "team=pay,tier!=toy"}, {"NAMESPACE_SELECTOR": "team=pay,tier!=toy"}),
        ({"jira": {"allowedHosts": ["jira.test:8443", "b"]}}, {"ALLOWED_HOSTS": "jira.test:8443,b"}),
        ({"dryRun": True}, {"DRY_RUN": "true"}),
        ({"jira": {"readBack": True}}, {"READ_BACK": "true"}),
        ({"conditions": {"onWorkloads": False}}, {"CONDITIONS_ON_WORKLOADS": "false"}),
        ({"metrics": {"port": 9090}}, {"METRICS_PORT": "9090"}),
        ({"logLevel": "debug", "logFormat": "text"}, {"LOG_LEVEL": "debug", "LOG_FORMAT": "text"}),
    ],
)
def test_options_reach_the_operator(values: dict[str, Any], told: dict[str, str]) -> None:
    found = environment(render(values))
    assert {name: found[f"ROLLOUT_REPORTER_{name}"] for name in told} == told


def test_probes_ask_the_probe_port() -> None:
    only = container(render())
    ports = {each["name"]: each["containerPort"] for each in only["ports"]}
    assert ports == {"probes": 8081, "metrics": 8080}
    for probe, path in (("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        assert only[probe]["httpGet"] == {"path": path, "port": "probes"}


def test_the_metrics_service_finds_the_operator() -> None:
    made = render({"metrics": {"port": 9090}})
    service, deployment = made.one("Service"), made.one("Deployment")
    assert service["spec"]["ports"] == [
        {"name": "metrics", "port": 9090, "targetPort": "metrics", "protocol": "TCP"}
    ]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_without_metrics_there_is_neither_service_nor_port() -> None:
    made = render({"metrics": {"enabled": False}})
    assert not made.all("Service")
    assert [each["name"] for each in container(made)["ports"]] == ["probes"]


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ({}, f"ghcr.io/rollout-reporter/rollout-reporter:{__version__}"),
        ({"tag": "edge"}, "ghcr.io/rollout-reporter/rollout-reporter:edge"),
        ({"registry": "r.test/mirror/"}, f"r.test/mirror/rollout-reporter/rollout-reporter:{__version__}"),
        (
            {"digest": "sha256:" + "a" * 64},
            f"ghcr.io/rollout-reporter/rollout-reporter@sha256:{'a' * 64}",
        ),
        (
            {"registry": "r.test:5000", "repository": "x", "tag": "1", "digest": "sha256:" + "b" * 64},
            f"r.test:5000/x:1@sha256:{'b' * 64}",
        ),
    ],
)
def test_the_image_is_named_by_tag_or_digest(image: dict[str, str], reference: str) -> None:
    assert container(render({"image": image}))["image"] == reference


def test_what_an_init_container_makes_is_there_for_hooks_and_tests_too() -> None:
    """Such as a file of authorities: all of them get the volumes and the environment that speak of it."""
    first = {"name": "authorities", "image": "registry.example/first:1"}
    made = render({**ALL_OF_JIRA, "extraInitContainers": [first]}, kinds=NEW_CLUSTER)
    pods = [
        each["spec"]["template"]["spec"] for each in made.objects if each["kind"] in {"Deployment", "Job"}
    ]
    pods += [each["spec"] for each in made.all("Pod")]

    assert len(pods) == 4
    assert [each["initContainers"] for each in pods] == [[first]] * 4


def test_a_shared_registry_wins() -> None:
    values = {"global": {"imageRegistry": "r.test/", "imagePullSecrets": [{"name": "a"}, "b"], "ours": False}}
    made = render({**values, "imagePullSecrets": [{"name": "b"}, "c"]})
    assert container(made)["image"].startswith("r.test/rollout-reporter/")
    pod = made.one("Deployment")["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "a"}, {"name": "b"}, {"name": "c"}]


@pytest.mark.parametrize(
    ("release", "values", "name"),
    [
        ("rollout-reporter", {}, "rollout-reporter"),
        ("rollout-reporter-two", {}, "rollout-reporter-two"),
        ("jira", {}, "jira-rollout-reporter"),
        ("jira", {"nameOverride": "rr"}, "jira-rr"),
        ("jira", {"fullnameOverride": "rr"}, "rr"),
        ("x" * 53, {}, "x" * 52),
        ("my.release", {}, "my-release-rollout-reporter"),
        ("my.rollout-reporter", {}, "my-rollout-reporter"),
        ("2048", {"fullnameOverride": "rr"}, "rr"),
        ("jira", {"nameOverride": "r" * 60}, "jira-" + "r" * 47),
    ],
)
def test_names_follow_the_release(release: str, values: dict[str, str], name: str) -> None:
    made = render(values, release=release)
    assert made.one("Deployment")["metadata"]["name"] == name
    assert made.one("ServiceAccount")["metadata"]["name"] == name


@pytest.mark.parametrize("long", ["n" * 63, "n" * 51 + ".n"])
def test_labels_are_short_enough_whatever_the_name(long: str) -> None:
    made = render({**ALL_OF_JIRA, "nameOverride": long}, release="r" * 53, kinds=NEW_CLUSTER)
    pods = [each["spec"]["template"] for each in made.objects if each["kind"] in {"Deployment", "Job"}]
    for each in (*made.objects, *pods):
        for value in each["metadata"]["labels"].values():
            assert len(value) <= 63
            assert value[-1] not in "-."


def test_every_object_carries_the_labels_and_nobody_can_break_the_selector() -> None:
    clash = {"app.kubernetes.io/name": "other", "team": "platform"}
    made = render({**ALL_OF_JIRA, "commonLabels": clash, "podLabels": clash}, kinds=NEW_CLUSTER)
    ours = {
        "app.kubernetes.io/name": "rollout-reporter",
        "app.kubernetes.io/instance": "rollout-reporter",
        "app.kubernetes.io/version": __version__,
        "app.kubernetes.io/managed-by": "Helm",
        "team": "platform",
    }
    assert len(made.objects) > 10
    for each in made.objects:
        labels = dict(each["metadata"]["labels"])
        if each["kind"] == "Pod":
            labels["app.kubernetes.io/name"] = labels["app.kubernetes.io/name"].removesuffix("-doctor")
        assert ours.items() <= labels.items(), each["kind"]
    labels = made.one("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert made.one("Deployment")["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert labels["team"] == "platform"


def test_pods_of_hooks_carry_the_labels_of_every_object_too() -> None:
    """A cluster that asks for a label refuses pods without, and a hook would wait for its pod."""
    made = render({**ALL_OF_JIRA, "commonLabels": {"team": "platform"}}, kinds=NEW_CLUSTER)
    pods = [each["spec"]["template"] for each in made.objects if each["kind"] == "Job"]

    assert len(pods) > 1
    for each in (*pods, made.one("Pod")):
        assert each["metadata"]["labels"]["team"] == "platform"
        assert each["metadata"]["labels"]["app.kubernetes.io/name"] != "rollout-reporter"


def test_extras_reach_the_pod() -> None:
    toleration = {"key": "platform", "operator": "Exists"}
    values: dict[str, Any] = {
        "extraArgs": ["--verbose"],
        "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
        "extraEnvFrom": [{"secretRef": {"name": "more"}}],
        "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
        "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ca"}],
        "nodeSelector": {"pool": "system"},
        "tolerations": [toleration],
        "affinity": {"nodeAffinity": {}},
        "topologySpreadConstraints": [{"maxSkew": 1}],
        "priorityClassName": "high",
        "podAnnotations": {"a": "b"},
        "replicaCount": 2,
        "terminationGracePeriodSeconds": 45,
    }
    made = render(values)
    deployment, only = made.one("Deployment"), container(made)
    template = deployment["spec"]["template"]
    assert only["args"] == ["run", "--verbose"]
    assert environment(made)["HTTPS_PROXY"] == "http://proxy:3128"
    assert only["envFrom"] == values["extraEnvFrom"]
    assert values["extraVolumeMounts"][0] in only["volumeMounts"]
    assert values["extraVolumes"][0] in template["spec"]["volumes"]
    assert template["metadata"]["annotations"]["a"] == "b"
    assert deployment["spec"]["replicas"] == 2
    for name in ("nodeSelector", "tolerations", "affinity", "topologySpreadConstraints", "priorityClassName"):
        assert template["spec"][name] == values[name]
    assert template["spec"]["terminationGracePeriodSeconds"] == 45


def test_extra_objects_may_be_text_or_yaml_and_hold_templates() -> None:
    by_text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-a'}"
    by_yaml = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-b"}}
    made = render({"extraObjects": [by_text, by_yaml]})
    found = [each["metadata"]["name"] for each in made.all("ConfigMap")]
    assert found == ["rollout-reporter-a", "rollout-reporter-b"]


def test_an_upgrade_leaves_no_gap() -> None:
    strategy = render().one("Deployment")["spec"]["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
