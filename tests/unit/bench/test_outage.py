"""The verdict on a long outage: it must see what it is there for."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest

from bench.outage.course import Outage, Recovery, Restart
from bench.outage.delivery import Delivery
from bench.outage.rolling import Rolling, ends_of
from bench.outage.samples import Memory, Sample, Shown, seconds_since_attempt
from bench.outage.verdict import rows_about

GOOD = Delivery(
    wrong=(),
    left_open=(),
    untrue=(),
    attempts=20,
    dropped=0,
    told=100,
    most=50,
    batches=(100,),
    seconds=120.0,
    fastest=1,
)

QUIET = Restart(journal=0, repeated=0)


def sample(index: int, memory: float = 100, journal: int = 10) -> Sample:
    shown = Shown("app-1", "False", "JiraUnavailable", "no answer", overdue=-5)
    return Sample(
        at=5.0 * index,
        memory=memory,
        sockets=20,
        cpu=0.1 * index,
        waiting=50,
        journal=journal,
        journal_bytes=1_000,
        shown=(shown,),
    )


def outage(samples: list[Sample], *, most: int = 50) -> Outage:
    rolling = Mock(spec=Rolling, courses={"2": "succeed"}, first_begun={"app-1": -60.0})
    memories = [Memory(each.at, remembered=most, most=most, bytes=90_000) for each in samples[::12]]
    return Outage(1, rolling, began=0, samples=samples, memories=memories)


def missed(seen: Outage, delivery: Delivery = GOOD, restart: Restart = QUIET) -> list[str]:
    """What the verdict complains about."""
    recovery = Recovery(began=0, next_attempt=30, after=sample(1_000))
    rows = rows_about(seen, recovery, delivery, restart)
    return [row.what for row in rows if row.is_met is False]


def test_of_an_outage_that_costs_nothing_it_complains_about_nothing() -> None:
    assert missed(outage([sample(index) for index in range(200)])) == []


def test_memory_that_grows_with_events_while_ledgers_are_full_is_seen() -> None:
    growing = outage([sample(index, memory=100 + index / 10) for index in range(200)])

    assert missed(growing) == ["memory, second half over first"]


def test_a_ledger_that_is_not_bounded_is_seen() -> None:
    assert missed(outage([sample(index) for index in range(200)], most=80)) == [
        "… remembered of one workload"
    ]


@pytest.mark.parametrize(
    ("shown", "complaint"),
    [
        (Shown("app-1", "True", "Successful", "3 of 3", None), "conditions that do not say JiraUnavailable"),
        (Shown("app-1", "False", "JiraUnavailable", "no answer", 60), "next attempt passed, and still shown"),
    ],
)
def test_a_condition_that_misleads_is_seen(shown: Shown, complaint: str) -> None:
    samples = [sample(index) for index in range(200)]
    samples[150] = replace(samples[150], shown=(shown,))

    assert missed(outage(samples)) == [complaint]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"wrong": ("app-1",)}, "newest rollouts that Jira does not hold as they are"),
        ({"left_open": ("app-1",)}, "older rollouts left open"),
        ({"untrue": ("app-1",)}, "older rollouts that ended in another way"),
        ({"dropped": 1}, "… updates dropped by Jira"),
        ({"batches": (100, 101)}, "… in a request at most"),
        ({"fastest": 101}, "… requests in a second at most"),
        ({"seconds": 600.0}, "all told after Jira was back"),
        ({"most": 90}, "… rollouts of one workload at most"),
    ],
)
def test_what_jira_should_not_hold_or_get_is_seen(change: dict[str, Any], complaint: str) -> None:
    seen = outage([sample(index) for index in range(200)])

    assert missed(seen, replace(GOOD, **change)) == [complaint]


def test_what_the_next_leader_repeats_is_seen() -> None:
    seen = outage([sample(index) for index in range(200)])

    assert missed(seen, restart=replace(QUIET, repeated=2)) == ["… told again by the next leader"]


def test_a_journal_that_never_empties_is_seen() -> None:
    seen = outage([sample(index) for index in range(200)])

    assert missed(seen, restart=replace(QUIET, journal=3)) == ["journal after an orderly stop"]


@pytest.mark.parametrize(
    ("told", "now", "seconds"),
    [("10:00:30", "10:00:00", -30), ("10:00:00", "10:00:12", 12), ("00:00:10", "23:59:50", -20)],
)
def test_the_time_of_the_next_attempt_is_the_nearest_one_even_at_midnight(
    told: str, now: str, seconds: float
) -> None:
    at = datetime.fromisoformat(f"2026-11-24T{now}").replace(tzinfo=UTC)

    assert seconds_since_attempt(f"no answer, next attempt at {told} UTC", at) == seconds


def test_a_message_without_a_next_attempt_tells_of_none() -> None:
    assert seconds_since_attempt("revision 1 successful", datetime.now(UTC)) is None


def seen(version: str, *, available: int = 0, updated: int = 1, progressing: str = "") -> dict[str, Any]:
    template = {"spec": {"containers": [{"image": f"registry.example/app:{version}"}]}}
    status = {"replicas": 1, "updatedReplicas": updated, "availableReplicas": available}
    conditions = [{"type": "Progressing", "reason": progressing}]
    return {
        "metadata": {"generation": 2},
        "spec": {"replicas": 1, "template": template},
        "status": {"observedGeneration": 2, **status, "conditions": conditions},
    }


@pytest.mark.parametrize(
    ("sights", "end"),
    [
        ([seen("7"), seen("7", available=1), seen("7", updated=0)], "successful"),
        ([seen("7"), seen("7", progressing="ProgressDeadlineExceeded"), seen("8")], "failed"),
        (
            [seen("7", progressing="ProgressDeadlineExceeded"), seen("7", available=1), seen("8")],
            "successful",
        ),
        ([seen("7"), seen("8", available=1)], "cancelled"),
        ([seen("7") | {"status": {}}, seen("8", available=1)], "cancelled"),
    ],
)
def test_how_a_version_ended_is_what_a_watch_has_shown(sights: list[dict[str, Any]], end: str) -> None:
    assert ends_of(sights)["7"] == end
