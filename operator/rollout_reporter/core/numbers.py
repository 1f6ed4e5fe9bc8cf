"""Numbers that cannot go backwards.

Jira orders by two numbers. `deploymentSequenceNumber` tells which rollout of a pipeline and environment is
the latest; `updateSequenceNumber` tells which update of one Jira deployment is the latest. A lower or equal
update number is dropped without a word (the answer still says "accepted"), so neither number may ever repeat
or fall: not over a restart, a lost record, a workload made again, or a change of leader.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

LIMIT: Final = 2**53
"""Numbers stay below it, because whoever reads them as a JavaScript number would round them."""

REVISIONS_PER_SECOND: Final = 1_000_000

DAY_MS: Final = 24 * 60 * 60 * 1000
"""How far ahead of the API server's time an update number may be.

A number from the far future would make Jira drop every honest one until then; a day forgives every clock that
is merely wrong."""

HEADROOM_MS: Final = 15_000
"""How far ahead of use a ceiling is raised.

It is raised with each renewal of the Lease, every two seconds, so that it costs no write of its own. It has
to last for the ten seconds in which a leader may fail to renew; a burst that needs more has it raised out of
turn. A new leader begins above it, so a change of leader puts the numbers up to a quarter of a minute ahead
of the clock, where they stay until it has caught up. So it is small: who removes the Lease has to wait until
then, or who comes later would begin below."""


class NumberOutOfRangeError(ValueError):
    """A number would not be below 2^53: the creation time or the revision it is derived from is nonsense."""


def deployment_number(created: datetime, revision: int, highest_recorded: int | None) -> int:
    """Return the `deploymentSequenceNumber` of a new Jira deployment.

    The derived part is the same after a reinstallation or a lost record, and grows when a workload is made
    again (the revision restarts, the creation time has grown); the recorded part makes it grow when a
    revision falls. A revision of a million or more runs into the seconds after `created`. It is not cut: that
    would make two rollouts share a number, while running over collides with nothing, since the next workload
    of that name is created later, and nobody makes a million revisions in each second in between.

    Args:
        created: `creationTimestamp` of the workload, aware.
        revision: Its revision, not negative.
        highest_recorded: The highest number on record for this pipeline and environment, if there is any.

    Raises:
        ValueError: The time is naive or before 1970, or the revision is negative.
        NumberOutOfRangeError: The number would not be below 2^53 (revisions can be edited by hand).
    """
    if created.tzinfo is None:
        raise ValueError(f"the creation time {created} has no time zone")
    seconds = int(created.timestamp())
    if seconds < 0 or revision < 0:
        raise ValueError(f"neither the creation time {created} nor the revision {revision} may be negative")
    derived = seconds * REVISIONS_PER_SECOND + revision
    number = derived if highest_recorded is None else max(derived, highest_recorded + 1)
    if number >= LIMIT:
        raise NumberOutOfRangeError(f"{number} from created {created} and revision {revision} is too large")
    return number


def revision_in(number: int) -> int:
    """Return the revision that a `deploymentSequenceNumber` was derived from.

    It is too high where the number had to exceed one on record.
    """
    return number % REVISIONS_PER_SECOND


class CeilingReachedError(Exception):
    """The next update number may not be issued yet: the ceiling has to be raised first."""


class UpdateClock:
    """The one source of update numbers: epoch milliseconds, made strictly increasing.

    Its ceiling is the highest number that it may issue, and is on record (in the Lease) before a number below
    it is used. A new leader starts above the highest of the Lease's ceiling, the journal and the records, so
    whatever an old leader has issued or still issues, up to *its* ceiling, is below everything of the new
    one.

    All times are the API server's, in epoch milliseconds; when that time falls, the numbers do not.
    """

    __slots__ = ("_ceiling", "_last")

    def __init__(self) -> None:
        self._last = 0
        self._ceiling = 0

    @property
    def ceiling(self) -> int:
        """The highest number that may be issued."""
        return self._ceiling

    @property
    def highest(self) -> int:
        """The highest number that was issued, or found on record."""
        return self._last

    def start_above(self, stored: Iterable[int], now_ms: int) -> tuple[int, ...]:
        """Go above all `stored` numbers and return those ignored, because they are more than a day ahead.

        An ignored number deserves an alert: a deployment that was sent with it, and of which that is not on
        record, is not heard by Jira until its time has come.
        """
        numbers = tuple(stored)
        self._last = max((self._last, *(number for number in numbers if number <= now_ms + DAY_MS)))
        return tuple(number for number in numbers if number > now_ms + DAY_MS)

    def issue(self, now_ms: int) -> int:
        """Return the next number.

        Raises:
            CeilingReachedError: It would be above the ceiling, or more than a day ahead of `now_ms`.
        """
        number = max(self._last + 1, now_ms)
        if number > min(self._ceiling, now_ms + DAY_MS):
            raise CeilingReachedError(f"{number} may not be issued below the ceiling {self._ceiling}")
        self._last = number
        return number

    def is_beyond_belief(self, now_ms: int) -> bool:
        """Whether time has fallen by so much that its own numbers would not be believed any more."""
        return self._last > now_ms + DAY_MS + HEADROOM_MS

    def next_ceiling(self, now_ms: int) -> int:
        """Return the ceiling to put on record next: never lower, and raised to at most a day ahead."""
        return max(self._ceiling, min(max(self._last, now_ms) + HEADROOM_MS, now_ms + DAY_MS))

    def is_worth_raising(self, now_ms: int) -> bool:
        """Whether a write out of turn would gain much; it does not where the day is what limits."""
        return self.next_ceiling(now_ms) - self._ceiling >= HEADROOM_MS // 2

    def raise_ceiling(self, recorded: int) -> None:
        """Allow numbers up to `recorded`, which is on record now. A lower one than before changes nothing."""
        self._ceiling = max(self._ceiling, recorded)
