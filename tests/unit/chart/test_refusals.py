"""Values that cannot work are refused at once, with a sentence that helps."""

import inspect
from typing import Any

import pytest

from rollout_reporter.cli.run import run
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
        ({"environments": [{**RULE, "type": "prod"}]}, "'/environments/0/type'", "'production'"),
        ({"environments": [{"name": "live", "type": "production"}]}, "'/environments/0'", "'namespaces'"),
        (jira(access=[{"project": ["A"]}]), "'/jira/access/0'", "'project' not allowed"),
        ({"extraEnv": [{"name": "A", "value": 1}]}, "'/extraEnv/0/value'", "want string"),
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
            'watchNamespaces[0] "a-*" is no namespace\'s name (globs cannot have Roles): ',
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
        (
            {"environments": [RULE], "jira": {"sites": [SECOND]}},
            "write those of other sites to jira.sites[].environments.",
        ),
        (jira(siteURL="example.atlassian.net"), 'jira.siteURL "example.atlassian.net" is no plain URL: '),
        (jira(siteURL="HTTPS://example.atlassian.net"), "is no plain URL: write https:// and the host only"),
        (
            jira(apiURL="Https://api.atlassian.com"),
            'jira.apiURL "Https://api.atlassian.com" is no plain URL: ',
        ),
        (jira(access=[{"projects": ["SHOP"]}, {}]), "jira.access[1] is empty: say whom it lets report, "),
        (
            jira(sites=[{**SECOND, "access": [{}]}]),
            "jira.sites[0].access[0] is empty: say whom it lets report, ",
        ),
        ({"replicaCount": 5}, "replicaCount 5 brings nothing: one pod works, the others stand by. Write 2"),
        ({"dnsPolicy": "None"}, "dnsPolicy None takes its servers from dnsConfig.nameservers, "),
        (
            {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}},
            "strategy.rollingUpdate lets no pod come nor go: ",
        ),
        ({"priorityClassName": "Bad Name"}, 'priorityClassName "Bad Name" is no name of a Kubernetes object'),
        ({"commonLabels": {"team": "two words"}}, 'commonLabels.team "two words" is no value of a label'),
        ({"podLabels": {"team": "x" * 64}}, "is no value of a label: "),
        (
            {"metrics": {"prometheusRule": {"runbookURL": "nowhere"}}},
            'metrics.prometheusRule.runbookURL "nowhere" is no URL: ',
        ),
        (
            {"extraVolumes": [{"name": "tmp", "emptyDir": {}}]},
            'extraVolumes names "tmp", which the chart has itself: ',
        ),
        (
            {"extraContainers": [{"name": "rollout-reporter", "image": "x"}]},
            'extraContainers names "rollout-reporter", which the chart has itself: ',
        ),
        (
            {"extraEnv": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]},
            'extraEnv names "A" twice: ',
        ),
        (
            {"replicaCount": 2, "podDisruptionBudget": {"enabled": True, "maxUnavailable": "200%"}},
            'podDisruptionBudget.maxUnavailable "200%" is neither a number nor percent: ',
        ),
        (jira(siteURL="https://user:word@x.test"), "is no plain URL: write https:// and the host only"),
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
        (jira(urlTemplate="https://me@ci.test/{name}"), "has no host, or a user before it: write https://"),
        (jira(urlTemplate="https:///{name}"), "has no host, or a user before it: write https://"),
        (jira(urlTemplate="https://ci.test/{app}"), "what is filled in are {namespace}"),
        (jira(urlTemplate="https://ci.test/{name"), "holds blanks, or braces that nobody fills in: "),
        (jira(urlTemplate="https://ci.test/a b"), "holds blanks, or braces that nobody fills in: "),
        (
            jira(secretKeys={"clientSecret": "clientId"}),
            'jira.secretKeys names "clientId" for both: the client id and the client secret need a key each.',
        ),
        (
            jira(sites=[{**SECOND, "secretKeys": {"clientId": "a", "clientSecret": "a"}}]),
            'jira.sites[0].secretKeys names "a" for both: ',
        ),
        ({"serviceAccount": {"create": False}}, "name the account to use in serviceAccount.name"),
        ({"metrics": {"port": 8081}}, "metrics.port 8081 is the port of the probes: "),
        (
            {"metrics": {"port": 80}},
            "metrics.port 80 is none that a process without root's rights can open: ",
        ),
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
        (
            {"excludeNamespaces": ["team[z-a]"]},
            'excludeNamespaces[0] "team[z-a]": [z-a] runs backwards: write [a-z].',
        ),
        (
            jira(access=[{"namespaces": ["pay-*", "Team_A"]}]),
            'jira.access[0].namespaces[1] "Team_A" can match no Namespace: ',
        ),
        (
            {**jira(), "environments": [{"namespaces": ["Prod-*"], "name": "live", "type": "production"}]},
            'environments[0].namespaces[0] "Prod-*" can match no Namespace: ',
        ),
        (
            jira(
                sites=[
                    {**SECOND, "environments": [{"namespaces": ["p[z-a]"], "name": "l", "type": "testing"}]}
                ]
            ),
            'jira.sites[0].environments[0].namespaces[0] "p[z-a]": [z-a] runs backwards: ',
        ),
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
            {"metrics": {"enabled": False, "prometheusRule": {"enabled": True}}},
            "its alerts would miss the metrics and fire for ever. Set metrics.enabled=true.",
        ),
        (
            {"metrics": {"enabled": False, "dashboards": {"enabled": True}}},
            "metrics.dashboards is enabled, but metrics.enabled is false: they would stay empty.",
        ),
        (
            {"metrics": {"service": {"enabled": False}, "serviceMonitor": {"enabled": True}}},
            "metrics.service.enabled is false: there is nothing to scrape. Take metrics.podMonitor, ",
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


@pytest.mark.parametrize(
    "text",
    ["team in (a", "a b", "=x", "team>5", ",,", "a,", "!a=b", "a=b=c", "(a)", "zone in a", "a=b c", "a=-b"],
)
def test_a_selector_that_kubectl_would_not_take(text: str) -> None:
    said = refusal({"namespaceSelector": text})
    assert f'namespaceSelector "{text}" is no label selector: write what kubectl takes, key=value, ' in said


def test_a_glob_that_is_no_expression() -> None:
    globs = ["team[", "team]", "[]", "[!]", "[[a]]", "a[-]", "[a-]"]
    said = refusal({"excludeNamespaces": globs})
    for index, glob in enumerate(globs):
        assert f'excludeNamespaces[{index}] "{glob}" can match no Namespace: ' in said


@pytest.mark.parametrize(
    ("values", "where"),
    [
        (jira(siteURL="https://example.atlassian.net:99999"), "jira.siteURL leads to port 99999"),
        (jira(apiURL="https://api.atlassian.com:0"), "jira.apiURL leads to port 0"),
        (jira(allowedHosts=["jira.test:65536"]), "jira.allowedHosts[0] leads to port 65536"),
        ({"proxy": {"httpsProxy": "http://proxy.test:99999/"}}, "proxy.httpsProxy leads to port 99999"),
        (
            {"proxy": {"httpProxy": "http://proxy.test:123456789012345678901"}},
            "proxy.httpProxy leads to port",
        ),
    ],
)
def test_a_port_that_there_is_not(values: dict[str, Any], where: str) -> None:
    assert where in refusal(values)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (jira(existingSecret="Jira"), 'jira.existingSecret "Jira" is no name of a Kubernetes object: '),
        (jira(sites=[{**SECOND, "name": ""}]), 'jira.sites[0].name "" is no name of a Kubernetes object: '),
        (jira(sites=[{**SECOND, "siteURL": ""}]), 'jira.sites[0].siteURL "" is no plain URL: '),
        (jira(sites=[{**SECOND, "cloudId": "a b"}]), 'jira.sites[0].cloudId "a b" is no cloud id: '),
        (
            jira(sites=[{**SECOND, "secretKeys": {"clientId": "a b"}}]),
            'jira.sites[0].secretKeys.clientId "a b" is no key of a Secret or ConfigMap: ',
        ),
        (jira(secretKeys={"clientId": "client id"}), 'jira.secretKeys.clientId "client id" is no key of a '),
        (jira(secretKeys={"clientId": ""}), 'jira.secretKeys.clientId "" is no key of a '),
        (jira(cloudId="https://x"), 'jira.cloudId "https://x" is no cloud id: copy it from https://'),
        (
            {"metrics": {"serviceMonitor": {"interval": "30"}}},
            'metrics.serviceMonitor.interval "30" is no duration: write it as Prometheus reads it, such as ',
        ),
        ({"metrics": {"dashboards": {"namespace": "a.b"}}}, '"a.b" is no Namespace\'s name: '),
        ({"caBundle": {"configMapName": "A"}}, 'caBundle.configMapName "A" is no name of a '),
        ({"nameOverride": "Jira"}, 'nameOverride "Jira" is no name of a '),
        ({"fullnameOverride": "a.b"}, 'fullnameOverride "a.b" can be no Service\'s name, or'),
        ({"fullnameOverride": "2048"}, 'fullnameOverride "2048" can be no Service\'s name, or'),
        ({"fullnameOverride": "n" * 53}, "too long for what is added to it: write small letters, "),
        ({"rbac": {"secretNames": [""]}}, 'rbac.secretNames[0] "" is no name of a '),
        ({"imagePullSecrets": ["a b"]}, 'imagePullSecrets[0] "a b" is no name of a '),
        (
            {"global": {"imagePullSecrets": [{"name": "A"}]}},
            'global.imagePullSecrets[0] "A" is no name of a ',
        ),
        ({"image": {"registry": ""}}, 'image.registry "" is no registry: write its host, such as ghcr.io'),
        ({"image": {"registry": "https://r.test"}}, 'image.registry "https://r.test" is no registry: '),
        ({"global": {"imageRegistry": "r test"}}, 'global.imageRegistry "r test" is no registry: '),
        (
            {"image": {"repository": "ghcr.io/me/reporter"}},
            'image.repository "ghcr.io/me/reporter" begins with the registry, which goes before it anyway',
        ),
        ({"image": {"repository": "a:1"}}, 'image.repository "a:1" is no image\'s name: '),
        ({"image": {"tag": "a b"}}, 'image.tag "a b" is no tag: '),
        ({"image": {"tag": 1.1}}, 'image.tag "1.1" is a number, and numbers lose the zeros at their end: '),
        ({"image": {"tag": 20261129}}, 'put it in quotes, as "1.10", or use --set-string.'),
    ],
)
def test_no_expression_has_to_be_read(values: dict[str, Any], sentence: str) -> None:
    said = refusal(values)
    assert sentence in said
    assert "^" not in said


def test_a_release_that_a_service_cannot_be_called_after() -> None:
    assert "set fullnameOverride to a name that begins with a letter." in refusal({}, release="2048")


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        ({"minAvailable": 2}, "podDisruptionBudget.minAvailable 2 of 2 pods lets none go, "),
        ({"minAvailable": "51%"}, "podDisruptionBudget.minAvailable 51% of 2 pods lets none go, "),
        ({"maxUnavailable": 0}, "podDisruptionBudget.maxUnavailable 0 lets no pod go, "),
        ({"maxUnavailable": "0%"}, "podDisruptionBudget.maxUnavailable 0% lets no pod go, "),
    ],
)
def test_a_budget_that_would_stop_every_drain(budget: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal({"replicaCount": 2, "podDisruptionBudget": budget})
    assert not render({"replicaCount": 1, "podDisruptionBudget": budget}).all("PodDisruptionBudget")


FREE = {"keys_quiet_time", "kubeconfig"}
"""Options of the operator that no value of the chart sets."""


def test_a_flag_that_the_chart_sets_is_no_extra_argument() -> None:
    """Hooks and probes would not hear of it."""
    flags = [f"--{each.replace('_', '-')}" for each in inspect.signature(run).parameters if each not in FREE]
    assert "--log-level" in flags
    said = refusal({"extraArgs": [f"{flag}=x" for flag in flags]})
    for flag in flags:
        assert f"extraArgs holds {flag}, which the chart sets, " in said


def test_the_value_that_sets_a_flag_is_named() -> None:
    said = refusal({"extraArgs": ["--no-read-back", "--log-level", "debug", "--probe-port=1"]})
    assert (
        "holds --no-read-back, which the chart sets, for hooks and probes too: set the value jira.readBack"
        in said
    )
    assert "set the value logLevel instead." in said
    assert "holds --probe-port, which the chart sets, for hooks and probes too: take it out." in said


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("ROLLOUT_REPORTER_LOG_LEVEL", "set the value logLevel instead"),
        ("ROLLOUT_REPORTER_HOST", "take it out"),
        ("POD_NAME", "take it out"),
        ("HTTPS_PROXY", "set the value proxy.httpsProxy instead"),
        ("NO_PROXY", "set the value proxy.noProxy instead"),
        ("no_proxy", "set the value proxy.noProxy instead"),
        ("SSL_CERT_FILE", "set the value caBundle instead"),
    ],
)
def test_a_variable_that_the_chart_sets_is_no_extra_one(name: str, cure: str) -> None:
    """The API server would call it a duplicate entry, without a cure, or take the second one."""
    values = {
        "proxy": {"httpsProxy": "http://proxy.example.com:3128"},
        "caBundle": {"configMapName": "corporate-ca"},
        "extraEnv": [{"name": name, "value": "x"}],
    }

    assert f"extraEnv holds {name}, which the chart sets: {cure}." in refusal(values)


def test_a_variable_that_the_chart_does_not_set_now_is_an_extra_one() -> None:
    made = render({"extraEnv": [{"name": "HTTPS_PROXY", "value": "x"}]})

    [container] = made.one("Deployment")["spec"]["template"]["spec"]["containers"]
    assert {"name": "HTTPS_PROXY", "value": "x"} in container["env"]


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
