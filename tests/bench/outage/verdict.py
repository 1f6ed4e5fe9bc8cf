"""What is promised of a long outage, beside what was seen."""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from bench.outage.course import MOST_BACKOFF_SECONDS, Outage, Recovery, Restart
from bench.outage.delivery import Delivery
from bench.outage.samples import Sample
from bench.rows import Row, at_most, told
from bench.writes import listed
from controlplane.console import say

MOST_REMEMBERED: Final = 51
"""Jira deployments of one workload: fifty, and the one that is under way.

Those that a request in vain has told of as open are remembered besides, since Jira may hold them.
"""
_FULL: Final = 0.98
"""Share of the most from which on ledgers count as full: not all fill at the same time."""
_LEAST_SAMPLES: Final = 40
"""Fewer say nothing about growth."""
_GRACE_SECONDS: Final = 8
"""A condition follows its cause; where only its message changes, it waits for the next change."""
_ATTEMPT_SECONDS: Final = 40
"""The longest request, and the writing of what came of it: till then people read of the attempt before."""
_TELLING_SECONDS: Final = 60
_BATCH: Final = 100
_BURST: Final = 100
"""Requests in a second that Jira takes of one tenant."""
_SHOWN: Final = 10
"""Examples of what is wrong."""


def rows_about(outage: Outage, recovery: Recovery, delivery: Delivery, restart: Restart) -> list[Row]:
    return [
        *_of_memory(outage, recovery, delivery),
        *_of_cost(outage, recovery, delivery),
        *_of_conditions(outage),
        *_of_delivery(delivery, recovery),
        at_most("… told again by the next leader", 0, restart.repeated),
        at_most("journal after an orderly stop", 0, restart.journal, " entries"),
    ]


def _of_memory(outage: Outage, recovery: Recovery, delivery: Delivery) -> Iterator[Row]:
    """While ledgers fill, memory may grow; once they are full it may not."""
    yield told("requests in vain", f"{delivery.attempts}")
    courses = Counter(outage.rolling.courses.values())
    yield told("rollouts in the outage", ", ".join(f"{n} to {what}" for what, n in courses.items()))
    yield at_most("… remembered of one workload", _bound(delivery), max(m.most for m in outage.memories))
    largest = max(outage.memories, key=lambda each: each.remembered)
    yield told("… remembered of all, at most", f"{largest.remembered} in {largest.bytes / 2**20:.1f} MiB")
    full_at = next(m.at for m in outage.memories if m.remembered >= _FULL * largest.remembered)
    full = [each for each in outage.samples if each.at >= full_at]
    if len(full) >= _LEAST_SAMPLES:
        yield from _of_growth(full)
    samples = {"at first": outage.samples[0], "at last": outage.samples[-1], "afterwards": recovery.after}
    yield told("… MiB", ", ".join(f"{when} {each.memory:.0f}" for when, each in samples.items()))
    yield told("… sockets", ", ".join(f"{when} {each.sockets}" for when, each in samples.items()))


def _of_growth(full: Sequence[Sample]) -> Iterator[Row]:
    early, late = full[: len(full) // 2], full[len(full) // 2 :]
    memory = _typical(late) / _typical(early)
    minutes = (full[-1].at - full[0].at) / 60
    note = f"{_typical(early):.0f} → {_typical(late):.0f} MiB in {minutes:.0f} minutes with full ledgers"
    yield at_most("memory, second half over first", 1.05, memory, note=note)
    sockets = max(each.sockets for each in late) - max(each.sockets for each in early)
    yield at_most("sockets, most in the second half over most in the first", 2, sockets)
    journal = max(each.journal for each in late) / max(each.journal for each in early)
    yield at_most("journal, second half over first", 1.05, journal)


def _bound(delivery: Delivery) -> int:
    return MOST_REMEMBERED + delivery.attempts


def _typical(samples: Sequence[Sample]) -> float:
    return statistics.median(each.memory for each in samples)


def _of_cost(outage: Outage, recovery: Recovery, delivery: Delivery) -> Iterator[Row]:
    first, last = outage.samples[0], outage.samples[-1]
    minutes = (last.at - first.at) / 60
    rollouts = len(outage.rolling.courses)
    largest = max(outage.samples, key=lambda each: each.journal)
    yield told("processor time, share of a core", f"{(last.cpu - first.cpu) / minutes / 0.6:.1f} %")
    yield told(
        "API-server writes",
        f"{outage.writes.total() / rollouts:.1f} per rollout: {listed(outage.writes, rollouts)}",
    )
    most = max(each.waiting for each in outage.samples) / outage.workloads
    yield at_most("waiting for Jira at most, per workload", _bound(delivery), most)
    yield told("journal at most", f"{largest.journal} entries, {largest.journal_bytes / 1024:.0f} KiB")
    yield told("… entries, when all was told", f"{recovery.after.journal}, which leave within ten minutes")


def _of_conditions(outage: Outage) -> Iterator[Row]:
    known_at = min(each.at for each in outage.samples if any(s.is_unavailable for s in each.shown))
    begun = outage.rolling.first_begun
    seen = [
        (each, shown)
        for each in outage.samples
        if each.at >= known_at + _GRACE_SECONDS
        for shown in each.shown
        if begun.get(shown.name, each.at) < each.at - _GRACE_SECONDS
    ]
    wrong = [each for each in seen if not each[1].is_unavailable or each[1].overdue is None]
    overdue = [shown.overdue for _, shown in seen if shown.overdue is not None]
    began = outage.samples[0].at
    stale = [each for each in seen if (each[1].overdue or 0) > _ATTEMPT_SECONDS]
    for what, found in (("not JiraUnavailable", wrong), ("of an attempt that is over", stale)):
        _show(f"conditions that are {what}", [f"{each.at - began:.0f} s: {one}" for each, one in found])
    yield at_most("conditions that do not say JiraUnavailable", 0, len(wrong), note=f"of {len(seen)} seen")
    yield at_most("next attempt passed, and still shown", _ATTEMPT_SECONDS, max(overdue), " s")
    late = sum(each > 0 for each in overdue)
    yield told("… seen so", f"{late} of {len(overdue)} conditions: an attempt was under way")


def _of_delivery(delivery: Delivery, recovery: Recovery) -> Iterator[Row]:
    after = f"next attempt after {recovery.next_attempt:.0f} s"
    limit = MOST_BACKOFF_SECONDS + _TELLING_SECONDS
    yield at_most("all told after Jira was back", limit, delivery.seconds, " s", note=after)
    yield told("… rollouts, in requests", f"{delivery.told}, {len(delivery.batches)}")
    yield at_most("… rollouts of one workload at most", _bound(delivery) + 1, delivery.most)
    yield at_most("… in a request at most", _BATCH, max(delivery.batches))
    yield at_most("… requests in a second at most", _BURST, delivery.fastest)
    yield at_most("… updates dropped by Jira", 0, delivery.dropped)
    for what, found in (
        ("newest rollouts that Jira does not hold as they are", delivery.wrong),
        ("older rollouts left open", delivery.left_open),
        ("older rollouts that ended in another way", delivery.untrue),
    ):
        _show(what, found)
        yield at_most(what, 0, len(found))


def _show(what: str, found: Sequence[str]) -> None:
    if found:
        say("\n".join([f"{what}:", *found[:_SHOWN]]))
