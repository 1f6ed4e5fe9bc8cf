"""The post office: one sender for each site that anything is addressed to."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from rollout_reporter.core.outcome import Trouble
from rollout_reporter.core.report import DeploymentKey

from .metrics import METRICS
from .outbox import Item
from .sender import Ledgers, Link, Sender
from .site_status import IDLE, Standing


class Post:
    """Takes reports for any site, and begins to send to a site with its first one."""

    def __init__(
        self,
        link: Callable[[str], Link | Trouble],
        next_number: Callable[[], Awaitable[int]],
        ledgers: Ledgers,
        now: Callable[[], datetime],
    ) -> None:
        self._link, self._next_number, self._ledgers, self._now = link, next_number, ledgers, now
        self._senders: dict[str, Sender] = {}
        self._new: asyncio.Queue[Sender] = asyncio.Queue()

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                sender = await self._new.get()
                group.create_task(sender.run(), name=f"send-{sender.site}")

    def put(self, site: str, item: Item, *, linger: timedelta) -> None:
        """Want a report sent to a site."""
        if site not in self._senders:
            self._open(site)
        self._senders[site].outbox.put(item, linger=linger)

    def withdraw(self, site: str, key: DeploymentKey) -> None:
        """Want a deployment not sent any more."""
        if sender := self._senders.get(site):
            sender.outbox.withdraw(key)

    def hurry(self, site: str) -> None:
        """Try a site again now: something about it has changed."""
        if sender := self._senders.get(site):
            sender.hurry()

    def flush(self) -> None:
        """Send what lingers."""
        for sender in self._senders.values():
            sender.outbox.flush()

    def items(self) -> tuple[Item, ...]:
        """All that waits, for whatever site."""
        return tuple(item for sender in self._senders.values() for item in sender.outbox.items())

    def standing(self, site: str) -> Standing:
        """Tell how the sending to a site goes."""
        sender = self._senders.get(site)
        if sender is None:
            return IDLE
        return Standing(sender.trouble, sender.next_attempt, len(sender.outbox), sender.worked_at)

    @property
    def is_idle(self) -> bool:
        """Whether nothing can be sent: all outboxes are empty or their sites are in trouble."""
        return all(sender.outbox.is_empty or sender.trouble for sender in self._senders.values())

    def _open(self, site: str) -> None:
        sender = Sender(
            site,
            link=lambda: self._link(site),
            next_number=self._next_number,
            ledgers=self._ledgers,
            now=self._now,
        )
        self._senders[site] = sender
        outbox = sender.outbox
        METRICS.term.open_site(site, waiting=lambda: len(outbox), oldest=outbox.oldest_age)
        self._new.put_nowait(sender)
