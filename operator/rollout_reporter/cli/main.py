"""All commands in one place; each lives in a module of its own."""

from typing import Annotated

import typer

from rollout_reporter import __version__

from . import cleanup, crds, doctor, explain, forget, resync, run, sandbox, verdict

app = typer.Typer(
    name="rollout-reporter",
    help="Tells Jira Cloud the truth about every rollout of a Deployment or Argo Rollout.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("sandbox")(sandbox.sandbox)
app.command("explain")(explain.explain)
app.command("verdict")(verdict.verdict)
app.command("resync")(resync.resync)
app.command("forget")(forget.forget)
app.command("doctor")(doctor.doctor)
app.command("cleanup")(cleanup.cleanup)
app.command("crds")(crds.crds)


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
