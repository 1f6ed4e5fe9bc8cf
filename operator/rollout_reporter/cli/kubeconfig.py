"""Which cluster a command that people run speaks to."""

from pathlib import Path
from typing import Annotated

import typer

Kubeconfig = Annotated[str, typer.Option(envvar="KUBECONFIG", help="Kubeconfig; ~/.kube/config without one.")]
OperatorNamespace = Annotated[str, typer.Option(help="Namespace of the operator and its JiraSites.")]


def chosen(kubeconfig: str) -> str:
    """The kubeconfig that was named, else kubectl's own."""
    path = Path("~/.kube/config").expanduser()
    return kubeconfig or (str(path) if path.exists() else "")
