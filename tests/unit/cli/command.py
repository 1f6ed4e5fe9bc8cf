"""The command line, called in process."""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from typer.testing import CliRunner

from rollout_reporter.cli import app

_OWN = re.compile(r"^(POD_NAMESPACE|KUBECONFIG|KUBERNETES_.*|ROLLOUT_REPORTER_.*)$")
_FRAME = re.compile(r"[│╭╮╰╯─]+")


@dataclass(frozen=True)
class Ended:
    """A command that has come to its end."""

    code: int
    output: str
    """Standard output."""
    complaint: str
    """Standard error in one line, without frames."""


def call(*arguments: str, environment: Mapping[str, str] | None = None) -> Ended:
    """Call the command line; whatever escapes from it is raised here, as a user would see it."""
    wide = {"COLUMNS": "300", "TERM": "dumb"}
    clean: dict[str, str | None] = {**dict.fromkeys(_options_in_environment()), **wide}
    with _logging_restored():
        result = CliRunner().invoke(app, list(arguments), env={**clean, **(environment or {})})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, " ".join(_FRAME.sub(" ", result.stderr).split()))


def _options_in_environment() -> list[str]:

    return [name for name in os.environ if _OWN.match(name)]


@contextmanager
def _logging_restored() -> Iterator[None]:
    """The commands set up the logging of the whole process."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    root.handlers.clear()
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)
