"""`rollout-reporter verdict`: judge a recorded stream of objects."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rollout_reporter.core.replay import Judged, read_lines, replay


def verdict(
    file: Annotated[
        Path,
        typer.Argument(
            help="One JSON object a line: Deployment, Rollout, ReplicaSet, Pod, in order of observation.",
            exists=True,
            dir_okay=False,
        ),
    ],
) -> None:
    """Judge a recording with the operator's own rules; print one JSON object for each workload line."""
    try:
        documents = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
        lines = list(read_lines(documents))
    except (ValueError, KeyError, TypeError) as error:
        raise typer.BadParameter(f"{file} is no recording: {error}") from error
    for each in replay(lines):
        typer.echo(json.dumps(_as_json(each)))


def _as_json(judged: Judged) -> dict[str, object]:
    return {
        "line": judged.line,
        "workload": f"{judged.ref.namespace}/{judged.ref}",
        "state": judged.state.value if judged.state else "none",
        "revision": judged.revision,
        "deploymentSequenceNumber": judged.number,
        "because": judged.because,
    }
