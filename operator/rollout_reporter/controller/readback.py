"""Reading back: does Jira hold what it has accepted?

"Accepted" means no more than that an update was understood: one whose number is not the highest is dropped
without a word. That cannot happen with the numbers of one operator, but another program may send the same
Jira deployments, with the same credential and numbers of its own.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.core.report import DeploymentKey, Update
from rollout_reporter.core.workload import Place
from rollout_reporter.jira.schemas import DeploymentData

from .metrics import METRICS
from .queue import WorkQueue
from .settings import BACKOFF_MOST

log = logging.getLogger(__name__)

DELAY: Final = timedelta(seconds=5)
"""Jira stores a little later than it answers."""
LOOKS: Final = 3
"""So often it is looked at, before it is sent again."""
MOST_AGAIN: Final = 3
"""So often it is sent again; then Jira, or somebody else who writes there, is not to be convinced."""


class Holder(Protocol):
    """A way to a Jira site."""

    async def stored(self, key: DeploymentKey) -> DeploymentData | Trouble | None:
        """What Jira holds of a deployment."""


async def held_by(link: Holder | Trouble, key: DeploymentKey) -> DeploymentData | Trouble | None:
    """Ask a site what it holds of a deployment; an answer that is a surprise is trouble, and ends nothing."""
    if isinstance(link, Trouble):
        return link
    try:
        return await link.stored(key)
    except Exception:
        log.exception("what Jira holds of %s cannot be read, please report this", key)
        return Trouble(TroubleReason.UNAVAILABLE, "its answer cannot be read")


@dataclass(slots=True)
class _Accepted:
    place: Place
    update: Update
    looks: int = 0


Looked = tuple[str, DeploymentKey]
"""A Jira deployment over all sites."""


class ReadBack:
    """Looks, some seconds after Jira has accepted how a rollout ended, whether it holds that."""

    def __init__(
        self,
        link: Callable[[str], Holder | Trouble],
        again: Callable[[Place, Update], None],
        start_above: Callable[[Iterable[int]], Awaitable[object]],
    ) -> None:
        self._link, self._again, self._start_above = link, again, start_above
        self._accepted: dict[Looked, _Accepted] = {}
        self._sent_again: dict[Looked, int] = {}
        """How often in vain."""
        self._queue: WorkQueue[Looked] = WorkQueue("readback")

    def expect(self, site: str, place: Place, update: Update) -> None:
        """Look in a while whether Jira holds this; a later update of the same deployment replaces it."""
        looked = site, update.report.key
        self._accepted[looked] = _Accepted(place, update)
        self._queue.add_after(looked, DELAY)

    def forget(self, site: str, key: DeploymentKey) -> None:
        """Do not look for what was accepted before: a later update of it has been accepted."""
        self._accepted.pop((site, key), None)
        self._sent_again.pop((site, key), None)

    async def run(self) -> None:
        """Look until cancelled, one request at a time."""
        await self._queue.work(self._look)

    async def _look(self, looked: Looked) -> None:
        accepted = self._accepted.get(looked)
        if accepted is None:
            return
        held = await held_by(self._link(looked[0]), looked[1])
        if accepted is not self._accepted.get(looked):
            return  # a later update has been accepted meanwhile
        if isinstance(held, Trouble):
            self._queue.add_after(looked, max(BACKOFF_MOST, held.retry_after or timedelta(0)))
            return
        number = held.update_sequence_number if held else 0
        if number == accepted.update.number:
            del self._accepted[looked]
            self._sent_again.pop(looked, None)
            return
        accepted.looks += 1
        if accepted.looks < LOOKS:  # a higher one may be our own, its answer under way
            self._queue.add_after(looked, DELAY)
            return
        del self._accepted[looked]
        METRICS.not_held(looked[0])
        await self._send_again(looked, accepted, number)

    async def _send_again(self, looked: Looked, accepted: _Accepted, number: int) -> None:
        """Send it again, but not for ever: a number that is not believed is never passed."""
        times = self._sent_again.pop(looked, 0) + 1
        is_over = times > MOST_AGAIN
        log.log(
            logging.ERROR if is_over else logging.WARNING,
            "site %s: %s: Jira has accepted update %d but holds %s: %s",
            looked[0],
            accepted.place,
            accepted.update.number,
            f"update {number}" if number else "nothing",
            "given up, look who else writes there" if is_over else "it is sent again",
            extra={"site": looked[0]},
        )
        if is_over:
            return
        self._sent_again[looked] = times
        await self._start_above([number])
        self._again(accepted.place, accepted.update)
