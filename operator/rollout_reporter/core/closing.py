"""The end of a Jira deployment in the ledger: nothing may stay "in progress" for ever."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from .entry import Entry, failed_after_all
from .ledger import Ledger
from .report import DeploymentKey, State

SUPERSEDED: Final = "superseded"


def close(
    ledger: Ledger,
    because: str,
    now: datetime,
    state: State = State.CANCELLED,
    *,
    but: DeploymentKey | None = None,
) -> Ledger:
    """Close what is open: nothing may stay "in progress" for ever, `but` the one that goes on."""
    for entry in ledger.entries:
        if entry.state.is_open and entry.key != but:
            ledger = ledger.put(closed(entry, because, now, state))
    return ledger


def superseded(
    ledger: Ledger, by: str, now: datetime, *, was_unseen: bool, but: DeploymentKey | None = None
) -> Ledger:
    """Close what another version has replaced; if nobody saw that, nobody knows how it had ended by then."""
    because = f"{SUPERSEDED} by {by}"
    if not was_unseen:
        return close(ledger, because, now, but=but)
    return close(
        ledger, f"{because} while nobody looked: its outcome is not known", now, State.UNKNOWN, but=but
    )


def closed(entry: Entry, because: str, now: datetime, state: State) -> Entry:
    """An entry with its end; what came before may have been dated by a clock that is a little ahead."""
    return failed_after_all(replace(entry, state=state, because=because, since=max(now, entry.since)))
