"""How long Jira hears of a change after the API server has shown it to a bare watcher."""

import time
from collections import Counter
from typing import Final

from bench import workloads
from bench.rows import Row, at_most, percentile, told
from bench.stage import SHOP, Record, Stage, received
from bench.watcher import Seen, Watcher
from bench.writes import count_writes, listed
from controlplane.console import say

ROLLOUTS: Final = 60
WRITES: Final = 3
_SECONDS: Final = 60


def measure(stage: Stage) -> list[Row]:
    assert stage.operator.is_running
    with stage.watcher() as watcher:
        return _measure(stage, watcher)


def _measure(stage: Stage, watcher: Watcher) -> list[Row]:
    chosen = workloads.names(ROLLOUTS)
    say(f"{ROLLOUTS} rollouts, one after another …")
    began, before = time.time(), count_writes(stage.api)
    for name in chosen:
        workloads.roll(stage.api, SHOP, [name], "lag")
        stage.until_shown(watcher, {Seen(SHOP, name, 2, "")}, seconds=_SECONDS)
        time.sleep(0.2)
    stage.until_written()
    writes = count_writes(stage.api) - before
    records = stage.history_since(began)
    lags = lags_of(records, watcher, SHOP, chosen)
    everything = [*lags["in_progress"], *lags["successful"]]
    return [
        at_most("lag, idle: p50", 0.15, percentile(everything, 50), " s"),
        at_most("lag, idle: p99", 0.5, percentile(everything, 99), " s"),
        *(
            told(f"… {state.replace('_', ' ')}: p50 / p99 / most", _summary(found))
            for state, found in lags.items()
        ),
        *rows_about_writes("one rollout after another", writes, len(records)),
    ]


def lags_of(
    records: list[Record], watcher: Watcher, namespace: str, chosen: list[str]
) -> dict[str, list[float]]:
    """Seconds from the bare watcher's sight of a second revision's state to Jira's acceptance of it."""
    seen = watcher.seen()
    accepted: dict[tuple[str, str], float] = {}
    for record in records:
        for issue in record["issues"]:
            accepted.setdefault((issue, record["deployment"]["state"]), received(record))
    lags: dict[str, list[float]] = {"in_progress": [], "successful": []}
    for state, found in lags.items():
        for name in chosen:
            at = accepted.get((workloads.issue_of(namespace, name), state))
            shown = seen.get(Seen(namespace, name, 2, state))
            if at is not None and shown is not None:
                found.append(at - shown)
    return lags


def rows_about_writes(when: str, writes: Counter[str], transitions: int) -> list[Row]:
    return [
        at_most(f"API-server writes per transition, {when}", WRITES, writes.total() / transitions),
        told("…", listed(writes, transitions)),
    ]


def _summary(lags: list[float]) -> str:
    if not lags:
        return "none"
    return (
        f"{percentile(lags, 50):.3f} / {percentile(lags, 99):.3f} / {max(lags):.3f} s ({len(lags)} rollouts)"
    )
