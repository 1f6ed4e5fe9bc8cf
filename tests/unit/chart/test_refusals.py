"""Values that cannot work are refused at once, with a sentence that helps."""

from typing import Any

import pytest

from unit.chart.helm import NEW_CLUSTER, SITE, refusal, render


def jira(**more: Any) -> dict[str, Any]:
    return {"jira": {"siteURL": SITE, **more}}


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
        ({"image": {"digest": "0123"}}, "'/image/digest'", "sha256"),
        ({"environments": [{**RULE, "type": "prod"}]}, "'/environments/0/type'", "'production'"),
        ({"environments": [{"name": "live", "type": "production"}]}, "'/environments/0'", "'namespaces'"),
        (jira(access=[{"project": ["A"]}]), "'/jira/access/0'", "'project' not allowed"),
        (jira(access=[{"projects": ["pay"]}]), "'/jira/access/0/projects/0'", "pattern"),
        (jira(allowedHosts=["https://jira.test"]), "'/jira/allowedHosts/0'", "pattern"),
        ({"extraEnv": [{"name": "A", "value": 1}]}, "'/extraEnv/0/value'", "want string"),
        ({"metrics": {"port": 80}}, "'/metrics/port'", "minimum: got 80"),
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
