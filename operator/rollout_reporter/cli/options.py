"""Options that several commands have in common, each with one name, one text and one meaning."""

from pathlib import Path
from typing import Annotated

import typer

Kubeconfig = Annotated[str, typer.Option(envvar="KUBECONFIG", help="Kubeconfig; ~/.kube/config without one.")]
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
    ),
]
WatchNamespaces = Annotated[
    str,
    typer.Option(
        envvar="ROLLOUT_REPORTER_WATCH_NAMESPACES",
        help="Namespaces that the operator watches, as shop,depot; without any, the whole cluster.",
    ),
]
NamespaceSelector = Annotated[
    str,
    typer.Option(
        envvar="ROLLOUT_REPORTER_NAMESPACE_SELECTOR",
        help="Label selector of the Namespaces to watch, as team=shop; without one, all.",
    ),
]
AllowedHosts = Annotated[
    str,
    typer.Option(
        envvar="ROLLOUT_REPORTER_ALLOWED_HOSTS",
        help="Hosts beside Atlassian's that credentials may be sent to, as jira.example,proxy.example:8443.",
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


def chosen(kubeconfig: str) -> str:
    """The kubeconfig that was named, else kubectl's own."""
    path = Path("~/.kube/config").expanduser()
    return kubeconfig or (str(path) if path.exists() else "")


def listed(text: str) -> tuple[str, ...]:
    """The words of an option that takes several, separated by commas or blanks."""
    return tuple(text.replace(",", " ").split())
