"""Memory and time of the pods that run for a moment: `helm test` and cleanup, in a cluster that is full."""

import os
import subprocess
import sys
import time
from typing import Final

import yaml

from bench.processes import MIB
from bench.rows import Row, at_most, told
from bench.stage import NAMESPACE, Stage
from controlplane.console import say
from installation.installation import CHART, RELEASE

_COMMANDS: Final = {
    "helm test": ("doctor", f"--namespace={NAMESPACE}", f"--service-account={RELEASE}"),
    "cleanup": ("cleanup", f"--namespace={NAMESPACE}", "--skip-forbidden", "--yes"),
}
# Not measured from here: the peak of a process begins with that of whoever has started it.
_MEASURED: Final = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=sys.stderr, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measure(stage: Stage) -> list[Row]:
    """The last one: nothing is left of what the operator has written."""
    assert stage.operator.is_running
    resources = yaml.safe_load((CHART / "values.yaml").read_text())["hooks"]["resources"]
    limit = int(resources["requests"]["memory"].removesuffix("Mi"))
    rows = []
    for name, command in _COMMANDS.items():
        peak, seconds = _run(stage, command)
        rows += [
            at_most(f"memory of the pod for {name}, against its request", limit, peak, " MiB"),
            told("… and its time", f"{seconds:.1f} s"),
        ]
    return rows


def _run(stage: Stage, command: tuple[str, ...]) -> tuple[float, float]:
    """Run a command of ours to its end, as an administrator; return its peak in MiB, and its seconds."""
    say(f"rollout-reporter {' '.join(command)} …")
    program = [sys.executable, "-c", _MEASURED, sys.executable, "-m", "rollout_reporter", *command]
    environment = {**os.environ, "KUBECONFIG": str(stage.cluster.kubeconfig)}
    began = time.monotonic()
    ended = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"{command[0]} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    return int(ended.stdout) / MIB, time.monotonic() - began
