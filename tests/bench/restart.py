"""How long Jira hears nothing when the leader goes, and that nothing is told twice for it."""

import time
from collections.abc import Callable
from typing import Final

from bench import workloads
from bench.rows import Row, at_most, told
from bench.stage import SHOP, Stage, received
from bench.watcher import Seen, Watcher
from controlplane.console import say
from installation import Operator

_SECONDS: Final = 90
_AFTERWARDS_SECONDS: Final = 15
"""How long a new leader is watched for telling things twice."""


def measure(stage: Stage) -> list[Row]:
    first = stage.operator
    with stage.watcher() as watcher:
        return _measure(stage, first, watcher)


def _measure(stage: Stage, first: Operator, watcher: Watcher) -> list[Row]:
    second = stage.start_operator()
    newest_first = iter(workloads.names(stage.annotated)[::-1])

    say("an orderly stop, with a standby …")
    after_stop, repeated_after_stop = _hand_over(stage, first.stop, second, watcher, next(newest_first))

    say("SIGKILL of the leader, with a standby …")
    first.start_and_watch()
    after_kill, repeated_after_kill = _hand_over(stage, second.kill, first, watcher, next(newest_first))

    say("an orderly stop, and a start …")

    def start_again() -> None:
        first.stop()
        first.start()

    after_start, repeated_after_start = _hand_over(stage, start_again, first, watcher, next(newest_first))
    repeated = repeated_after_stop + repeated_after_kill + repeated_after_start
    return [
        at_most("first report after an orderly stop, with a standby", 5, after_stop, " s"),
        at_most("first report after SIGKILL of the leader, with a standby", 30, after_kill, " s"),
        at_most("… reports of what was settled, after all three", 0, repeated),
        told("… stopped and started, without a standby", f"{after_start:.1f} s"),
    ]


def _hand_over(
    stage: Stage, end: Callable[[], object], successor: Operator, watcher: Watcher, name: str
) -> tuple[float, int]:
    """End the leader; return the seconds until a rollout that begins then is reported, and repetitions."""
    began = time.time()
    end()
    workloads.roll(stage.api, SHOP, [name], "restart")
    stage.until_shown(watcher, {Seen(SHOP, name, 2, "")}, seconds=_SECONDS)
    stage.take_over(successor)
    time.sleep(_AFTERWARDS_SECONDS)
    records = stage.history_since(began)
    ours = [each for each in records if workloads.issue_of(SHOP, name) in each["issues"]]
    return min(map(received, ours)) - began, len(records) - len(ours)
