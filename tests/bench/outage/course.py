"""Jira goes, workloads roll on, Jira comes back."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from bench import workloads
from bench.outage.rolling import Rolling, standings
from bench.outage.samples import Memory, Sample, shown, take_journal, take_memory, take_sample
from bench.stage import NAMESPACE, SHOP, Stage, seldom_until
from bench.writes import count_writes
from controlplane.console import say

MOST_BACKOFF_SECONDS: Final = 5 * 60 * 1.3
"""The operator's own, with jitter."""
_PERIOD_SECONDS: Final = 5
"""How often the operator is looked at."""
_SELDOM_SECONDS: Final = 60
"""How often RolloutReports are looked at, which hold megabytes."""
_TICK_SECONDS: Final = 0.5
_TELLING_SECONDS: Final = 120


@dataclass
class Outage:
    """What was seen while Jira was away."""

    workloads: int
    rolling: Rolling
    began: float
    """By the clock of this machine, as all that the sandbox notes."""
    samples: list[Sample] = field(default_factory=list)
    memories: list[Memory] = field(default_factory=list)
    writes: Counter[str] = field(default_factory=Counter)
    """What the operator wrote to the API server."""


@dataclass
class Recovery:
    """What was seen when Jira was back."""

    began: float
    """By the clock of this machine."""
    next_attempt: float
    """Seconds until the next attempt, as people could read it."""
    after: Sample
    """When all was told."""


@dataclass
class Restart:
    """What an orderly stop has left behind, and what came of it."""

    journal: int
    """Jira deployments that the journal lists still."""
    repeated: int
    """Updates that the next leader has sent, though all was told."""


def endure(stage: Stage, seconds: float, *, every: float) -> Outage:
    """Let the workloads roll while Jira is away, and look."""
    before = count_writes(stage.api)
    _take_jira_away(stage)
    say(f"Jira is away for {seconds / 60:g} minutes …")
    rolling = Rolling(stage.api, SHOP, workloads.names(stage.annotated), every=every)
    outage = Outage(stage.annotated, rolling, began=time.time())
    next_look = next_long_look = time.monotonic()
    end = next_look + seconds
    while (now := time.monotonic()) < end:
        outage.rolling.begin_due()
        if now >= next_look:
            next_look = now + _PERIOD_SECONDS
            outage.samples.append(_look(stage))
        if now >= next_long_look:
            next_long_look = now + _SELDOM_SECONDS
            outage.memories.append(take_memory(stage.api, SHOP))
            _say_how_it_stands(outage)
        time.sleep(_TICK_SECONDS)
    outage.writes = count_writes(stage.api) - before
    return outage


def recover(stage: Stage) -> Recovery:
    """Give Jira back, and wait until all is told and shown."""
    overdue = [each.overdue for each in shown(stage.api, SHOP) if each.overdue is not None]
    stage.sandbox.control("DELETE", "/sandbox/faults")
    began, next_attempt = time.time(), -max(overdue)
    say(f"Jira is back; the next attempt is due in {next_attempt:.0f} s …")
    seldom_until(
        lambda: _is_all_told(stage),
        seconds=MOST_BACKOFF_SECONDS + _TELLING_SECONDS,
        otherwise=lambda: f"{Counter((each.status, each.reason) for each in shown(stage.api, SHOP))}",
    )
    stage.until_written()
    return Recovery(began, next_attempt, _look(stage))


def restart(stage: Stage) -> Restart:
    """Restart the operator, though all was told."""
    say("restarting the operator …")
    restarted = time.time()
    stage.operator.stop()
    journal = len(take_journal(stage.api, NAMESPACE))
    stage.operator.start_and_watch()
    stage.until_written()
    return Restart(journal, len(stage.history_since(restarted)))


def _take_jira_away(stage: Stage) -> None:
    for fault in ({"kind": "hang", "probability": 0.5}, {"kind": "503"}):
        stage.sandbox.control("POST", "/sandbox/faults", {**fault, "times": None})


def _look(stage: Stage) -> Sample:
    return take_sample(stage.api, stage.operator, NAMESPACE, SHOP)


def _is_all_told(stage: Stage) -> bool:
    over = {"successful", "failed"}
    if any(each.state not in over for each in standings(stage.api, SHOP).values()):
        return False
    return all(each.status == "True" for each in shown(stage.api, SHOP))


def _say_how_it_stands(outage: Outage) -> None:
    sample, memory = outage.samples[-1], outage.memories[-1]
    say(
        f"  {len(outage.rolling.courses)} rollouts; {memory.remembered} remembered in "
        f"{memory.bytes >> 10} KiB, {sample.journal} in the journal, {sample.waiting} waiting; "
        f"{sample.memory:.0f} MiB, {sample.sockets} sockets, {sample.cpu:.0f} s of processor time"
    )
