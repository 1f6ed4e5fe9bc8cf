"""Values as people set them; they are rendered and linted, and tried on an API server."""

from typing import Any, Final

from unit.chart.helm import SITE

_JIRA: Final = {"siteURL": SITE, "existingSecret": "jira"}
_ALWAYS: Final = {"enabled": True, "renderMode": "alwaysRender"}

SCENARIOS: Final[dict[str, dict[str, Any]]] = {
    "defaults": {},
    "site": {"jira": _JIRA},
    "trying": {
        "jira": {
            "siteURL": "http://127.0.0.1:1",
            "apiURL": "http://127.0.0.1:1",
            "clientId": "a",
            "clientSecret": "b",
        }
    },
    "several sites": {
        "jira": {
            **_JIRA,
            "sites": [
                {
                    "name": "acquired",
                    "siteURL": "https://acquired.atlassian.net/",
                    "existingSecret": "acquired",
                    "secretKeys": {"clientId": "id", "clientSecret": "word"},
                    "cloudId": "3f0c6a52-0d3b-4c0e-9a11-2f7b6f1f9d20",
                    "access": [{"namespaces": ["acquired-*"], "projects": ["ACQ"]}],
                    "environments": [{"namespaces": ["*-prod"], "name": "live", "type": "production"}],
                }
            ],
        },
        "rbac": {"secretNames": ["another"]},
    },
    "namespaced": {"clusterName": "c", "watchNamespaces": ["default", "kube-public"], "jira": _JIRA},
    "namespaced, with policies": {
        "clusterName": "c",
        "watchNamespaces": ["default"],
        "admissionPolicy": {"enabled": True, "actions": ["Deny", "Audit"]},
    },
    "selected namespaces": {
        "excludeNamespaces": ["kube-*", "t?st", "[ab]-x"],
        "namespaceSelector": "team=payments,tier!=sandbox,zone in (a, b),!legacy,owner,stage notin (old)",
    },
    "without policies": {"admissionPolicy": {"enabled": False}, "conditions": {"onWorkloads": False}},
    "available": {
        "replicaCount": 2,
        "podDisruptionBudget": {"minAvailable": "50%"},
        "affinity": {
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "weight": 100,
                        "podAffinityTerm": {
                            "topologyKey": "kubernetes.io/hostname",
                            "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "rollout-reporter"}},
                        },
                    }
                ]
            }
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "rollout-reporter"}},
            }
        ],
    },
    "fenced in": {
        "jira": _JIRA,
        "networkPolicy": {
            "enabled": True,
            "metricsFrom": [{"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}],
            "extraIngress": [{"from": [{"podSelector": {}}]}],
            "extraEgress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}],
        },
        "proxy": {"httpsProxy": "http://proxy.example.com:3128", "noProxy": "localhost,.svc"},
        "caBundle": {"configMapName": "corporate-ca"},
    },
    "another CA": {"caBundle": {"secretName": "corporate-ca", "key": "bundle.pem"}},
    "monitored": {
        "metrics": {
            "serviceMonitor": {
                **_ALWAYS,
                "namespace": "default",
                "additionalLabels": {"release": "prometheus"},
                "interval": "30s",
                "scrapeTimeout": "10s",
                "relabelings": [{"action": "labeldrop", "regex": "pod"}],
                "metricRelabelings": [{"action": "drop", "sourceLabels": ["__name__"], "regex": "python_.*"}],
            }
        }
    },
    "monitored by pods": {
        "metrics": {
            "service": {"enabled": False},
            "podMonitor": _ALWAYS,
            "prometheusRule": _ALWAYS,
            "dashboards": {"enabled": True},
        }
    },
    "annotated": {"metrics": {"service": {"annotations": {"prometheus.io/scrape": "true"}}}},
    "OpenShift": {
        "podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None},
        "securityContext": {"runAsUser": None, "runAsGroup": None},
    },
    "pod": {
        "priorityClassName": "system-cluster-critical",
        "runtimeClassName": "gvisor",
        "dnsPolicy": "None",
        "dnsConfig": {"nameservers": ["10.0.0.10"], "options": [{"name": "ndots", "value": "2"}]},
        "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["jira.example.com"]}],
        "livenessProbe": {"initialDelaySeconds": 60},
        "readinessProbe": {"timeoutSeconds": 10},
        "nodeSelector": {"pool": "system"},
        "tolerations": [{"key": "platform", "operator": "Exists"}],
        "imagePullSecrets": [{"name": "registry"}, "another"],
        "serviceAccount": {"automount": False, "labels": {"azure.workload.identity/use": "true"}},
        "strategy": {"type": "Recreate"},
        "hooks": {"resources": {"limits": {"cpu": "100m"}}},
        "image": {"digest": "sha256:" + "a" * 64},
        "terminationGracePeriodSeconds": 60,
        "revisionHistoryLimit": 0,
    },
    "extras": {
        "commonLabels": {"team": "platform"},
        "podLabels": {"tier": "tools"},
        "podAnnotations": {"example.com/a": "b"},
        "deploymentAnnotations": {"example.com/c": "d"},
        "extraArgs": ["--keys-quiet-time=30"],
        "extraEnv": [{"name": "TZ", "value": "UTC"}],
        "extraEnvFrom": [{"secretRef": {"name": "more", "optional": True}}],
        "extraVolumes": [{"name": "cache", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "cache", "mountPath": "/cache"}],
        "extraInitContainers": [{"name": "first", "image": "registry.example/first:1"}],
        "extraContainers": [{"name": "beside", "image": "registry.example/beside:1"}],
        "extraObjects": [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-more"}}
        ],
    },
    "given rights": {
        "rbac": {"create": False},
        "serviceAccount": {"create": False, "name": "given"},
        "crds": {"enabled": False},
        "cleanup": {"enabled": False},
        "metrics": {"enabled": False},
    },
}
