"""`python -m bench`: measure, print the table, fail if a budget is not met."""

import argparse
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import bench
from bench import burst, failover, hooks, idle, lag, memory, restart
from bench.page import page
from bench.rows import Row, table
from bench.stage import Stage, open_stage
from controlplane import ControlPlaneError

_MEASUREMENTS: Final[dict[str, Callable[[Stage], list[Row]]]] = {
    "memory": memory.measure,
    "lag": lag.measure,
    "idle": idle.measure,
    "restart": restart.measure,
    # These leave more workloads behind than the others are measured with, and the last one nothing.
    "burst": burst.measure,
    "failover": failover.measure,
    "hooks": hooks.measure,
}
_ANNOTATED: Final = 500


def main() -> int:
    options = _parse()
    deployments, rollouts = (1_000, 200) if options.quick else (10_000, 1_000)
    deployments, rollouts = options.deployments or deployments, options.rollouts or rollouts
    rows: list[Row] = []
    with open_stage(deployments=deployments, annotated=_ANNOTATED, rollouts=rollouts) as stage:
        for name in options.only or _MEASUREMENTS:
            found = _measured(name, stage)
            sys.stderr.write(f"{table(found)}\n")
            rows += found
            if [row.what for row in found] == [name]:
                break  # what it has left behind would be measured with the next
    circumstances = (
        f"{deployments} Deployments, {_ANNOTATED} of them annotated, on a machine with {_machine()}."
    )
    sys.stdout.write(f"\n{circumstances}\n\n{table(rows)}\n")
    if options.write:
        text = page(rows, circumstances=circumstances, one_by_one=lag.ROLLOUTS, rest=memory.REST_SECONDS)
        options.write.write_text(text)
    return 1 if any(row.is_met is False for row in rows) else 0


def _measured(name: str, stage: Stage) -> list[Row]:
    """One measurement; what was measured before is not lost with it."""
    try:
        return _MEASUREMENTS[name](stage)
    except (TimeoutError, RuntimeError, OSError) as error:
        sys.stderr.write(f"{name} failed: {error}\n")
        return [Row(name, "", "failed; nothing was measured after it", is_met=False)]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=bench.__doc__)
    parser.add_argument("--quick", action="store_true", help="1 000 Deployments instead of 10 000")
    parser.add_argument(
        "--only", action="append", choices=list(_MEASUREMENTS), help="measure this alone; repeat it for more"
    )
    parser.add_argument("--deployments", type=int, metavar="N", help="Deployments in all, instead")
    parser.add_argument("--rollouts", type=int, metavar="N", help="rollouts in a burst, instead")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page of documentation, too")
    return parser.parse_args()


def _machine() -> str:
    """In general words."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, Python {platform.python_version()}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ControlPlaneError, TimeoutError) as error:
        sys.exit(str(error))
