"""The leader is killed in the middle of many rollouts: nothing may be lost, wrong, or told out of order."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from bench.burst import Burst, play, rows_about
from bench.rows import Row, at_most, told
from bench.stage import Record, Stage, received
from bench.watcher import Watcher
from controlplane.console import say
from installation.program import until

_ROLLOUTS: Final = 200
_SECONDS: Final = 60
_BUDGET: Final = 30
"""Seconds for the first report after a crash of the leader; a Lease lasts 15."""


def measure(stage: Stage) -> list[Row]:
    with stage.watcher() as watcher:
        return _measure(stage, watcher)


def _measure(stage: Stage, watcher: Watcher) -> list[Row]:
    leader, standby = stage.operator, stage.start_operator()
    killed = 0.0

    def kill_in_the_middle(began: float) -> None:
        nonlocal killed
        until(
            lambda: len(stage.history_since(began)) >= _ROLLOUTS // 4,
            seconds=_SECONDS,
            otherwise=lambda: "Jira is told nothing of the rollouts",
        )
        say("SIGKILL of the leader …")
        leader.kill()
        killed = time.time()

    burst = play(stage, watcher, "failover", _ROLLOUTS, kill_in_the_middle)
    stage.take_over(standby)
    before = [each for each in burst.records if received(each) < killed]
    after = [each for each in burst.records if received(each) >= killed]
    silence = min(at for each in burst.records if (at := received(each)) > killed) - killed
    return [
        at_most(f"{_ROLLOUTS} rollouts, SIGKILL of the leader: silence", _BUDGET, silence, " s"),
        told("… updates accepted before it", _by_state(before)),
        told("… and after", _by_state(after)),
        *rows_about(stage, burst),
        told("… told a second time: nobody knew whether Jira had heard it", str(_repeated(burst))),
    ]


def _by_state(records: Sequence[Record]) -> str:
    counts = Counter(each["deployment"]["state"] for each in records)
    return ", ".join(f"{times} {state}" for state, times in counts.items())


def _repeated(burst: Burst) -> int:
    told_of = Counter(
        (body["pipeline"]["id"], body["deploymentSequenceNumber"], body["state"])
        for each in burst.records
        for body in [each["deployment"]]
    )
    return sum(times - 1 for times in told_of.values())
