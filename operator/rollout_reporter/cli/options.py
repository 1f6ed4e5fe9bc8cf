"""Options that several commands have in common, each with one name, one text and one meaning."""

from typing import Annotated

import typer

from . import texts

Kubeconfig = Annotated[
    str,
    typer.Option(
        envvar="KUBECONFIG", help="Kubeconfig; without one, ~/.kube/config, else the pod's ServiceAccount."
    ),
]
_OPERATOR = "Namespace of the operator, its JiraSites and its Lease."
PodNamespace = Annotated[str, typer.Option("--namespace", envvar="POD_NAMESPACE", help=_OPERATOR)]
"""For the operator."""
OwnNamespace = Annotated[
    str,
    typer.Option(
        "--namespace",
        "-n",
        "--operator-namespace",
        envvar="POD_NAMESPACE",
        help=_OPERATOR,
    ),
]
"""For commands about the operator; the long name is that of the other commands."""
OperatorNamespace = Annotated[str, typer.Option(help=_OPERATOR)]
"""For commands whose `--namespace` is that of workloads."""
Site = Annotated[str, typer.Option(help="Name of the JiraSite, see kubectl get jirasites -A.")]
ClusterName = Annotated[
    str,
    typer.Option(
        envvar="ROLLOUT_REPORTER_CLUSTER_NAME",
        help="Name of the cluster in Jira's pipelines; without one, the uid of kube-system.",
        callback=texts.cluster_name,
    ),
]
WatchNamespaces = Annotated[
    str,
    typer.Option(
        envvar="ROLLOUT_REPORTER_WATCH_NAMESPACES",
        help="Namespaces that the operator watches, as shop,depot; without any, the whole cluster.",
        callback=texts.namespaces,
    ),
]
NamespaceSelector = Annotated[
    str,
    typer.Option(
        envvar="ROLLOUT_REPORTER_NAMESPACE_SELECTOR",
        help="Label selector of the Namespaces to watch, as team=shop; without one, all.",
        callback=texts.label_selector,
    ),
]
AllowedHosts = Annotated[
    str,
    typer.Option(
        envvar="ROLLOUT_REPORTER_ALLOWED_HOSTS",
        help="Hosts beside Atlassian's that credentials may be sent to, as jira.example,proxy.example:8443.",
        callback=texts.hosts,
    ),
]
ConditionsOnWorkloads = Annotated[
    bool,
    typer.Option(
        envvar="ROLLOUT_REPORTER_CONDITIONS_ON_WORKLOADS",
        help="Whether the operator shows its condition on Deployments and Rollouts.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
