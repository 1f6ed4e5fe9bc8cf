"""Delays between attempts: doubled each time, with jitter, so that many do not come back at once."""

import asyncio
import random
from collections.abc import Hashable
from datetime import timedelta
from typing import Final, Generic, TypeVar

from .settings import BACKOFF_FIRST, BACKOFF_MOST

_DOUBLINGS = 16

JITTER: Final = 0.3
"""By how much of itself a delay is made longer at most."""
MOST_JITTERED: Final = timedelta(seconds=30)
"""Of a wait that Jira wants, which may be an hour, no more of it is made longer."""

K = TypeVar("K", bound=Hashable)


class Backoff:
    """The delays of one series of failures."""

    def __init__(self, first: timedelta = BACKOFF_FIRST, most: timedelta = BACKOFF_MOST) -> None:
        self._first, self._most = first, most
        self._failures = 0

    def next(self, at_least: timedelta = timedelta(0)) -> timedelta:
        """Delay before the next attempt; jitter is only added, never taken from `at_least`."""
        delay = delay_after(self._failures, self._first, self._most)
        self._failures += 1
        return max(delay, at_least + _some(min(at_least, MOST_JITTERED)))

    def reset(self) -> None:
        """Begin anew after a success."""
        self._failures = 0


class Backoffs(Generic[K]):
    """The delays of many things, each of which is attempted by itself, and whenever there is news of it.

    News come in bursts, so how often an attempt has failed says little: each delay is as long as the failure
    has lasted so far, which doubles the time from attempt to attempt as well.
    """

    def __init__(self, first: timedelta = BACKOFF_FIRST, most: timedelta = BACKOFF_MOST) -> None:
        self._first, self._most = first, most
        self._failing_since: dict[K, float] = {}

    def next(self, key: K) -> timedelta:
        """Delay before the next attempt at what has failed just now."""
        now = asyncio.get_running_loop().time()
        lasts = timedelta(seconds=now - self._failing_since.setdefault(key, now))
        return _jittered(min(max(lasts, self._first), self._most))

    def reset(self, key: K) -> None:
        """Begin anew after a success."""
        self._failing_since.pop(key, None)


LONGEST_PAUSE: Final = BACKOFF_MOST * (1 + JITTER)
"""Longer than this is only a wait that somebody has asked for."""


def delay_after(failures: int, first: timedelta = BACKOFF_FIRST, most: timedelta = BACKOFF_MOST) -> timedelta:
    """Delay before the next attempt of a series that has failed so often before."""
    return _jittered(min(first * (1 << min(failures, _DOUBLINGS)), most))


def _jittered(delay: timedelta) -> timedelta:
    return delay + _some(delay)


def _some(delay: timedelta) -> timedelta:
    return delay * random.uniform(0.0, JITTER)  # noqa: S311 (no secret)
