"""Workloads as people name them on the command line."""

from typing import Final

import typer

from rollout_reporter.core.workload import Kind

_KINDS: Final = {
    "deployment": Kind.DEPLOYMENT,
    "deployments": Kind.DEPLOYMENT,
    "deploy": Kind.DEPLOYMENT,
    "rollout": Kind.ROLLOUT,
    "rollouts": Kind.ROLLOUT,
    "ro": Kind.ROLLOUT,
}


def named(text: str) -> tuple[Kind, str]:
    """Return kind and name of `deployment/web`, `deploy/web`, `rollout/web` or `ro/web`.

    Raises:
        BadParameter: It is not like these.
    """
    kind, _, name = text.partition("/")
    if kind.lower() not in _KINDS or not name:
        raise typer.BadParameter(f"{text!r} is not like deployment/web or rollout/checkout")
    return _KINDS[kind.lower()], name
