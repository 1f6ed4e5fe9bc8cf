"""One program of the control plane, which never outlives us."""

import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from controlplane.errors import ControlPlaneError
from controlplane.system import system_program

_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="controlplane-spawner")
"""Linux kills a child with the *thread* that started it, so one lasting thread starts them all."""

_TAIL_BYTES = 3000


class Process:
    """A program with its log in a file, stopped by its own pid, and killed by the kernel when we die."""

    def __init__(self, name: str, command: Sequence[str | Path], folder: Path) -> None:
        self.name = name
        self._command = command
        self._home = folder
        self._log = folder / f"{name}.log"
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def is_started(self) -> bool:
        return self._running is not None

    @property
    def has_died(self) -> bool:
        """Whether it ended without being asked to."""
        return self._running is not None and self._running.poll() is not None

    def start(self) -> None:
        if self._running is not None:
            raise ControlPlaneError(f"{self.name} is already started")
        setpriv = system_program("setpriv", "It belongs to util-linux.")
        command = [setpriv, "--pdeathsig", "KILL", *map(str, self._command)]
        self._running = _SPAWNER.submit(self._spawn, command).result()

    def kill(self) -> None:
        """End it at once, as a crash would; `reap` waits for that."""
        if self._running is not None:
            self._running.kill()

    def reap(self) -> None:
        if self._running is not None:
            self._running.wait()
            self._running = None

    def tail(self) -> str:
        """The end of its log."""
        text = self._log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace") if self._log.exists() else ""
        return f"--- the end of {self.name}'s log:\n{text.strip() or '(empty)'}"

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        """A session of its own keeps Ctrl-C from it: we end it ourselves, in order.

        With the folder as its home it reads no configuration of the user's.
        """
        with self._log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self._home,
                env=os.environ | {"HOME": str(self._home)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
