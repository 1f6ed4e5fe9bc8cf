"""Whether the event loop of another thread turns: it has to beat, and others see for how long it has not."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

PERIOD: Final = timedelta(seconds=5)
"""How often an event loop beats."""
SILENCE: Final = timedelta(minutes=1)
"""How long it may be silent: a large list, on a machine with much to do, holds it up for seconds."""


class Pulse:
    """The pulse of one event loop, which counts as alive when this is made."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = monotonic
        self._last = monotonic()

    async def beat(self, is_over: Callable[[], bool]) -> None:
        """Beat, in the event loop that others want to know of, until that is over."""
        while not is_over():
            self._last = self._clock()
            await asyncio.sleep(PERIOD.total_seconds())

    @property
    def silence(self) -> timedelta:
        """Time since the last beat."""
        return timedelta(seconds=self._clock() - self._last)
