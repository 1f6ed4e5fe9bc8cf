"""`python -m chaos`: play runs, print what they have shown, fail if anything was wrong."""

import argparse
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

import chaos
from chaos.faults import FAULTS
from chaos.page import page, placements_page
from chaos.placement import UNDISTURBED, placements
from chaos.plan import Plan, draw
from chaos.shift import played
from chaos.tables import rows, table
from chaos.telling import told
from controlplane import ControlPlaneError

_PROGRAM = "PYTHONPATH=tests .venv/bin/python -m chaos"


def main() -> int:
    options = _parse()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left running
    folder = options.keep or Path(tempfile.mkdtemp(prefix="rollout-reporter-chaos-"))
    plans = list(_placements(options, folder) if options.placement else _random(options))
    results = []
    for count, result in enumerate(played(plans, folder, options.jobs, share=options.placement), 1):
        results.append(result)
        sys.stdout.write(f"{count}/{len(plans)} {told(result, _again(options, result.plan), folder)}\n")
        sys.stdout.flush()
    found = rows(results)
    Console().print(table(found))
    if options.write:
        options.write.write_text(
            placements_page(found, requests=len(plans) // 2) if options.placement else page(found)
        )
    return 0 if all(each.is_clean for each in results) else 1


def _random(options: argparse.Namespace) -> Iterator[Plan]:
    for seed in range(options.seed, options.seed + options.runs):
        yield draw(seed, options.only)


def _placements(options: argparse.Namespace, folder: Path) -> Iterator[Plan]:
    [undisturbed] = played([UNDISTURBED], folder, 1)
    for plan in placements(undisturbed.asked):
        if not options.only or plan.name in options.only:
            yield plan


def _again(options: argparse.Namespace, plan: Plan) -> str:
    """The command that plays a plan again."""
    if options.placement:
        return f'{_PROGRAM} --placement --only "{plan.name}"'
    only = "".join(f" --only {name}" for name in options.only)
    return f"{_PROGRAM} --runs 1 --seed {plan.name.removeprefix('seed ')}{only}"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=chaos.__doc__)
    parser.add_argument("--runs", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="of the first run")
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="runs at a time, on clusters of their own"
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="a fault (or placement); repeat it for more",
    )
    parser.add_argument("--placement", action="store_true", help="kill at each write and post instead")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="where the evidence of failed runs is kept"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page of documentation, too")
    options = parser.parse_args()
    unknown = set(options.only) - set(FAULTS)
    if unknown and not options.placement:
        parser.error(f"there is no fault {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    return options


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ControlPlaneError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell says it
