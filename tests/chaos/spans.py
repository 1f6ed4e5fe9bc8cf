"""Spans of time, and what can be said of several of them. Moments are numbers, in whatever unit."""

from collections.abc import Iterable

Span = tuple[float, float]


def union(spans: Iterable[Span]) -> list[Span]:
    """The same time in as few spans as possible, in order; empty ones vanish."""
    joined: list[Span] = []
    for begin, end in sorted(each for each in spans if each[0] < each[1]):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def common(first: Iterable[Span], second: Iterable[Span]) -> list[Span]:
    """The time that is in both."""
    return union((max(a[0], b[0]), min(a[1], b[1])) for a in union(first) for b in union(second))


def rest(spans: Iterable[Span], of: Span) -> list[Span]:
    """The time within `of` that is in none of the spans."""
    begin, left = of[0], []
    for each in union(spans):
        left.append((begin, min(each[0], of[1])))
        begin = max(begin, each[1])
    return union([*left, (begin, of[1])])
