"""The workflows are what GitHub reads as workflows: it says so only once a change is there."""

import subprocess
from pathlib import Path

import pytest

from controlplane.binaries import binary_path

WORKFLOWS = sorted((Path(__file__).parents[2] / ".github" / "workflows").glob("*.y*ml"))


def actionlint(workflow: str) -> str:
    """What it finds wrong, a line each; the shell and Python checkers that it would call are not asked."""
    command = [str(binary_path("actionlint")), "-shellcheck=", "-pyflakes=", "-oneline", "-"]
    done = subprocess.run(command, input=workflow, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_wrong_with_a_workflow(path: Path) -> None:
    assert actionlint(path.read_text()) == ""


def test_what_is_wrong_is_found() -> None:
    release = next(path for path in WORKFLOWS if path.name == "release.yml").read_text()

    found = actionlint(release.replace("steps.build.outputs.digest", "steps.built.outputs.digest"))

    assert 'property "built" is not defined' in found
