"""Crashes placed one by one."""

from collections import Counter
from datetime import UTC, datetime

from chaos.faults.process import KilledAt
from chaos.passages import Kind, Passage
from chaos.placement import placements


def asked(*kinds: Kind) -> list[Passage]:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Passage(number, "operator", kind, "PUT", "/", "", "", moment, float(number))
        for number, kind in enumerate(kinds, 1)
    ]


def test_there_is_a_crash_on_either_side_of_each_write_and_post() -> None:
    plans = list(placements(asked(Kind.WRITE, Kind.POST, Kind.WRITE, Kind.LEASE, Kind.READ)))

    assert [each.name for each in plans] == [
        "post 1 before",
        "post 1 after",
        "write 1 before",
        "write 1 after",
        "write 2 before",
        "write 2 after",
    ]


def test_in_every_second_run_of_either_side_the_lease_is_deleted() -> None:
    plans = placements(asked(*[Kind.WRITE] * 10))
    faults = [strike.fault for plan in plans for strike in plan.strikes]

    counted = Counter((each.side, each.frees_lease) for each in faults if isinstance(each, KilledAt))
    assert set(counted.values()) == {5}
    assert len(counted) == 4
