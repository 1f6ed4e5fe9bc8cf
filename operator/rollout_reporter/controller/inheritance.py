"""What an earlier leader has sent and could not record any more.

It may have told Jira how a rollout ended, and died before that was on record. If the rollout was then
replaced before the next leader looked, nothing in the cluster knows its end; Jira does.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from rollout_reporter.cluster.api import UnavailableError
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.core.report import DeploymentKey, State
from rollout_reporter.jira.schemas import DeploymentData

from .book import Tracked

log = logging.getLogger(__name__)

PATIENCE: Final = timedelta(minutes=2)
"""How long a new leader waits for Jira to tell; then it says what it knows itself."""

_ENDS: Final = frozenset({State.SUCCESSFUL, State.FAILED})
_GUESSES: Final = frozenset({State.UNKNOWN, State.CANCELLED})
"""How a rollout is closed whose end was not seen."""
_PASSING: Final = frozenset({TroubleReason.RATE_LIMITED, TroubleReason.UNAVAILABLE})


class Holder(Protocol):
    """A way to a Jira site."""

    async def stored(self, key: DeploymentKey) -> DeploymentData | Trouble | None:
        """What Jira holds of a deployment."""


class Inheritance:
    """Asks Jira, before a Jira deployment of an earlier leader is closed, how that one saw it end."""

    def __init__(self, link: Callable[[str], Holder | Trouble], now: Callable[[], datetime]) -> None:
        self._link, self._now = link, now
        self._until = now() + PATIENCE

    async def ends(self, tracked: Tracked, planned: Ledger) -> Sequence[DeploymentData]:
        """Return the ends that Jira was told of, of those that are about to be closed otherwise.

        Raises:
            UnavailableError: Jira cannot tell just now.
        """
        found = []
        for site, key in sorted(tracked.inherited):
            entry = planned.entry(key)
            if entry is None or entry.state not in _GUESSES:
                continue
            held = await self._held(site, key)
            tracked.inherited.discard((site, key))
            if held and held.state in _ENDS:
                log.info("%s: Jira was told that number %d is %s", tracked.ref.place, key.number, held.state)
                found.append(held)
        return found

    async def _held(self, site: str, key: DeploymentKey) -> DeploymentData | None:
        link = self._link(site)
        held = link if isinstance(link, Trouble) else await link.stored(key)
        if not isinstance(held, Trouble):
            return held
        if held.reason in _PASSING and self._now() < self._until:
            raise UnavailableError(f"Jira cannot tell yet what an earlier leader has sent: {held.message}")
        return None


def honoured(planned: Ledger, ends: Iterable[DeploymentData]) -> Ledger:
    """Return a ledger in which those ends stand, and not the guesses."""
    because = "as it was reported before the operator was started anew"
    by_number = {each.deployment_sequence_number: each for each in ends}
    for entry in planned.entries:
        end = by_number.get(entry.number)
        if end and entry.state in _GUESSES:
            known = replace(entry, state=end.state, because=because, since=end.last_updated)
            planned = planned.put(known)
    return planned
