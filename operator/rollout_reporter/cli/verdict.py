"""`rollout-reporter verdict`: judge a recorded stream of objects."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from rollout_reporter.core.replay import Judged, NoRecordingError, read_lines, replay


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
    """Judge a recording with the operator's own rules.

    Prints one JSON object for each line of a Deployment or Rollout: line, workload, state, revision,
    deploymentSequenceNumber, because. No cluster is asked.
    """
    try:
        texts = file.read_text().splitlines()
        documents = [_document(number, text) for number, text in enumerate(texts, start=1)]
        judged = list(replay(list(read_lines(documents))))
    except (NoRecordingError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} is no recording: {error}") from error
    for each in judged:
        typer.echo(json.dumps(_as_json(each)))


def _document(number: int, text: str) -> Any:
    if not text.strip():
        return {}
    try:
        return json.loads(text)
    except ValueError as error:
        raise NoRecordingError(f"line {number} is no JSON ({error})") from error


def _as_json(judged: Judged) -> dict[str, object]:
    return {
        "line": judged.line,
        "workload": f"{judged.ref.namespace}/{judged.ref}",
        "state": judged.state.value if judged.state else "none",
        "revision": judged.revision,
        "deploymentSequenceNumber": judged.number,
        "because": judged.because,
    }
