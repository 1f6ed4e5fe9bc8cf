"""An image, run as the chart's securityContext has it run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from image.engine import Engine

RESTRICTED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--tmpfs=/tmp:mode=1777")


@dataclass(frozen=True)
class Image:
    """What was built."""

    engine: Engine
    name: str
    inspected: dict[str, Any]

    @property
    def megabytes(self) -> float:
        """Its size, unpacked."""
        return float(self.inspected["Size"]) / 1e6

    @property
    def own_megabytes(self) -> float:
        """Size of what is added to its base."""
        layers = self.engine(
            "history", "--no-trunc", "--human=false", "--format={{.Size}} {{.CreatedBy}}", self.name
        )
        return (
            sum(int(line.split()[0]) for line in layers.splitlines() if "/opt/rollout-reporter" in line) / 1e6
        )

    @property
    def config(self) -> dict[str, Any]:
        """How it is to be run."""
        found: dict[str, Any] = self.inspected["Config"]
        return found

    def run(self, *command: str, flags: Sequence[str] = ("--network=none",)) -> str:
        """Run the program with these arguments to its end; return what it prints."""
        return self.engine("run", "--rm", *RESTRICTED, *flags, self.name, *command)

    def python(self, program: str, *flags: str) -> str:
        """Run a Python program in it."""
        interpreter = f"--entrypoint={self.config['Entrypoint'][0]}"
        return self.run("-c", program, flags=("--network=none", interpreter, *flags))
