"""The journal was deleted: what it said of open deployments is put together from the records and Jira.

A record may be a moment older than the last request, and nobody here knows any more what that request said.
So Jira is asked: an end that it holds is the truth, and must not become `unknown`.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from rollout_reporter.cluster.journal_pages import Listed
from rollout_reporter.cluster.reports import StoredReport
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.jira.schemas import DeploymentData

from .readback import Holder, held_by

log = logging.getLogger(__name__)

PATIENCE: Final = timedelta(seconds=15)
"""How long a new leader waits for Jira's answers: nothing else is reported meanwhile."""
PAUSE: Final = timedelta(seconds=1)
"""Until Jira is asked again after a failure."""
AT_ONCE: Final = 4
"""Requests in flight."""

_PASSING: Final = frozenset({TroubleReason.UNAVAILABLE, TroubleReason.RATE_LIMITED})
_TOLD: Final = "Jira was told so by an earlier leader"

Link = Callable[[str], Holder | Trouble]
"""The way to a site, by its name."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What the missing pages would have listed, as far as that can be known."""

    listed: tuple[Listed, ...]
    numbers: tuple[int, ...]
    """Update numbers that Jira holds."""


async def rebuild(reports: Iterable[StoredReport], listed: Iterable[Listed], link: Link) -> Rebuilt:
    """List what is open on record and not listed, with the end that Jira holds of it if it holds one.

    Where Jira does not answer in time, the record is all that is known.
    """
    known = {each.id for each in listed}
    records = [
        Listed(report.ledger.ref, entry, entry.since)
        for report in reports
        for entry in report.ledger.entries
        if entry.state.is_open and (entry.site, entry.key) not in known
    ]
    held = await _held(records, link)
    rebuilt = tuple(_ended(each, held.get(each.id)) for each in records)
    if records:
        log.warning(
            "the journal, or a page of it, is missing: Jira was asked about %d open deployments on record,"
            " has answered about %d, and holds the end of %d",
            len(records),
            len(held),
            sum(not each.entry.state.is_open for each in rebuilt),
        )
    return Rebuilt(rebuilt, tuple(each.update_sequence_number for each in held.values() if each))


async def _held(records: Sequence[Listed], link: Link) -> dict[object, DeploymentData | None]:
    """What Jira holds of them, as far as it answers."""
    held: dict[object, DeploymentData | None] = {}
    turn = asyncio.Semaphore(AT_ONCE)

    async def ask(each: Listed) -> None:
        while True:
            async with turn:
                answer = await held_by(link(each.entry.site), each.entry.key)
            if not isinstance(answer, Trouble):
                held[each.id] = answer
                return
            if answer.reason not in _PASSING:
                return
            await asyncio.sleep(max(PAUSE, answer.retry_after or PAUSE).total_seconds())

    with suppress(TimeoutError):  # who has not answered by then is told anew what is on record
        async with asyncio.timeout(PATIENCE.total_seconds()):
            await asyncio.gather(*map(ask, records))
    return held


def _ended(record: Listed, held: DeploymentData | None) -> Listed:
    """A record with the end that Jira holds, if that was told later than what the record says."""
    entry = record.entry
    known = entry.acknowledged.update_number if entry.acknowledged else 0
    if held is None or held.state.is_open or held.update_sequence_number <= known or entry.rollout_id is None:
        return record
    since = max(held.last_updated, entry.since)
    return replace(record, entry=replace(entry, state=held.state, because=_TOLD, since=since))
