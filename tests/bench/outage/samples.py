"""What an operator looks like from outside while Jira is away: the process, its journal, what people read."""

import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from bench.api import Api, Object
from bench.processes import cpu_seconds, memory, sockets
from bench.workloads import collection
from installation import Operator

_REPORTED: Final = "rollout-reporter.dev/Reported"
_REPORTS: Final = "/apis/rollout-reporter.dev/v1alpha1/namespaces/{}/rolloutreports"
_JOURNAL: Final = "/api/v1/namespaces/{}/configmaps?labelSelector=rollout-reporter.dev%2Fjournal%3Dtrue"
_NEXT_ATTEMPT: Final = re.compile(r"next attempt at (\d\d):(\d\d):(\d\d) UTC$")
_WAITING: Final = re.compile(r"^rollout_reporter_waiting_deployments\{.*\} (\S+)$", re.MULTILINE)
_HALF_A_DAY: Final = timedelta(hours=12)


@dataclass(frozen=True)
class Shown:
    """The condition on one workload."""

    name: str
    status: str
    reason: str
    message: str
    overdue: float | None
    """Seconds since the next attempt that it tells of, negative before it; `None` if it tells of none."""

    @property
    def is_unavailable(self) -> bool:
        return (self.status, self.reason) == ("False", "JiraUnavailable")


@dataclass(frozen=True)
class Sample:
    """One moment."""

    at: float
    """Monotonic time."""
    memory: float
    """MiB."""
    sockets: int
    cpu: float
    """Seconds of processor time so far."""
    waiting: int
    """Jira deployments that wait for Jira's answer, by the operator's own count."""
    journal: int
    """Jira deployments that it lists."""
    journal_bytes: int
    shown: tuple[Shown, ...]


@dataclass(frozen=True)
class Memory:
    """What all RolloutReports of a Namespace hold together."""

    at: float
    """Monotonic time."""
    remembered: int
    """Jira deployments."""
    most: int
    """Jira deployments of one workload."""
    bytes: int


def take_sample(api: Api, operator: Operator, own: str, namespace: str) -> Sample:
    """Look at an operator whose own Namespace is `own` and whose workloads are in `namespace`."""
    pid = operator.pid
    assert pid is not None
    listed = take_journal(api, own)
    return Sample(
        at=time.monotonic(),
        memory=memory(pid)[0],
        sockets=sockets(pid),
        cpu=cpu_seconds(pid),
        waiting=_waiting(operator),
        journal=len(listed),
        journal_bytes=sum(map(len, listed)),
        shown=shown(api, namespace),
    )


def take_journal(api: Api, own: str) -> list[str]:
    """What an operator whose own Namespace is `own` has listed."""
    pages = json.loads(api.get(_JOURNAL.format(own)))["items"]
    return [text for page in pages for text in (page.get("data") or {}).values()]


def shown(api: Api, namespace: str) -> tuple[Shown, ...]:
    """The conditions on a Namespace's Deployments; those without one are left out."""
    items = json.loads(api.get(collection(namespace)))["items"]
    now = datetime.now(UTC)
    return tuple(
        Shown(
            each["metadata"]["name"],
            found["status"],
            found["reason"],
            found["message"],
            seconds_since_attempt(found["message"], now),
        )
        for each in items
        for found in each["status"].get("conditions", [])
        if found["type"] == _REPORTED
    )


def take_memory(api: Api, namespace: str) -> Memory:
    """Look at a Namespace's RolloutReports; they are large in a long outage."""
    text = api.get(_REPORTS.format(namespace))
    counts = [_remembered(each) for each in json.loads(text)["items"]]
    return Memory(time.monotonic(), sum(counts), max(counts, default=0), len(text))


def _waiting(operator: Operator) -> int:
    text = httpx.get(f"http://127.0.0.1:{operator.metrics_port}/metrics").raise_for_status().text
    return sum(int(float(value)) for value in _WAITING.findall(text))


def _remembered(report: Object) -> int:
    status = report.get("status", {})
    return len(status.get("history", [])) + ("current" in status)


def seconds_since_attempt(message: str, now: datetime) -> float | None:
    """Seconds that the next attempt is over; a message tells a time of day, and the nearest one is meant."""
    found = _NEXT_ATTEMPT.search(message)
    if found is None:
        return None
    hour, minute, second = map(int, found.groups())
    passed = now - now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    nearest = (passed + _HALF_A_DAY) % timedelta(days=1) - _HALF_A_DAY
    return nearest.total_seconds()
