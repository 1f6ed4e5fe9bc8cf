"""A running sandbox, and what tests ask of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from installation.program import Program, free_port, until

Deployment = dict[str, Any]


class RunningSandbox:
    """The stand-in for Jira as a process, over HTTP."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = ["sandbox", "--port", str(self.port), *arguments]
        self.program = Program(command, folder / "sandbox.log", {})
        no_leftovers = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(base_url=self.url, timeout=60, limits=no_leftovers)

    def start(self) -> None:
        """Start it and wait until it answers: this one, not another one that has taken its port meanwhile."""
        before = self._announced()
        self.program.start()
        until(lambda: self._has_begun(before), seconds=20, otherwise=self.program.log)

    def stop(self) -> None:
        """Jira is down; what it held is lost."""
        self.program.stop()

    def state(self) -> dict[str, Any]:
        """Everything that it holds, see `GET /sandbox/state`."""
        return self.control("GET", "/sandbox/state")

    def deployments(self, issue: str) -> list[Deployment]:
        """The Jira deployments of an issue, the oldest first."""
        held = [each for each in self.state()["deployments"] if issue in each["issues"]]
        found = [each["deployment"] for each in held]
        return sorted(found, key=lambda each: each["deploymentSequenceNumber"])

    def history(self, issue: str) -> list[Deployment]:
        """All updates of an issue's Jira deployments that were stored, in the order in which they came."""
        return [each["deployment"] for each in self.state()["history"] if issue in each["issues"]]

    def states(self, issue: str) -> list[str]:
        """The states of an issue's Jira deployments, the oldest deployment first."""
        return [each["state"] for each in self.deployments(issue)]

    def requests(self, operation: str | None = None) -> list[dict[str, Any]]:
        """What was asked and answered, the oldest first, see `GET /sandbox/requests`."""
        query = {"operation": operation} if operation else {}
        response = self._http.get("/sandbox/requests", params=query)
        response.raise_for_status()
        found: list[dict[str, Any]] = response.json()
        return found

    def until(self, issue: str, *states: str, seconds: float = 30) -> list[Deployment]:
        """Wait until an issue's Jira deployments, the oldest first, have these states."""
        until(
            lambda: self.states(issue) == list(states),
            seconds=seconds,
            otherwise=lambda: f"{issue} is {self.states(issue)}, expected {list(states)}",
        )
        return self.deployments(issue)

    def control(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Call the control API."""
        response = self._http.request(method, path, json=body)
        response.raise_for_status()
        answer: dict[str, Any] = response.json() if response.content else {}
        return answer

    def _announced(self) -> int:
        """How often it has said that it listens."""
        return self.program.log().count(self.url)

    def _has_begun(self, announced: int) -> bool:
        if not self.program.is_running:
            raise RuntimeError(f"the sandbox ended:\n{self.program.log()[-3000:]}")
        return self._announced() > announced


@contextmanager
def running_sandbox(folder: Path, *arguments: str) -> Iterator[RunningSandbox]:
    """A sandbox for the length of a block."""
    sandbox = RunningSandbox(folder, *arguments)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()
