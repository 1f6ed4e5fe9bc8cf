"""Asking before something is done: at a real terminal, and without one."""

import os
from collections.abc import Iterator
from io import StringIO

import pytest

from rollout_reporter.cli.asking import confirm
from rollout_reporter.cli.failure import CommandError


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """What is written here is typed."""
    ours, theirs = os.openpty()
    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        yield ours
    os.close(ours)


@pytest.mark.parametrize("typed", [b"y\n", b"yes\n", b"Y\n"])
def test_a_yes_goes_on(keyboard: int, typed: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    os.write(keyboard, typed)

    confirm("Remove 3 deployments from Jira?", otherwise="nothing was removed")

    assert capsys.readouterr().out == "Remove 3 deployments from Jira? [y/N]: "


@pytest.mark.parametrize("typed", [b"\n", b"n\n", b"No\n"])
def test_anything_but_a_yes_is_a_no(keyboard: int, typed: bytes) -> None:
    os.write(keyboard, typed)

    with pytest.raises(CommandError, match=r"^nothing was removed$"):
        confirm("Remove?", otherwise="nothing was removed")


def test_without_a_terminal_there_is_no_question(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("y\n"))

    with pytest.raises(
        CommandError, match="nothing was removed: there is no terminal to ask at, so say --yes"
    ):
        confirm("Remove?", otherwise="nothing was removed")

    assert capsys.readouterr().out == ""
