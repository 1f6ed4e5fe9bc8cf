"""What a demo leaves behind when it is killed so hard that it cannot clean up, and its removal."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from controlplane import Cluster
from controlplane.binaries import binary_path
from controlplane.scratch import scratch_folder
from demo.screen import Screen
from installation.program import Program, until

_PREFIX = "rollout-reporter-demo-"


class Traces:
    """A file that says what there is; locked while its demo lives, which the kernel sees to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def cluster(self, cluster: Cluster) -> None:
        self._add(folder=str(cluster.folder))
        if cluster.flavour == "kind":
            context = cluster.kubectl("config", "current-context").strip()
            self._add(kind_cluster=context.removeprefix("kind-"))

    def program(self, program: Program) -> None:
        self._add(pid=program.pid)

    def _add(self, **what: str | int | None) -> None:
        with self._path.open("a") as file:
            file.write(f"{json.dumps(what)}\n")


@contextmanager
def recorded_traces() -> Iterator[Traces]:
    """Keep a record for the length of a block."""
    handle, name = tempfile.mkstemp(prefix=_PREFIX)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield Traces(Path(name))
    finally:
        Path(name).unlink()
        os.close(handle)


def remove_leftovers(screen: Screen) -> None:
    """Remove what killed demos left; whatever belongs to a living one stays."""
    for path in sorted(Path(tempfile.gettempdir()).glob(f"{_PREFIX}*")):
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                screen.say("A demo is running; Ctrl-C in its terminal ends it.")
                continue
            for line in reversed(file.readlines()):  # what was started last goes first
                _remove(json.loads(line), screen)
        path.unlink()
    with scratch_folder():
        pass  # as any new cluster does, this sweeps folders that nobody uses any more
    screen.say("Nothing is left of killed demos.")


def _remove(trace: Mapping[str, object], screen: Screen) -> None:
    match trace:
        case {"pid": int(pid)}:
            _end(pid, screen)
        case {"kind_cluster": str(name)}:
            screen.say(f"deleting the kind cluster {name}")
            subprocess.run([binary_path("kind"), "delete", "cluster", f"--name={name}"], check=True)
        case {"folder": str(folder)}:
            screen.say(f"removing {folder}")
            shutil.rmtree(folder, ignore_errors=True)
        case _:
            raise ValueError(f"not a trace of a demo: {trace}")


def _end(pid: int, screen: Screen) -> None:
    """End a program of ours; the number may belong to another one by now."""
    if "rollout_reporter" not in _command_of(pid):
        return
    screen.say(f"ending process {pid}")
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    until(lambda: not _command_of(pid), seconds=20, otherwise=lambda: f"process {pid} does not end")


def _command_of(pid: int) -> str:
    done = subprocess.run(
        ["ps", "-o", "args=", "-p", str(pid)],  # noqa: S607 (wherever the system has it)
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()
