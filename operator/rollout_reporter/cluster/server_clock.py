"""The API server's time, carried on by our monotonic clock between its answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

DATE_TOLERANCE: Final = timedelta(seconds=2)
"""By how much two `Date`s may differ from the time in between and still mean the same clock."""


@dataclass(frozen=True, slots=True)
class ServerClock:
    """The API server's time: its last `Date`, and when that was read on our monotonic clock."""

    date: datetime
    read_at: float

    def at(self, now: float) -> datetime:
        """Return the API server's time at the monotonic time `now`."""
        return self.date + timedelta(seconds=now - self.read_at)

    def after(self, date: datetime, read_at: float) -> "ServerClock":
        """Return the clock after one more `Date`.

        A `Date` is cut to seconds and takes a while to come. Of two that agree within that, the one that is
        ahead is nearer to the truth, and to keep it keeps time from stepping back.
        """
        ahead = self.at(read_at) - date
        return self if timedelta(0) <= ahead < DATE_TOLERANCE else ServerClock(date, read_at)
