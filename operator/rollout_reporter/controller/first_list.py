"""Whether a watch has listed what there is: kopf does not tell when its first list ends."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

PATIENCE: Final = timedelta(seconds=10)
"""A list that shows nothing more for so long is over: some of what was counted may have been deleted.

One that has shown nothing at all is not: that is what a watch looks like which cannot connect."""


class FirstList:
    """The list with which a watch begins."""

    def __init__(self, expected: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._expected = monotonic, expected
        self._counted, self._last = 0, monotonic()
        self._is_open = False

    def see(self, *, is_listed: bool) -> None:
        """Note an object of the list, or one that has changed since; this may be called by another thread."""
        self._is_open = True
        if is_listed:
            self._counted += 1
            self._last = self._clock()

    def why_not_over(self) -> str | None:
        """Why it has not ended yet, in a sentence."""
        is_quiet = self._clock() - self._last >= PATIENCE.total_seconds()
        if self._counted >= self._expected or (self._is_open and is_quiet):
            return None
        return f"the watch has listed {self._counted} of about {self._expected} workloads"
