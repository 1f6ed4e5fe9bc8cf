"""``python -m conformance record [name …]`` and ``python -m conformance show name``."""

import argparse
import sys

from conformance import digest
from conformance.recorder import record
from conformance.scenario import all_scenarios


def main() -> int:
    parser = argparse.ArgumentParser(prog="conformance")
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="play scenarios, all by default, and record them")
    recording.add_argument("names", nargs="*", metavar="name")
    showing = commands.add_parser("show", help="print recordings, one short line for each of theirs")
    showing.add_argument("names", nargs="+", metavar="name")
    options = parser.parse_args()
    if options.command == "show":
        for name in options.names:
            sys.stdout.write(f"{digest.of(name)}\n")
        return 0
    known = all_scenarios()
    strange = set(options.names) - set(known)
    if strange:
        parser.error(f"there is no {', '.join(sorted(strange))}; there are {', '.join(sorted(known))}")
    return 0 if record(known[name] for name in options.names or known) else 1


if __name__ == "__main__":
    sys.exit(main())
