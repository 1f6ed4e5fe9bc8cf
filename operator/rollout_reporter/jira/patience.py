"""How long a site wants to be left alone: one deadline for all requests to it, which only moves forward."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from rollout_reporter.core.outcome import Trouble


class Patience:
    """Shared by all clients of a site, so that neither a new credential nor a probe breaks a promise."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = monotonic
        self._until = 0.0
        self._why: Trouble | None = None

    def wait(self, why: Trouble) -> None:
        """Take in a wait that Jira asks for; a shorter one than that under way changes nothing."""
        if why.retry_after is None:
            return
        until = self._clock() + why.retry_after.total_seconds()
        if until > self._until:
            self._until, self._why = until, why

    def trouble(self) -> Trouble | None:
        """Return why nothing may be sent now, with what is left of the wait; None if all may be sent."""
        left = self.seconds_left()
        if self._why is None or left <= 0:
            return None
        return replace(self._why, retry_after=timedelta(seconds=left))

    def seconds_left(self) -> float:
        """Return what is left of the wait, 0 for none."""
        return max(0.0, self._until - self._clock())
