"""Asking a person before something is done that cannot be undone."""

import sys

import typer

from .failure import CommandError


def confirm(question: str, *, otherwise: str) -> None:
    """Ask a question, no being the default.

    Args:
        question: As "Remove 3 deployments from Jira?".
        otherwise: What is true without a yes, as "nothing was removed".

    Raises:
        CommandError: The answer is no, or there is no terminal to ask at.
    """
    if not sys.stdin.isatty():
        raise CommandError(f"{otherwise}: there is no terminal to ask at, so say --yes if it is wanted")
    if not typer.confirm(question, default=False):
        raise CommandError(otherwise)
