"""Many rollouts at once: nothing may be lost, and nothing may come in the wrong order."""

import time
from collections import defaultdict
from typing import Final

from bench import workloads
from bench.lag import lags_of, rows_about_writes
from bench.processes import memory
from bench.rows import Row, at_most, percentile, told
from bench.stage import Record, Stage, received
from bench.watcher import Seen, Watcher
from bench.writes import count_writes
from controlplane.console import say

_NAMESPACE: Final = "burst"
_SECONDS: Final = 400
_ORDER: Final = ("pending", "in_progress", "successful")


def measure(stage: Stage) -> list[Row]:
    pid = stage.operator.pid
    assert pid is not None
    with stage.watcher() as watcher:
        return _measure(stage, watcher, pid)


def _measure(stage: Stage, watcher: Watcher, pid: int) -> list[Row]:
    count, chosen = stage.rollouts, workloads.names(stage.rollouts)
    say(f"creating {count} more annotated Deployments …")
    workloads.create_annotated(stage.api, _NAMESPACE, count)
    stage.until_shown(watcher, {Seen(_NAMESPACE, name, 1, "") for name in chosen}, seconds=_SECONDS)
    stage.until_written()
    say(f"{count} rollouts at once …")
    began, before = time.time(), count_writes(stage.api)
    workloads.roll(stage.api, _NAMESPACE, chosen, "burst")
    stage.until_shown(watcher, {Seen(_NAMESPACE, name, 2, "") for name in chosen}, seconds=_SECONDS)
    stage.until_written()
    writes = count_writes(stage.api) - before
    records = stage.history_since(began)
    lags = lags_of(records, watcher, _NAMESPACE, chosen)
    everything = [*lags["in_progress"], *lags["successful"]]
    lost = _lost(stage, chosen)
    requests = [
        each for each in stage.sandbox.requests("bulk") if received({"received": each["time"]}) >= began
    ]
    last_shown = max(at for seen, at in watcher.seen().items() if seen.state == "successful")
    now, peak = memory(pid)
    return [
        at_most(f"{count} rollouts at once: lag p99", 5, percentile(everything, 99), " s"),
        at_most("… lost", 0, lost),
        at_most("… dropped by Jira, or out of order", 0, _out_of_order(stage, records)),
        told(
            "… in progress: p50 / p99",
            f"{percentile(lags['in_progress'], 50):.2f} / {percentile(lags['in_progress'], 99):.2f} s"
            f" ({count - len(lags['in_progress'])} were over before they were sent)",
        ),
        told(
            "… successful: p50 / p99",
            f"{percentile(lags['successful'], 50):.2f} / {percentile(lags['successful'], 99):.2f} s",
        ),
        told(
            "… the last one was over, and accepted",
            f"after {last_shown - began:.1f} s, {max(map(received, records)) - began:.1f} s",
        ),
        told("… requests to Jira", str(len(requests))),
        told("… memory of the operator afterwards", f"peak {peak:.0f} MiB, now {now:.0f} MiB"),
        *rows_about_writes("many at once", writes, len(records)),
    ]


def _lost(stage: Stage, chosen: list[str]) -> int:
    """Rollouts whose end Jira does not hold."""
    held: defaultdict[str, list[str]] = defaultdict(list)
    for each in stage.sandbox.state()["deployments"]:
        for issue in each["issues"]:
            held[issue].append(each["deployment"]["state"])
    return sum(held[workloads.issue_of(_NAMESPACE, name)] != ["successful", "successful"] for name in chosen)


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
