"""What a step can do: run a command, show a file, wait until Jira knows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from demo.stage import Stage


class Act(Protocol):
    """Something that happens on the stage."""

    def play(self, stage: Stage) -> None:
        """Let it happen, and show it."""


@dataclass(frozen=True)
class Run:
    """A command of kubectl, shown with what it prints."""

    command: str
    section: str = ""
    """Only this section of what it prints, as `kubectl describe` has them."""

    def play(self, stage: Stage) -> None:
        stage.run(self.command, self.section)


@dataclass(frozen=True)
class Show:
    """The beginning of a manifest: where the annotation stands."""

    manifest: str
    lines: int

    def play(self, stage: Stage) -> None:
        lines = Path(self.manifest).read_text().splitlines()
        stage.screen.command(f"head -n {self.lines} {self.manifest}")
        stage.screen.output("\n".join(lines[: self.lines]))


@dataclass(frozen=True)
class Await:
    """A state that Jira must hold for one version; whatever Jira hears until then is told."""

    version: str
    """The display name of its Jira deployment: workload and image tag."""
    state: str

    def play(self, stage: Stage) -> None:
        stage.await_state(self.version, self.state)


@dataclass(frozen=True)
class AwaitShown:
    """The condition on the workload has caught up with what Jira holds."""

    workload: str
    reason: str

    def play(self, stage: Stage) -> None:
        stage.await_shown(self.workload, self.reason)
