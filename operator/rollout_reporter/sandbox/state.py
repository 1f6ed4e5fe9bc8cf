"""The pretended site: everything that the HTTP side works on, in one object."""

import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from .auth import Tokens
from .changes import Changes
from .config import SandboxConfig
from .faults import Faults
from .journal import Journal
from .store import Store

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Tell the time, aware."""
    return datetime.now(UTC)


class Site:
    """State of the sandbox; not thread-safe, it lives in one event loop."""

    def __init__(self, config: SandboxConfig, clock: Clock = utc_now) -> None:
        self._initial = config
        self.config = config
        self.clock = clock
        self.changes = Changes()
        self.faults = Faults()
        self.journal = Journal()
        self.store = Store()
        self.tokens = Tokens()
        self._pending: list[tuple[datetime, int, str, Callable[[], object]]] = []
        self._order = itertools.count()

    def accept(self, client_id: str, change: Callable[[], object]) -> None:
        """Take a change of what a credential has stored; it shows after the configured delay."""
        due = self.clock() + timedelta(seconds=self.config.visibility_delay)
        heapq.heappush(self._pending, (due, next(self._order), client_id, change))

    def settle(self) -> None:
        """Do what is due. Everyone who looks at the store calls this first."""
        settled = False
        while self._pending and self._pending[0][0] <= self.clock():
            heapq.heappop(self._pending)[-1]()
            settled = True
        if settled:
            self.changes.happened()

    @property
    def pending(self) -> int:
        """How many accepted changes do not show yet."""
        return len(self._pending)

    def seconds_to_next(self) -> float | None:
        """Tell when the next accepted change will show."""
        if not self._pending:
            return None
        return max(0.0, (self._pending[0][0] - self.clock()).total_seconds())

    def configure(self, config: SandboxConfig) -> None:
        """Change the configuration; what is stored and the tokens given out stay as they are."""
        self.config = config
        self.changes.happened()

    def forget_credential(self) -> None:
        """Do as when the OAuth app is deleted in Jira: its data and tokens are gone.

        The same credential may be used again afterwards, as a new one that starts with nothing.
        """
        client_id = self.config.client_id
        self._pending = [pending for pending in self._pending if pending[2] != client_id]
        heapq.heapify(self._pending)
        self.store.forget(client_id)
        self.tokens.forget(client_id)
        self.changes.happened()

    def reset(self) -> None:
        """Return to the state at the start, configuration included."""
        self.config = self._initial
        self._pending.clear()
        self.faults.clear()
        self.journal.clear()
        self.store = Store()
        self.tokens = Tokens()
        self.changes.happened()
