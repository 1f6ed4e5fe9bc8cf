"""The command line as a whole."""

import re
from collections import defaultdict

import pytest
import typer

from rollout_reporter import __version__
from rollout_reporter.cli import app
from unit.cli.command import call

COMMANDS = ["run", "sandbox", "explain", "verdict", "resync", "forget", "doctor", "cleanup", "crds"]


def test_it_tells_its_version() -> None:
    ended = call("--version")

    assert (ended.code, ended.output) == (0, f"rollout-reporter {__version__}\n")


def test_its_help_lists_its_commands() -> None:
    output = call("--help").output

    assert re.findall(r"^  (\w+)  ", output.partition("Commands:")[2], re.MULTILINE) == COMMANDS


def test_called_with_nothing_it_shows_its_help() -> None:
    shown = call().complaint

    assert shown.startswith("Usage: rollout-reporter [OPTIONS] COMMAND")
    assert [each for each in COMMANDS if f" {each} " not in shown] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_a_help_that_ends_with_examples(command: str) -> None:
    ended = call(command, "--help")

    assert ended.code == 0
    assert "Usage:" in ended.output
    examples = ended.output.partition("Examples:\n")[2].strip().splitlines()
    assert any(f"rollout-reporter {command}" in each for each in examples)


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_a_help_names_the_environment_variables_in_full_however_narrow_the_terminal_is(columns: str) -> None:
    output = call("run", "--help", environment={"COLUMNS": columns}).output

    for name in ("POD_NAMESPACE", "ROLLOUT_REPORTER_WATCH_NAMESPACES", "ROLLOUT_REPORTER_ALLOWED_HOSTS"):
        assert name in output


def test_an_option_that_several_commands_have_has_one_text() -> None:
    texts: dict[str, set[str]] = defaultdict(set)
    group = typer.main.get_group(app)
    for command in COMMANDS:
        for option in group.commands[command].params:
            texts[str(getattr(option, "envvar", None))].add(getattr(option, "help", ""))
    del texts["None"], texts["KUBECONFIG"]  # only in a pod, run does without ~/.kube/config

    assert {"ROLLOUT_REPORTER_WATCH_NAMESPACES", "ROLLOUT_REPORTER_ALLOWED_HOSTS"} <= set(texts)
    assert {name: text for name, text in texts.items() if len(text) > 1} == {}


def test_a_command_that_does_not_exist_is_named() -> None:
    ended = call("rnu")

    assert ended.code == 2
    assert "No such command 'rnu'" in ended.complaint
