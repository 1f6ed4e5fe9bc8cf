"""Values that cannot work are refused at once, with a sentence that helps."""

from typing import Any

import pytest

from unit.chart.helm import NEW_CLUSTER, SITE, refusal, render


def jira(**more: Any) -> dict[str, Any]:
    return {"jira": {"siteURL": SITE, **more}}


SECOND = {"name": "acquired", "siteURL": "https://acquired.atlassian.net", "existingSecret": "acquired"}
RULE = {"namespaces": ["*-prod"], "name": "live", "type": "production"}


@pytest.mark.parametrize(
    ("values", "where", "why"),
    [
        ({"jira": {"siteUrl": SITE}}, "'/jira'", "'siteUrl' not allowed"),
        ({"watchNamespace": ["a"]}, "''", "'watchNamespace' not allowed"),
        ({"replicas": 2}, "''", "'replicas' not allowed"),
        ({"replicaCount": "2"}, "'/replicaCount'", "want integer"),
        ({"watchNamespaces": "a,b"}, "'/watchNamespaces'", "want array"),
        ({"namespaceSelector": {"matchLabels": {}}}, "'/namespaceSelector'", "want string"),
        ({"dryRun": "yes"}, "'/dryRun'", "want boolean"),
        ({"logLevel": "INFO"}, "'/logLevel'", "'debug', 'info', 'warning', 'error'"),
        ({"image": {"tag": 1.1}}, "'/image/tag'", "want string"),
        ({"environments": [{**RULE, "type": "prod"}]}, "'/environments/0/type'", "'production'"),
        ({"environments": [{"name": "live", "type": "production"}]}, "'/environments/0'", "'namespaces'"),
        (jira(access=[{"project": ["A"]}]), "'/jira/access/0'", "'project' not allowed"),
        ({"extraEnv": [{"name": "A", "value": 1}]}, "'/extraEnv/0/value'", "want string"),
        ({"metrics": {"port": 80}}, "'/metrics/port'", "minimum: got 80"),
        (jira(sites=[{"name": "a"}]), "'/jira/sites/0'", "missing properties 'siteURL', 'existingSecret'"),
        ({"admissionPolicy": {"enabled": "yes"}}, "'/admissionPolicy/enabled'", "'auto', true, false"),
        (
            {"admissionPolicy": {"actions": ["warn"]}},
            "'/admissionPolicy/actions/0'",
            "'Warn', 'Audit', 'Deny'",
        ),
        ({"networkPolicy": {"egress": []}}, "'/networkPolicy'", "'egress' not allowed"),
        ({"livenessProbe": {"httpGet": {}}}, "'/livenessProbe'", "'httpGet' not allowed"),
        (
            {"metrics": {"serviceMonitor": {"renderMode": "skip"}}},
            "'/metrics/serviceMonitor/renderMode'",
            "'skipIfMissing', 'failIfMissing', 'alwaysRender'",
        ),
    ],
)
def test_the_schema_points_at_a_typo(values: dict[str, Any], where: str, why: str) -> None:
    said = refusal(values)
    assert f"at {where}" in said
    assert why in said


def test_helm_3_says_the_same() -> None:
    for values in (jira(siteUrl=SITE), {"watchNamespaces": ["a"]}):
        assert refusal(values, helm="helm3") == refusal(values)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"watchNamespaces": ["a"]}, "watchNamespaces needs clusterName: "),
        (
            {"clusterName": "c", "watchNamespaces": ["a-*"]},
            'watchNamespaces "a-*" is no namespace\'s name (globs cannot have Roles): ',
        ),
        (
            {"clusterName": "c", "watchNamespaces": ["a"], "namespaceSelector": "b"},
            "watchNamespaces and namespaceSelector exclude each other: ",
        ),
        (
            {"clusterName": "c", "watchNamespaces": ["a"], "excludeNamespaces": ["b"]},
            "watchNamespaces and excludeNamespaces exclude each other: ",
        ),
        (
            jira(existingSecret="jira", clientId="x", clientSecret="y"),
            "jira.existingSecret and jira.clientId/jira.clientSecret exclude each other: ",
        ),
        (jira(clientId="x"), "jira.clientId is set, but jira.clientSecret is not: "),
        (jira(clientSecret="y"), "jira.clientSecret is set, but jira.clientId is not: "),
        (
            {"jira": {"existingSecret": "jira"}},
            "jira.existingSecret is set, but jira.siteURL is not: add --set jira.siteURL=",
        ),
        ({"environments": [RULE]}, "environments is set, but jira.siteURL is not, "),
        (jira(siteURL="example.atlassian.net"), 'jira.siteURL "example.atlassian.net" is no plain URL: '),
        (jira(siteURL="https://user:word@x.test"), "is no plain URL: write scheme and host only"),
        (
            jira(siteURL="https://example.atlassian.net:443/jira/projects"),
            "has a path: cut it off behind the host, leaving https://example.atlassian.net:443.",
        ),
        (
            jira(siteURL="http://example.atlassian.net"),
            "is plain http: write https://, or name example.atlassian.net in jira.allowedHosts",
        ),
        (jira(apiURL="nowhere"), 'jira.apiURL "nowhere" is no plain URL: '),
        (jira(apiURL="https://api.atlassian.com/jira"), "leaving https://api.atlassian.com."),
        (jira(apiURL="https://jira.test"), "is not Atlassian's, and credentials would be sent there: "),
        (jira(apiURL="https://api.atlassian.com.evil.test"), "is not Atlassian's"),
        (jira(apiURL="http://api.atlassian.com"), 'jira.apiURL "http://api.atlassian.com" is plain http: '),
        (jira(apiURL="https://api.atlassian.com:8443"), "answers on 443 only, leave the port out."),
        (jira(urlTemplate="ci.example.com"), 'jira.urlTemplate "ci.example.com" must begin with https://'),
        ({"serviceAccount": {"create": False}}, "name the account to use in serviceAccount.name"),
        ({"metrics": {"port": 8081}}, "metrics.port 8081 is the port of the probes: "),
        (
            jira(sites=[{**SECOND, "siteURL": "acquired"}]),
            'jira.sites[0].siteURL "acquired" is no plain URL: ',
        ),
        (jira(sites=[{**SECOND, "apiURL": "https://jira.test"}]), "jira.sites[0].apiURL"),
        (jira(sites=[SECOND, SECOND]), 'jira.sites names "acquired" twice: '),
        (
            jira(sites=[{**SECOND, "name": "default"}]),
            "jira.sites[0] is called default, which is the site of",
        ),
        (jira(access=[{"projects": ["pay"]}]), 'jira.access[0].projects "pay" is no project\'s key: '),
        (jira(allowedHosts=["https://jira.test"]), 'jira.allowedHosts[0] "https://jira.test" is no host: '),
        (jira(email="nobody"), 'jira.email "nobody" is no e-mail address.'),
        ({"image": {"digest": "0123"}}, 'image.digest "0123" is no digest: write sha256: and 64'),
        ({"clusterName": "prod eu"}, 'clusterName "prod eu" cannot be part of an id: '),
        ({"excludeNamespaces": ["Kube_*"]}, 'excludeNamespaces[0] "Kube_*" can match no Namespace: '),
        ({"proxy": {"httpsProxy": "proxy:3128"}}, 'proxy.httpsProxy "proxy:3128" is no URL: '),
        (
            {"podDisruptionBudget": {"minAvailable": "half"}},
            'podDisruptionBudget.minAvailable "half" is neither a number nor percent: ',
        ),
        (
            {"caBundle": {"configMapName": "a", "secretName": "b"}},
            "caBundle.configMapName and caBundle.secretName exclude each other: ",
        ),
        (
            {"metrics": {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}},
            "every sample would be stored twice: switch one off.",
        ),
        (
            {"metrics": {"enabled": False, "podMonitor": {"enabled": True}}},
            "metrics.podMonitor is enabled, but metrics.enabled is false: ",
        ),
        (
            {"metrics": {"serviceMonitor": {"enabled": True, "renderMode": "failIfMissing"}}},
            "This cluster serves no ServiceMonitor: install the Prometheus operator first",
        ),
        (
            {"metrics": {"prometheusRule": {"disabledAlerts": ["Down"]}}},
            'metrics.prometheusRule.disabledAlerts "Down" is no alert of this chart: there are Rollout',
        ),
        (
            {"admissionPolicy": {"actions": ["Deny", "Warn"]}},
            "admissionPolicy.actions holds Deny and Warn, and the API server takes one of them only: ",
        ),
    ],
)
def test_a_sentence_says_what_to_do(values: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal(values)


def test_a_site_cannot_be_made_where_nobody_brings_its_crd() -> None:
    values = {**jira(), "crds": {"enabled": False}}
    assert "this cluster has no JiraSite CRD: apply the chart's files/crds" in refusal(
        values, kinds=NEW_CLUSTER
    )


def test_all_faults_are_told_at_once() -> None:
    said = refusal({"watchNamespaces": ["a*"], **jira(clientId="x")})
    assert said.count("\n  - ") == 3


@pytest.mark.parametrize(
    "accepted",
    [
        jira(siteURL="http://127.0.0.1:8080", apiURL="http://127.0.0.1:8080"),
        jira(siteURL="http://localhost", apiURL="http://[::1]:8080/"),
        jira(siteURL="http://jira.test:8080", apiURL="http://jira.test:8080", allowedHosts=["jira.test"]),
        jira(
            siteURL="http://jira.test:8080", apiURL="https://JIRA.test:8080", allowedHosts=["jira.test:8080"]
        ),
        jira(siteURL="https://jira.example.com", apiURL="https://example.atlassian.net"),
        jira(apiURL="https://api.atlassian.com:443/"),
    ],
)
def test_meant_addresses_are_taken(accepted: dict[str, Any]) -> None:
    assert render(accepted).one("JiraSite")


def test_a_named_host_on_another_port_is_another_host() -> None:
    assert "jira.siteURL" in refusal(jira(siteURL="http://jira.test:81", allowedHosts=["jira.test:80"]))
