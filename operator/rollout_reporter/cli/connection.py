"""The way to the cluster: which kubeconfig a command takes, and words for one that leads nowhere."""

import os
from pathlib import Path
from typing import Any, Final

from rollout_reporter.cluster import api
from rollout_reporter.cluster.errors import UnconfiguredError

_OWN: Final = "~/.kube/config"
_IN_POD: Final = "KUBERNETES_SERVICE_HOST"
"""Every pod has this variable."""


async def connect(kubeconfig: str) -> Any:
    """Return a client for the cluster of this kubeconfig, else of kubectl's own, else of the pod.

    Raises:
        UnconfiguredError: None of them leads to a cluster.
    """
    path = kubeconfig or _own()
    try:
        return await api.connect(path)
    except UnconfiguredError as error:
        words = in_words(error, path, looked_at=f"--kubeconfig, KUBECONFIG and {_OWN}")
        raise UnconfiguredError(words) from error


def _own() -> str:
    path = Path(_OWN).expanduser()
    return str(path) if path.exists() else ""


def in_words(error: BaseException, kubeconfig: str, *, looked_at: str) -> str:
    """Why there is no way to a cluster, for a person."""
    if not kubeconfig and _IN_POD not in os.environ:
        return f"no kubeconfig was found (looked at {looked_at}), and this is no pod"
    if isinstance(error.__cause__, TypeError | AttributeError):
        return (
            f"the kubeconfig {kubeconfig} cannot be used: it has to have clusters, users and contexts in it"
        )
    return str(error)
