"""`python -m chaos`: play runs, print what they have shown, fail if anything was wrong."""

import argparse
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

import chaos
from chaos.faults import FAULTS
from chaos.page import page, placements_page
from chaos.placement import UNDISTURBED, placements
from chaos.plan import Plan, draw
from chaos.run import Result
from chaos.shift import Twins, played
from chaos.tables import rows, table
from chaos.telling import told
from controlplane import ControlPlaneError

_PROGRAM = "PYTHONPATH=tests .venv/bin/python -m chaos"


def main() -> int:
    options = _parse()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left running
    folder = options.keep or Path(tempfile.mkdtemp(prefix="rollout-reporter-chaos-"))
    drawn = [] if options.placement else list(_random(options))
    undisturbed = _undisturbed(drawn, options)
    first = _shown(undisturbed, {}, options, folder)
    twins = {each.plan.script: each.panel for each in first if each.is_clean}
    plans = list(_placements(first, options)) if options.placement else drawn
    results = _shown(plans, twins, options, folder)
    found = rows(results)
    Console().print(table(found))
    if options.write:
        options.write.write_text(
            placements_page(found, requests=len(plans) // 2) if options.placement else page(found)
        )
    return 0 if all(each.is_clean for each in [*first, *results]) else 1


def _shown(plans: Sequence[Plan], twins: Twins, options: argparse.Namespace, folder: Path) -> list[Result]:
    """Play plans, and print a line for each as soon as it has ended."""
    if not plans:
        return []
    results = []
    for result in played(plans, folder, options.jobs, twins, share=options.placement):
        results.append(result)
        again = _again(options, result.plan)
        sys.stdout.write(f"{len(results)}/{len(plans)} {told(result, again, folder)}\n")
        sys.stdout.flush()
    return results


def _random(options: argparse.Namespace) -> Iterator[Plan]:
    for seed in range(options.seed, options.seed + options.runs):
        yield draw(seed, options.only)


def _undisturbed(drawn: Sequence[Plan], options: argparse.Namespace) -> list[Plan]:
    """What is played first, as the measure for what comes then."""
    if options.placement:
        return [UNDISTURBED]
    return [each.undisturbed for each in drawn] if options.twin else []


def _placements(undisturbed: Sequence[Result], options: argparse.Namespace) -> Iterator[Plan]:
    for plan in placements(undisturbed[0].asked):
        if not options.only or plan.name in options.only:
            yield plan


def _again(options: argparse.Namespace, plan: Plan) -> str:
    """The command that plays a plan again."""
    if options.placement:
        return f'{_PROGRAM} --placement --only "{plan.name}"'
    only = "".join(f" --only {name}" for name in options.only)
    twin = " --twin" if options.twin else ""
    return f"{_PROGRAM} --runs 1 --seed {plan.name.split()[1]}{only}{twin}"


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
        "--twin",
        action="store_true",
        help="play all without faults first, and compare (placements always do)",
    )
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
