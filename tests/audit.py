"""Ask pip-audit whether a pinned package has a known vulnerability, and tell how many it could answer for.

pip-audit itself calls a package that its index does not know harmless, and ends with a traceback where there
is no network. ``make check`` has to work in a train, too; ``make audit``, which CI runs, is ``--strict``.

Exit codes: 0 for none known, 1 for a known one, and for an unanswered question with ``--strict``.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")


def ask(root: Path, timeout_s: float = 5) -> list[dict[str, Any]] | None:
    """What pip-audit says of each pinned package; None if it could not ask.

    Its JSON: https://github.com/pypa/pip-audit#usage
    """
    files = [argument for name in REQUIREMENTS for argument in ("--requirement", str(root / name))]
    command = ["--disable-pip", "--require-hashes", *files, "--format", "json", "--progress-spinner", "off"]
    asked = subprocess.run(
        [sys.executable, "-m", "pip_audit", *command, "--timeout", str(timeout_s)],
        capture_output=True,
        text=True,
        check=False,
    )
    if not asked.stdout:
        sys.stderr.write(asked.stderr.strip().rpartition("\n")[2] + "\n")
        return None
    packages: list[dict[str, Any]] = json.loads(asked.stdout)["dependencies"]
    return packages


def vulnerabilities(packages: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each known vulnerability: the package, its number, what mends it."""
    for package in packages:
        for known in package.get("vulns", []):
            mend = ", ".join(known["fix_versions"]) or "no version yet"
            yield f"{package['name']} {package['version']}: {known['id']}, mended by {mend}"


def judge(packages: list[dict[str, Any]] | None, *, strict: bool) -> tuple[str, int]:
    """What to print of the packages, and the exit code."""
    if packages is None:
        return "No package was looked up for known vulnerabilities: the index cannot be reached.", int(strict)
    unanswered = sum("skip_reason" in package for package in packages)
    if found := list(vulnerabilities(packages)):
        return "\n".join(found), 1
    answered = f"No known vulnerability in {len(packages) - unanswered} of {len(packages)} pinned packages."
    if unanswered:
        answered += f" The index knows nothing of the other {unanswered}."
    return answered, int(strict and unanswered > 0)


def main() -> None:
    """Read the options, print the answer, and exit."""
    parser = argparse.ArgumentParser(
        prog="audit", description=__doc__.partition("\n")[0] if __doc__ else None
    )
    parser.add_argument(
        "--strict", action="store_true", help="fail, too, if a package could not be looked up"
    )
    options = parser.parse_args()
    words, code = judge(ask(Path.cwd()), strict=options.strict)
    sys.stdout.write(f"{words}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
