"""Whether a watch has listed what there is: kopf does not tell when its first list ends."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

PATIENCE: Final = timedelta(seconds=10)
"""A list that shows nothing more for so long is over: some of what was counted may have been deleted."""


class FirstList:
    """The list with which a watch begins."""

    def __init__(self, expected: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._expected = monotonic, expected
        self._counted, self._last = 0, monotonic()

    def count(self) -> None:
        """Note one more object of the list; this may be called by another thread."""
        self._counted += 1
        self._last = self._clock()

    def why_not_over(self) -> str | None:
        """Why it has not ended yet, in a sentence."""
        is_quiet = self._clock() - self._last >= PATIENCE.total_seconds()
        if self._counted >= self._expected or is_quiet:
            return None
        return f"the watch has listed {self._counted} of about {self._expected} workloads"
