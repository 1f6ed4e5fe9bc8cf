"""Many rollouts at once: nothing may be lost, and nothing may come in the wrong order."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench import workloads
from bench.lag import lags_of, rows_about_writes
from bench.processes import memory
from bench.rows import Row, at_most, percentile, told
from bench.stage import Record, Stage, received
from bench.watcher import Seen, Watcher
from bench.writes import count_writes
from controlplane.console import say

_SECONDS: Final = 400
_ORDER: Final = ("pending", "in_progress", "successful")


@dataclass(frozen=True)
class Burst:
    """Many rollouts that began at once, when all that there is to tell of them is told."""

    namespace: str
    names: list[str]
    began: float
    """Unix time at which the first was asked for."""
    ended: float
    """When the bare watcher saw the last one succeed."""
    records: list[Record]
    """What Jira was told."""
    lags: dict[str, list[float]]
    """Seconds by which Jira was behind the bare watcher, by state."""
    writes: Counter[str]

    @property
    def all_lags(self) -> list[float]:
        return [lag for each in self.lags.values() for lag in each]

    @property
    def accepted(self) -> float:
        """When Jira accepted the last report."""
        return max(map(received, self.records))


def measure(stage: Stage) -> list[Row]:
    pid = stage.operator.pid
    assert pid is not None
    with stage.watcher() as watcher:
        burst = play(stage, watcher, "burst", stage.rollouts)
    now, peak = memory(pid)
    return [
        at_most(f"{stage.rollouts} rollouts at once: lag p99", 5, percentile(burst.all_lags, 99), " s"),
        *rows_about(stage, burst),
        told("… memory of the operator afterwards", f"peak {peak:.0f} MiB, now {now:.0f} MiB"),
        *rows_about_writes("many at once", burst.writes, len(burst.records)),
    ]


def play(
    stage: Stage,
    watcher: Watcher,
    namespace: str,
    count: int,
    meanwhile: Callable[[float], None] = lambda _: None,
) -> Burst:
    """Begin many rollouts at once, and wait until all is told; `meanwhile` gets the time of beginning."""
    chosen = workloads.names(count)
    say(f"creating {count} more annotated Deployments …")
    workloads.create_annotated(stage.api, namespace, count)
    stage.until_shown(watcher, {Seen(namespace, name, 1, "") for name in chosen}, seconds=_SECONDS)
    stage.until_written()
    say(f"{count} rollouts at once …")
    began, before = time.time(), count_writes(stage.api)
    workloads.roll(stage.api, namespace, chosen, "burst")
    meanwhile(began)
    stage.until_shown(watcher, {Seen(namespace, name, 2, "") for name in chosen}, seconds=_SECONDS)
    stage.until_written()
    records = stage.history_since(began)
    return Burst(
        namespace=namespace,
        names=chosen,
        began=began,
        ended=max(
            at
            for seen, at in watcher.seen().items()
            if (seen.namespace, seen.state) == (namespace, "successful")
        ),
        records=records,
        lags=lags_of(records, watcher, namespace, chosen),
        writes=count_writes(stage.api) - before,
    )


def rows_about(stage: Stage, burst: Burst) -> list[Row]:
    """Whether all was told, in the right order, and how soon."""
    times = [received({"received": each["time"]}) for each in stage.sandbox.requests("bulk")]
    started, succeeded = burst.lags["in_progress"], burst.lags["successful"]
    return [
        at_most("… lost", 0, _lost(stage, burst)),
        at_most("… dropped by Jira, or out of order", 0, _out_of_order(stage, burst.records)),
        told(
            "… in progress: p50 / p99",
            f"{_spread(started)} ({len(burst.names) - len(started)} were over before they were sent)",
        ),
        told("… successful: p50 / p99", _spread(succeeded)),
        told(
            "… the last one was over, and accepted",
            f"after {burst.ended - burst.began:.1f} s, {burst.accepted - burst.began:.1f} s",
        ),
        told("… requests to Jira", str(sum(each >= burst.began for each in times))),
    ]


def _spread(lags: list[float]) -> str:
    return f"{percentile(lags, 50):.2f} / {percentile(lags, 99):.2f} s" if lags else "none"


def _lost(stage: Stage, burst: Burst) -> int:
    """Rollouts whose end Jira does not hold."""
    held: defaultdict[str, list[str]] = defaultdict(list)
    for each in stage.sandbox.state()["deployments"]:
        for issue in each["issues"]:
            held[issue].append(each["deployment"]["state"])
    issues = (workloads.issue_of(burst.namespace, name) for name in burst.names)
    return sum(held[issue] != ["successful", "successful"] for issue in issues)


def _out_of_order(stage: Stage, records: list[Record]) -> int:
    """Updates that Jira dropped because it had a newer one, or that went back in a rollout's course."""
    newest: dict[tuple[str, int], int] = {}
    wrong = len(stage.sandbox.state()["dropped"])
    for each in records:
        body = each["deployment"]
        key, rank = (body["pipeline"]["id"], body["deploymentSequenceNumber"]), _ORDER.index(body["state"])
        wrong += rank < newest.get(key, rank)
        newest[key] = max(rank, newest.get(key, rank))
    return wrong
