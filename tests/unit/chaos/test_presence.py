"""When somebody was able to see and to act, told from what passed the gate."""

from datetime import UTC, datetime, timedelta

from chaos.passages import Kind, Passage
from chaos.presence import LEADS_FOR, SETTLING, Life, absences

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = 60
RUN = (BEGIN, BEGIN + timedelta(seconds=END))


def at(second: float) -> datetime:
    return BEGIN + timedelta(seconds=second)


def passage(kind: Kind, came: float, *, door: str = "one", left: float = END, status: int = 200) -> Passage:
    return Passage(
        number=1,
        door=door,
        kind=kind,
        method="",
        path=kind.value,
        query="",
        accept="",
        came=at(came),
        moment=came,
        carried_out=status,
        told=status,
        left=at(left),
    )


def leads(begin: int, end: int, *, door: str = "one") -> list[Passage]:
    return [passage(Kind.LEASE, second, door=door) for second in range(begin, end, 2)]


def watches(begin: float, end: float, *, door: str = "one") -> Passage:
    return passage(Kind.WATCH, begin, left=end, door=door)


def found(
    passages: list[Passage], *lives: Life, blind: list[tuple[float, float]] | None = None
) -> list[tuple[float, float]]:
    blinded = [(at(begin), at(end)) for begin, end in blind or []]
    spans = absences(passages, lives, blinded, RUN)
    return [((begin - BEGIN).total_seconds(), (end - BEGIN).total_seconds()) for begin, end in spans]


def test_a_leader_that_watches_is_able_once_it_has_settled() -> None:
    assert found([*leads(0, END), watches(0, END)], Life("one", BEGIN)) == [(0, SETTLING)]


def test_who_watches_without_leading_is_not_able() -> None:
    assert found([watches(0, END)], Life("one", BEGIN)) == [(0, END)]


def test_who_leads_without_watching_is_not_able() -> None:
    assert found([*leads(0, END), watches(0, 20), watches(30, END)], Life("one", BEGIN)) == [
        (0, SETTLING),
        (20, 30 + SETTLING),
    ]


def test_a_leader_that_does_not_renew_leads_for_a_while() -> None:
    assert found([*leads(0, 21), watches(0, END)], Life("one", BEGIN)) == [
        (0, SETTLING),
        (20 + LEADS_FOR, END),
    ]


def test_a_renewal_that_failed_is_none() -> None:
    refused = [passage(Kind.LEASE, second, status=500) for second in range(20, END, 2)]

    assert found([*leads(0, 20), *refused, watches(0, END)], Life("one", BEGIN))[1:] == [
        (18 + LEADS_FOR, END)
    ]


def test_a_dead_process_is_not_able_and_its_successor_is() -> None:
    first, second = Life("one", BEGIN, at(20)), Life("one", at(25))
    passages = [*leads(0, 20), watches(0, 20), *leads(40, END), watches(26, END)]

    assert found(passages, first, second) == [(0, SETTLING), (20, 40 + SETTLING)]


def test_a_frozen_process_is_not_able_but_a_standby_may_be() -> None:
    frozen = Life("one", BEGIN, frozen=[(at(20), at(45))])
    passages = [*leads(0, 20), watches(0, END), *leads(35, END, door="two"), watches(10, END, door="two")]

    assert found(passages, frozen, Life("two", at(8))) == [(0, SETTLING), (20, 35 + SETTLING)]


def test_whoever_is_blinded_sees_nothing_until_a_while_afterwards() -> None:
    seen = found([*leads(0, END), watches(0, END)], Life("one", BEGIN), blind=[(20, 30)])

    assert seen == [(0, SETTLING), (20, 30 + SETTLING)]


def test_all_watches_are_needed() -> None:
    other = passage(Kind.WATCH, 0, left=20)
    other.path = "other"

    assert found([*leads(0, END), watches(0, END), other], Life("one", BEGIN)) == [(0, SETTLING), (20, END)]
