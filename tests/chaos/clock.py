"""A wall clock of its own for the operator, which can be moved while it runs; its monotonic clock is true."""

import importlib.metadata
from datetime import timedelta
from pathlib import Path
from typing import Final

_LIBRARY: Final = "libfaketime.so.1"
NOTICED: Final = 2.0
"""Seconds until a running process has noticed that its clock was moved."""


class Clock:
    """A file that libfaketime reads: https://github.com/wolfcw/libfaketime."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.move(timedelta(0))

    def move(self, by: timedelta) -> None:
        """Have the clock differ from the true one."""
        self._file.write_text(f"{by.total_seconds():+.0f}\n")

    def environment(self) -> dict[str, str]:
        """What a process needs to live by this clock."""
        [library] = [each for each in importlib.metadata.files("libfaketime") or [] if each.name == _LIBRARY]
        return {
            "LD_PRELOAD": str(library.locate()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
