"""What the kernel knows of a process."""

import os
from pathlib import Path

MIB = 1024


def memory(pid: int) -> tuple[float, float]:
    """Resident memory in MiB: now, and at its peak."""
    fields = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    return _mib(fields["VmRSS"]), _mib(fields["VmHWM"])


def cpu_seconds(pid: int) -> float:
    """Processor time so far, of all its threads."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = int(after_name[11]), int(after_name[12])
    return (user + system) / os.sysconf("SC_CLK_TCK")


def sockets(pid: int) -> int:
    """How many it has open."""
    return sum(_target(each).startswith("socket:") for each in Path(f"/proc/{pid}/fd").iterdir())


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""  # closed meanwhile


def _mib(text: str) -> float:
    return int(text.split(maxsplit=1)[0]) / MIB
