"""Measure, print the table, fail if a budget is not met."""

import argparse
import sys
from pathlib import Path

import bench.outage
from bench.outage.course import endure, recover, restart
from bench.outage.delivery import delivery_of
from bench.outage.page import page
from bench.outage.rolling import ends_of
from bench.outage.verdict import MOST_REMEMBERED, rows_about
from bench.rows import table
from bench.stage import open_stage
from controlplane import ControlPlaneError


def main() -> int:
    options = _parse()
    with open_stage(deployments=options.workloads + 1, annotated=options.workloads, rollouts=0) as stage:
        assert stage.operator.is_running
        with stage.watch() as watch:
            outage = endure(stage, options.minutes * 60, every=options.every)
            recovery = recover(stage)
            ends = ends_of(body for _, body in watch.news())
        delivery = delivery_of(stage, ends, recovery)
        rows = rows_about(outage, recovery, delivery, restart(stage))
    circumstances = (
        f"{options.workloads} Deployments, each with a new rollout every {options.every * 2 / 3:.0f} to "
        f"{options.every * 4 / 3:.0f} s; Jira away for {options.minutes:g} minutes."
    )
    sys.stdout.write(f"\n{circumstances}\n\n{table(rows)}\n")
    if options.write:
        options.write.write_text(page(rows, circumstances=circumstances, most=MOST_REMEMBERED))
    return 1 if any(row.is_met is False for row in rows) else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.outage", description=bench.outage.__doc__)
    parser.add_argument("--minutes", type=float, default=60, metavar="N", help="how long Jira is away")
    parser.add_argument("--workloads", type=int, default=100, metavar="N", help="Deployments that roll")
    parser.add_argument(
        "--every", type=float, default=30, metavar="SECONDS", help="between two rollouts of one, about"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page of documentation, too")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ControlPlaneError, TimeoutError) as error:
        sys.exit(str(error))
