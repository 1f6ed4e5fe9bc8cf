"""An operator process that goes through the gate, and all that can be done to a process."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import yaml

from chaos.presence import Life
from installation import Installation, Operator
from installation.installation import RELEASE
from installation.program import until


class Member:
    """One process of an installation, over all its lives."""

    def __init__(self, name: str, installation: Installation, door: str, environment: dict[str, str]) -> None:
        self.name, self.installation = name, installation
        self.lives: list[Life] = []
        self._lock = threading.Lock()
        kubeconfig = _kubeconfig_through(door, installation, name)
        log = installation.folder / f"{name}.log"
        around = {**installation.environment(), **environment}
        self._operator = Operator(kubeconfig, installation.namespace, log, environment=around)

    @property
    def is_running(self) -> bool:
        """Whether it lives, frozen or not."""
        return self._operator.is_running

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have it to oneself: what is done to a process is done before somebody else does something."""
        with self._lock:
            yield

    def start(self) -> None:
        """Start it, unless it runs, and do not wait."""
        if not self.is_running:
            self.lives.append(Life(self.name, datetime.now(UTC)))
            self._operator.start()

    def start_and_watch(self) -> None:
        """Start it, and wait until it watches: a fault may kill it meanwhile, and starts it again."""
        self.start()
        until(lambda: self._operator.is_ready, seconds=60, otherwise=self.log)

    def strike_dead(self) -> None:
        """SIGKILL; it does not wait, so it can be done in the middle of a passage."""
        self._operator.send(signal.SIGKILL)
        self._die()

    def kill(self) -> None:
        """SIGKILL, and wait until it has ended."""
        self.strike_dead()
        self._operator.kill()

    def stop(self) -> None:
        """SIGTERM, and wait until it has ended well; what comes meanwhile is its successor's to see."""
        told_at = datetime.now(UTC)
        self._operator.stop()
        self._die(told_at)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop it by SIGSTOP for the length of a block: it does nothing, and does not know it."""
        began = datetime.now(UTC)
        self._operator.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self._operator.send(signal.SIGCONT)
            self.lives[-1].frozen.append((began, datetime.now(UTC)))

    def log(self) -> str:
        """All that it has logged."""
        return self._operator.log()

    def _die(self, at: datetime | None = None) -> None:
        if self.lives and self.lives[-1].ended is None:
            self.lives[-1].ended = at or datetime.now(UTC)


def _kubeconfig_through(door: str, installation: Installation, name: str) -> Path:
    """The access of the chart's ServiceAccount, by way of the gate."""
    direct = installation.cluster.service_account_kubeconfig(installation.namespace, RELEASE)
    config = yaml.safe_load(direct.read_text())
    config["clusters"][0]["cluster"] = {"server": door}
    path = installation.folder / f"{name}.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config))
    return path
