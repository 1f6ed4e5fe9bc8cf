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


def closed(entry: Entry, because: str, now: datetime, state: State) -> Entry:
    """An entry with its end; what came before may have been dated by a clock that is a little ahead."""
    return failed_after_all(replace(entry, state=state, because=because, since=max(now, entry.since)))
