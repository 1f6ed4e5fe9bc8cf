"""Processor time while nothing happens."""

import time
from typing import Final

from bench.processes import cpu_seconds
from bench.rows import Row, at_most
from bench.stage import Stage
from controlplane.console import say

_SECONDS: Final = 60


def measure(stage: Stage) -> list[Row]:
    pid = stage.operator.pid
    assert pid is not None
    stage.until_written()
    say(f"watching an idle operator for {_SECONDS} s …")
    began, before = time.monotonic(), cpu_seconds(pid)
    time.sleep(_SECONDS)
    used, passed = cpu_seconds(pid) - before, time.monotonic() - began
    return [at_most("idle CPU, share of a core", 1, 100 * used / passed, " %")]
