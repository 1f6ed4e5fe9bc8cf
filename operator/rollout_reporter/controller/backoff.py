"""Delays between attempts: doubled each time, with jitter, so that many do not come back at once."""

import random
from datetime import timedelta

from .settings import BACKOFF_FIRST, BACKOFF_MOST


class Backoff:
    """The delays of one series of failures."""

    def __init__(self, first: timedelta = BACKOFF_FIRST, most: timedelta = BACKOFF_MOST) -> None:
        self._first, self._most = first, most
        self._failures = 0

    def next(self, at_least: timedelta = timedelta(0)) -> timedelta:
        """Delay before the next attempt; jitter is only added, never taken from `at_least`."""
        delay = min(self._first * (1 << self._failures), self._most)
        self._failures = min(self._failures + 1, 16)
        jitter = random.uniform(1.0, 1.3)  # noqa: S311 (no secret)
        return max(delay, at_least) * jitter

    def reset(self) -> None:
        """Begin anew after a success."""
        self._failures = 0
