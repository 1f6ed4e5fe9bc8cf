"""Prometheus' own tool, asked for its judgement."""

import subprocess
from pathlib import Path

from controlplane.binaries import binary_path


def promtool(*arguments: str | Path, stdin: str = "") -> str:
    """What it prints; fails with that if it finds fault."""
    command = [binary_path("promtool"), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout
