"""What people add to the ordinary installation."""

from copy import deepcopy
from typing import Any

import pytest
import yaml

from unit.chart.helm import CHART, NAMESPACE, NEW_CLUSTER, SITE, Rendered, container, environment, render
from unit.chart.scenarios import SCENARIOS

MONITORS = ("monitoring.coreos.com/v1/ServiceMonitor", "monitoring.coreos.com/v1/PodMonitor")
RULES = "monitoring.coreos.com/v1/PrometheusRule"


def pod(made: Rendered) -> dict[str, Any]:
    found: dict[str, Any] = made.one("Deployment")["spec"]["template"]["spec"]
    return found


def test_a_single_pod_never_holds_up_a_drain() -> None:
    assert not render().all("PodDisruptionBudget")
    assert not render({"replicaCount": 2, "podDisruptionBudget": {"enabled": False}}).all(
        "PodDisruptionBudget"
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"maxUnavailable": 1}),
        ({"maxUnavailable": "50%"}, {"maxUnavailable": "50%"}),
        ({"minAvailable": 1}, {"minAvailable": 1}),
        ({"minAvailable": 0}, {"minAvailable": 0}),
        ({"minAvailable": "50%", "maxUnavailable": 0}, {"minAvailable": "50%"}),
    ],
)
def test_of_two_pods_one_stays(values: dict[str, Any], expected: dict[str, Any]) -> None:
    made = render({"replicaCount": 2, "podDisruptionBudget": values})
    spec = made.one("PodDisruptionBudget")["spec"]
    assert {name: value for name, value in spec.items() if name.endswith("vailable")} == expected
    labels = made.one("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"].items() <= labels.items()


def ports(rule: dict[str, Any]) -> list[int]:
    return [each["port"] for each in rule["ports"]]


def test_the_way_out_leads_to_dns_jira_and_the_api_server() -> None:
    spec = render({"networkPolicy": {"enabled": True}}).one("NetworkPolicy")["spec"]
    assert [ports(rule) for rule in spec["egress"]] == [[53, 53], [443, 6443]]
    assert [ports(rule) for rule in spec["ingress"]] == [[8081], [8080]]
    assert spec["policyTypes"] == ["Ingress", "Egress"]


def test_the_way_out_leads_to_ports_that_the_values_name() -> None:
    values = {
        "networkPolicy": {"enabled": True},
        "jira": {"siteURL": "http://127.0.0.1:1", "apiURL": "http://127.0.0.1:2/"},
        "proxy": {"httpsProxy": "http://user:word@proxy.test:3128/"},
    }
    assert ports(render(values).one("NetworkPolicy")["spec"]["egress"][1]) == [443, 6443, 3128, 1, 2]


@pytest.mark.parametrize(
    ("values", "port"),
    [
        ({"proxy": {"httpsProxy": "http://proxy.test"}}, 80),
        ({"proxy": {"httpProxy": "HTTP://user:w@rd@proxy.test/"}}, 80),
        ({"proxy": {"httpsProxy": "http://proxy.test:3128/a/path:1"}}, 3128),
        ({"proxy": {"httpsProxy": "https://[fd00::1]:8443"}}, 8443),
        ({"jira": {"siteURL": "http://jira.test", "allowedHosts": ["jira.test"]}}, 80),
        ({"jira": {"siteURL": SITE, "apiURL": "http://localhost/"}}, 80),
    ],
    ids=str,
)
def test_the_port_of_a_url_is_let_out_said_or_not(values: dict[str, Any], port: int) -> None:
    made = render({**values, "networkPolicy": {"enabled": True}})
    assert ports(made.one("NetworkPolicy")["spec"]["egress"][1]) == [443, 6443, port]


def test_https_needs_no_further_port() -> None:
    values = {"networkPolicy": {"enabled": True}, "proxy": {"httpsProxy": "https://proxy.test/a"}}
    assert ports(render(values).one("NetworkPolicy")["spec"]["egress"][1]) == [443, 6443]


def test_rules_of_ones_own_join_the_charts() -> None:
    values = SCENARIOS["fenced in"]
    spec = render(values).one("NetworkPolicy")["spec"]
    assert spec["ingress"][1]["from"] == values["networkPolicy"]["metricsFrom"]
    assert spec["ingress"][2:] == values["networkPolicy"]["extraIngress"]
    assert spec["egress"][2:] == values["networkPolicy"]["extraEgress"]


def test_the_fence_is_around_every_pod_of_ours() -> None:
    made = render({"networkPolicy": {"enabled": True}, "jira": {"siteURL": SITE}}, kinds=NEW_CLUSTER)
    selector = made.one("NetworkPolicy")["spec"]["podSelector"]
    templates = [each["spec"]["template"] for each in (*made.all("Deployment"), *made.all("Job"))]
    found = [each["metadata"]["labels"] for each in (*templates, *made.all("Pod"))]
    assert len(found) == 4
    for labels in found:
        assert selector["matchLabels"].items() <= labels.items()
        assert labels["app.kubernetes.io/name"] in selector["matchExpressions"][0]["values"]


def test_the_api_server_is_spoken_to_without_the_proxy() -> None:
    told = environment(render(SCENARIOS["fenced in"]))
    assert told["HTTPS_PROXY"] == "http://proxy.example.com:3128"
    assert told["NO_PROXY"] == "$(KUBERNETES_SERVICE_HOST),localhost,.svc"
    assert "HTTP_PROXY" not in told
    spaced = {"httpsProxy": "http://proxy.test", "noProxy": " localhost, .svc ,,"}
    assert environment(render({"proxy": spaced}))["NO_PROXY"] == "$(KUBERNETES_SERVICE_HOST),localhost,.svc"
    assert not {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} & environment(render()).keys()


def test_a_proxy_that_comes_from_a_secret_for_its_password_has_exceptions_all_the_same() -> None:
    proxy = {"name": "HTTPS_PROXY", "valueFrom": {"secretKeyRef": {"name": "proxy", "key": "url"}}}
    told = environment(render({"extraEnv": [proxy], "proxy": {"noProxy": ".svc"}}))
    assert told["HTTPS_PROXY"] == proxy["valueFrom"]
    assert told["NO_PROXY"] == "$(KUBERNETES_SERVICE_HOST),.svc"
    assert environment(render({"extraEnv": [proxy]}))["NO_PROXY"] == "$(KUBERNETES_SERVICE_HOST)"


@pytest.mark.parametrize(
    ("values", "source", "file"),
    [
        ({"configMapName": "ca"}, {"configMap": {"name": "ca"}}, "ca.crt"),
        ({"secretName": "ca", "key": "a.pem"}, {"secret": {"secretName": "ca"}}, "a.pem"),
    ],
)
def test_a_private_ca_is_trusted(values: dict[str, str], source: dict[str, Any], file: str) -> None:
    made = render({"caBundle": values})
    assert {"name": "ca-bundle", **source} in pod(made)["volumes"]
    (mount,) = (each for each in container(made)["volumeMounts"] if each["name"] == "ca-bundle")
    assert environment(made)["SSL_CERT_FILE"] == f"{mount['mountPath']}/{file}"


@pytest.mark.parametrize("scenario", ["fenced in", "extras", "pod"])
def test_hooks_see_and_trust_what_the_operator_does(scenario: str) -> None:
    made = render({**SCENARIOS[scenario], "jira": {"siteURL": SITE}}, kinds=NEW_CLUSTER)
    operator, theirs = pod(made), [each["spec"]["template"]["spec"] for each in made.all("Job")]
    for each in (*theirs, made.one("Pod")["spec"]):
        for field in (
            "volumes",
            "nodeSelector",
            "tolerations",
            "hostAliases",
            "dnsPolicy",
            "dnsConfig",
            "runtimeClassName",
        ):
            assert each.get(field) == operator.get(field), field
        for field in ("env", "envFrom", "volumeMounts", "image"):
            assert each["containers"][0].get(field) == operator["containers"][0].get(field), field


def test_probes_can_be_tuned() -> None:
    only = container(render(SCENARIOS["pod"]))
    assert only["livenessProbe"]["initialDelaySeconds"] == 60
    assert only["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "probes"}
    assert only["readinessProbe"]["timeoutSeconds"] == 10


def test_more_containers_and_marks_reach_the_deployment() -> None:
    values = SCENARIOS["extras"]
    deployment = render(values).one("Deployment")
    spec = deployment["spec"]["template"]["spec"]
    assert deployment["metadata"]["annotations"] == values["deploymentAnnotations"]
    assert spec["initContainers"] == values["extraInitContainers"]
    assert [each["name"] for each in spec["containers"]] == ["rollout-reporter", "beside"]
    assert render(SCENARIOS["pod"]).one("Deployment")["spec"]["revisionHistoryLimit"] == 0


@pytest.mark.parametrize(
    ("name", "endpoints"), [("serviceMonitor", "endpoints"), ("podMonitor", "podMetricsEndpoints")]
)
def test_prometheus_finds_the_metrics(name: str, endpoints: str) -> None:
    settings = SCENARIOS["monitored"]["metrics"]["serviceMonitor"]
    made = render({"metrics": {name: settings}})
    monitor = made.one(name[0].upper() + name[1:])
    target = made.one("Service") if name == "serviceMonitor" else made.one("Deployment")["spec"]["template"]
    assert monitor["metadata"]["namespace"] == "default"
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": [NAMESPACE]}
    assert monitor["spec"]["selector"]["matchLabels"].items() <= target["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"][endpoints]
    assert endpoint == {
        "port": "metrics",
        "path": "/metrics",
        **{key: settings[key] for key in ("interval", "scrapeTimeout", "relabelings", "metricRelabelings")},
    }


def test_a_pod_monitor_needs_no_service() -> None:
    made = render(SCENARIOS["monitored by pods"])
    (endpoint,) = made.one("PodMonitor")["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] in [each["name"] for each in container(made)["ports"]]
    assert not made.all("Service")


def test_marks_reach_the_service_and_the_account() -> None:
    service = render(SCENARIOS["annotated"]).one("Service")
    assert service["metadata"]["annotations"] == {"prometheus.io/scrape": "true"}
    account = render(SCENARIOS["pod"]).one("ServiceAccount")
    assert account["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert account["metadata"]["labels"]["app.kubernetes.io/name"] == "rollout-reporter"


def test_an_upgrade_can_make_room_first() -> None:
    """What the default says of rolling would be refused beside it."""
    assert render(SCENARIOS["pod"]).one("Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    rolling = {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    assert render({"strategy": rolling}).one("Deployment")["spec"]["strategy"] == {
        "type": "RollingUpdate",
        **rolling,
    }


def test_monitors_are_made_where_the_cluster_serves_them() -> None:
    values = {"metrics": {"serviceMonitor": {"enabled": True}}}
    assert not render(values).all("ServiceMonitor")
    assert render(values, kinds=MONITORS).one("ServiceMonitor")


def test_what_stands_among_those_of_others_says_whose_it_is() -> None:
    values = {"metrics": {"serviceMonitor": {"enabled": True, "namespace": "monitoring"}}}
    names = {
        render(values, namespace=each, kinds=MONITORS).one("ServiceMonitor")["metadata"]["name"]
        for each in ("a", "b")
    }
    assert names == {"rollout-reporter-a", "rollout-reporter-b"}


ALERTS = yaml.safe_load((CHART / "files/rules.yaml").read_text())["groups"]


def groups(**settings: Any) -> list[dict[str, Any]]:
    made = render({"metrics": {"prometheusRule": {"enabled": True, **settings}}}, kinds=(RULES,))
    found: list[dict[str, Any]] = made.one("PrometheusRule")["spec"]["groups"]
    return found


def test_alerts_reach_prometheus_as_they_were_tested() -> None:
    """But for whose absence is told: another installation's metrics would hide it."""
    tested = deepcopy(ALERTS)
    first = tested[0]["rules"][0]
    ours = f'absent(rollout_reporter_leader{{namespace="{NAMESPACE}"}})'
    first["expr"] = first["expr"].replace("absent(rollout_reporter_leader)", ours)
    assert ours in first["expr"]
    assert groups() == tested


def test_alerts_can_be_left_out_and_lead_to_ones_own_runbooks() -> None:
    first, *others = (rule["alert"] for group in ALERTS for rule in group["rules"])
    found = [
        rule
        for group in groups(disabledAlerts=[first], runbookURL="https://wiki.test/")
        for rule in group["rules"]
    ]
    assert [rule["alert"] for rule in found] == others
    for rule in found:
        assert rule["annotations"]["runbook_url"] == f"https://wiki.test/{rule['alert']}.md"


def test_a_dashboard_reaches_grafana() -> None:
    settings = {"enabled": True, "namespace": "grafana", "annotations": {"folder": "Releases"}}
    config = render({"metrics": {"dashboards": settings}}).one("ConfigMap")
    assert config["metadata"]["namespace"] == "grafana"
    assert config["metadata"]["name"] == f"rollout-reporter-{NAMESPACE}-dashboard"
    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert config["metadata"]["annotations"] == {"folder": "Releases"}
    assert (
        config["data"]["rollout-reporter.reporting.json"]
        == (CHART / "files/dashboard.json").read_text().strip()
    )


def test_further_sites_get_their_jirasites_and_their_secrets_can_be_read() -> None:
    made = render(SCENARIOS["several sites"])
    default, acquired = made.all("JiraSite")
    assert (default["metadata"]["name"], acquired["metadata"]["name"]) == ("default", "acquired")
    assert acquired["spec"] == {
        "siteURL": "https://acquired.atlassian.net",
        "apiURL": "https://api.atlassian.com",
        "cloudId": "3f0c6a52-0d3b-4c0e-9a11-2f7b6f1f9d20",
        "credentialsSecretRef": {"name": "acquired", "clientIdKey": "id", "clientSecretKey": "word"},
        "access": [{"namespaces": ["acquired-*"], "projects": ["ACQ"]}],
        "environments": [{"namespaces": ["*-prod"], "name": "live", "type": "production"}],
    }
    rules = made.named("Role", "rollout-reporter")["rules"]
    (secrets,) = (rule for rule in rules if rule["resources"] == ["secrets"])
    assert secrets["resourceNames"] == ["jira", "acquired", "another"]


def test_uninstalling_runs_the_clean_up_before_anything_is_gone() -> None:
    made = render({"cleanup": {"timeoutSeconds": 30}})
    job = made.named("Job", "-cleanup")
    assert {each["kind"] for each in made.hooks("pre-delete")} == {"Role", "RoleBinding", "Job"}
    (only,) = job["spec"]["template"]["spec"]["containers"]
    assert only["args"] == ["cleanup", "--namespace", NAMESPACE, "--skip-forbidden", "--yes"]
    assert job["spec"]["activeDeadlineSeconds"] == 30
    kept = render({"cleanup": {"keepReports": True}}).named("Job", "-cleanup")
    assert kept["spec"]["template"]["spec"]["containers"][0]["args"] == [*only["args"], "--keep-reports"]
    assert job["spec"]["template"]["spec"]["serviceAccountName"] == "rollout-reporter"
    weights = {
        each["kind"]: int(each["metadata"]["annotations"]["helm.sh/hook-weight"])
        for each in made.hooks("pre-delete")
    }
    assert weights["Role"] < weights["RoleBinding"] < weights["Job"]


def test_uninstalling_can_leave_everything_as_it_is() -> None:
    assert not render({"cleanup": {"enabled": False}}).hooks("pre-delete")


def test_helm_test_asks_the_doctor_and_its_log_can_be_read() -> None:
    """Helm 3 reads it when the hooks are done, and deleted, if they say so."""
    made = render()
    (test,) = made.hooks("test")
    assert test["metadata"]["annotations"]["helm.sh/hook-delete-policy"] == "before-hook-creation"
    assert test["spec"]["containers"][0]["args"] == ["doctor", "--service-account", "rollout-reporter"]
    assert test["spec"]["restartPolicy"] == "Never"
