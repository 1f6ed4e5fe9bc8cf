"""The folder of one cluster, gone when the cluster is."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "rollout-reporter-cluster-"
_NEWBORN_SECONDS = 60
"""A folder this young may not have taken its lock yet."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A fresh folder, locked while it is in use."""
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder)
        os.close(lock)


def _remove_abandoned() -> None:
    """Remove the folders that nobody holds a lock on: of runs that were killed too hard to do it."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # somebody else's, in use, or just removed by a neighbour
            if time.time() - folder.stat().st_mtime > _NEWBORN_SECONDS:
                _remove_if_unlocked(folder)


def _remove_if_unlocked(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(lock)
