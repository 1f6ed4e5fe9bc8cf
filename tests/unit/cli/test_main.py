"""The command line as a whole."""

import re

import pytest

from rollout_reporter import __version__
from unit.cli.command import call


def test_it_tells_its_version() -> None:
    ended = call("--version")

    assert (ended.code, ended.output) == (0, f"rollout-reporter {__version__}\n")


@pytest.mark.parametrize("arguments", [(), ("--help",)], ids=["nothing", "help"])
def test_it_lists_its_commands(arguments: tuple[str, ...]) -> None:
    output = call(*arguments).output

    for command in ("run", "sandbox", "explain", "verdict", "forget", "crds"):
        assert re.search(rf"\b{command}\b", output)


@pytest.mark.parametrize("command", ["run", "sandbox", "explain", "verdict", "forget", "crds"])
def test_each_command_has_a_help(command: str) -> None:
    ended = call(command, "--help")

    assert ended.code == 0
    assert "Usage:" in ended.output


def test_a_command_that_does_not_exist_is_named() -> None:
    ended = call("rnu")

    assert ended.code == 2
    assert "No such command 'rnu'" in ended.complaint
