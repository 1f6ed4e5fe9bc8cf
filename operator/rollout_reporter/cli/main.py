"""All commands in one place; each lives in a module of its own."""

from collections.abc import Callable
from typing import Annotated

import typer

from rollout_reporter import __version__

from . import cleanup, crds, doctor, explain, forget, resync, run, sandbox, verdict

app = typer.Typer(
    name="rollout-reporter",
    help="Tells Jira Cloud the truth about every rollout of a Deployment or Argo Rollout.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # frames break lines in logs, and cut names of environment variables off
    context_settings={"max_content_width": 110},
)


def _add(name: str, command: Callable[..., None], *examples: str) -> None:
    """Add a command, with examples at the end of its help."""
    unwrapped = "\b"  # click leaves the lines of such a paragraph alone
    app.command(name, epilog="\n".join([unwrapped, "Examples:", *(f"  {each}" for each in examples)]))(
        command
    )


_add(
    "run", run.run, "rollout-reporter run --namespace rollout-reporter --kubeconfig ~/.kube/config --dry-run"
)
_add(
    "sandbox",
    sandbox.sandbox,
    "rollout-reporter sandbox --port 8088",
    "rollout-reporter sandbox --project SHOP --unknown-key SHOP-404",
)
_add(
    "explain",
    explain.explain,
    "rollout-reporter explain deployment/web -n shop",
    "rollout-reporter explain rollout/checkout -n shop",
)
_add(
    "verdict",
    verdict.verdict,
    "kubectl -n shop get deployments --watch -o json | jq -c . > shop.jsonl  # until Ctrl-C",
    "rollout-reporter verdict shop.jsonl",
)
_add(
    "resync",
    resync.resync,
    "rollout-reporter resync",
    "rollout-reporter resync --namespace 'shop-*' --prune-keys",
)
_add(
    "forget",
    forget.forget,
    "rollout-reporter forget -n shop --workload deployment/web",
    "rollout-reporter forget --property cluster=eu1",
    "rollout-reporter forget --pipeline eu1.shop.deployment.web --environment prod --number 1793534400000004",
)
_add(
    "doctor",
    doctor.doctor,
    "rollout-reporter doctor -n rollout-reporter",
    "kubectl -n rollout-reporter exec deploy/rollout-reporter -- rollout-reporter doctor",
)
_add("cleanup", cleanup.cleanup, "rollout-reporter cleanup -n rollout-reporter")
_add("crds", crds.crds, "rollout-reporter crds | kubectl apply --server-side -f -")


def _version(wanted: bool) -> None:  # noqa: FBT001 (typer's way of calling)
    if wanted:
        typer.echo(f"rollout-reporter {__version__}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Tells Jira Cloud the truth about every rollout of a Deployment or Argo Rollout."""
