"""Crashes placed one by one: the operator is killed at each of its writes and posts, before and after it."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator

from chaos.faults.process import KilledAt, KilledAtPost, KilledAtWrite
from chaos.passages import Kind, Passage
from chaos.plan import Plan, Strike
from chaos.rules import Side
from chaos.script import SMALL

UNDISTURBED = Plan("undisturbed", SMALL, ())
"""What shows how many writes and posts there are, and what Jira has to hold."""

_FAULTS: dict[Kind, type[KilledAt]] = {Kind.WRITE: KilledAtWrite, Kind.POST: KilledAtPost}


def placed(kind: Kind, number: int, side: Side, *, frees_lease: bool) -> Plan:
    """The plan for one crash; `number` counts from 1, within the kind."""
    fault = _FAULTS[kind](number, side, frees_lease=frees_lease)
    return Plan(f"{kind} {number} {side.name.lower()}", SMALL, (Strike(0, fault),))


def placements(asked: Iterable[Passage]) -> Iterator[Plan]:
    """A plan for each request of an undisturbed run and for each side of it.

    In every second one of either side somebody deletes the Lease, too, so that its 15 s need not pass.
    """
    frees = itertools.cycle((True, False, False, True))
    for kind, count in sorted(Counter(each.kind for each in asked if each.kind in _FAULTS).items()):
        for number, side in itertools.product(range(1, count + 1), Side):
            yield placed(kind, number, side, frees_lease=next(frees))
