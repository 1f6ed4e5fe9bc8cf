"""What people see while they wait: on standard error, since standard output belongs to the answer."""

import sys


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
