"""When an operator was able to see and to act, told from what passed the gate and from nothing it says.

A process is able while it holds the Lease and all of its watches are open. The rest is an absence: what began
and ended within one was seen by nobody.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from chaos.passages import Kind, Passage
from chaos.spans import Span, common, rest, union

LEADS_FOR: Final = 10
"""Seconds that a leader goes on after it has renewed the Lease."""
SETTLING: Final = 3
"""Seconds until a process that leads, and watches, has looked at everything that there was before."""

Moments = tuple[datetime, datetime]


@dataclass(slots=True)
class Life:
    """A process from its start to its end, or to when it was told to stop; None while it lives."""

    door: str
    began: datetime
    ended: datetime | None = None
    frozen: list[Moments] = field(default_factory=list)
    """When it was stopped by a signal and did not know it."""


def absences(
    passages: Iterable[Passage], lives: Sequence[Life], blind: Iterable[Moments], run: Moments
) -> list[Moments]:
    """When nobody was able.

    Args:
        passages: Of the gate to the API server.
        lives: Of all processes.
        blind: When a fault kept even a process that looks well from seeing or acting.
        run: The whole time that matters.
    """
    whole = _span(run)
    noted = list(passages)
    watched = {each.path for each in noted if each.kind is Kind.WATCH}
    able = [span for life in lives for span in _able(life, noted, watched, whole[1])]
    blinded = [(begin, end + SETTLING) for begin, end in map(_span, blind)]
    seeing = common(able, rest(blinded, of=whole))
    return [_moments(span) for span in rest(seeing, of=whole)]


def joined(absent: Iterable[Moments]) -> list[Moments]:
    """The same time in order and apart from each other."""
    return [_moments(span) for span in union(map(_span, absent))]


def _able(life: Life, passages: Iterable[Passage], watched: set[str], end: float) -> list[Span]:
    alive = _span((life.began, life.ended)) if life.ended else (life.began.timestamp(), end)
    own = [
        each for each in passages if each.door == life.door and alive[0] <= each.came.timestamp() < alive[1]
    ]
    able = common(rest(map(_span, life.frozen), of=alive), _leading(own))
    open_watches: defaultdict[str, list[Span]] = defaultdict(list)
    for each in own:
        if each.kind is Kind.WATCH:
            left = each.left.timestamp() if each.left else end
            open_watches[each.path].append((each.came.timestamp(), left))
    for path in watched:
        able = common(able, open_watches[path])
    return [(begin + SETTLING, end) for begin, end in able]


def _leading(passages: Iterable[Passage]) -> list[Span]:
    renewals = [each.came.timestamp() for each in passages if each.kind is Kind.LEASE and each.is_done]
    return union((each, each + LEADS_FOR) for each in renewals)


def _span(moments: Moments) -> Span:
    return moments[0].timestamp(), moments[1].timestamp()


def _moments(span: Span) -> Moments:
    return datetime.fromtimestamp(span[0], UTC), datetime.fromtimestamp(span[1], UTC)
