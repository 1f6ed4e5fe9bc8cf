"""A Docker engine for tests: the one that answers, else one of our own, kept apart from everybody else's."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from controlplane.kind import docker_answers
from controlplane.system import system_program
from installation.program import until

SECONDS = 30
PULL_SECONDS = 300
UTIL_LINUX = "It belongs to util-linux."


class Engine:
    """`docker`, pointed at one engine."""

    def __init__(self, host: str = "") -> None:
        self._environment: Mapping[str, str] = os.environ | ({"DOCKER_HOST": host} if host else {})

    def __call__(self, *arguments: str, seconds: float = 60, stdin: IO[bytes] | None = None) -> str:
        """What it prints; raises with what it complains about."""
        done = self.call(*arguments, seconds=seconds, stdin=stdin)
        if done.returncode != 0:
            output = f"{done.stdout[-3000:]}{done.stderr[-3000:]}"
            raise RuntimeError(f"docker {' '.join(arguments)} failed:\n{output}")
        return done.stdout

    def call(
        self, *arguments: str, seconds: float = 60, stdin: IO[bytes] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The same without a judgement on its exit code."""
        return subprocess.run(
            [system_program("docker", "It is Docker's command line."), *arguments],
            env=self._environment,
            stdin=stdin or subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def can_pull(self, image: str) -> bool:
        """Whether it has the image now."""
        return self.call("pull", "--quiet", image, seconds=PULL_SECONDS).returncode == 0

    @property
    def answers(self) -> bool:
        """Whether there is an engine."""
        return self.call("info").returncode == 0


def obstacle() -> str:
    """Why no engine can be had, empty if one can."""
    if sys.platform != "linux":
        return "a container shares the network of this machine on Linux only"
    if shutil.which("docker") is None:
        return "there is no docker"
    if docker_answers():
        return ""
    if shutil.which("dockerd") is None or os.geteuid() != 0:
        return "no Docker engine answers, and none can be started (that needs dockerd, and to be root)"
    return ""


@contextmanager
def an_engine(folder: Path) -> Iterator[Engine]:
    """The user's engine, else a new one in a folder, which is ended; it answers on no socket but its own."""
    if docker_answers():
        yield Engine()
        return
    host = f"unix://{folder}/docker.sock"
    places = [f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid"]
    apart = ["--bridge=none", "--iptables=false", "--ip6tables=false"]
    log, engine = folder / "dockerd.log", Engine(host)
    with log.open("wb") as output:
        command = [system_program("dockerd", "It is Docker's engine."), f"--host={host}", *places, *apart]
        daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        until(lambda: engine.answers, seconds=SECONDS, otherwise=log.read_text)
        yield engine
    finally:
        daemon.terminate()  # it has children, which it ends itself
        daemon.wait(SECONDS)
        for left in folder.glob("exec/netns/*"):
            subprocess.run([system_program("umount", UTIL_LINUX), left], check=True)
