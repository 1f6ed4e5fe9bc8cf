"""The operator's Lease in hands that are no operator's, so that no operator writes meanwhile.

A campaign would wait for a living leader forever. So the Lease is overwritten, and its holder, who cannot
renew it then, ends its term by itself: at once if it reaches the API server, and ten seconds after its last
renewal if not. There is no renewing in the background: whoever works with the Lease keeps it between two
steps.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core.election import (
    LEASE_API,
    RENEW_DEADLINE,
    RETRY_PERIOD,
    ceiling_of,
    claimed,
    last_of,
    released,
    unclaimed,
    unique_identity,
    view_of,
)

from .api import Object, create, delete, get, path_to, replace, server_date
from .errors import ClusterError, ConflictError, NotFoundError
from .lease import LEASE, epoch_ms

_ATTEMPTS: Final = 5
"""A leader that renews just when we write wins; it renews every other second."""


class HeldLease:
    """The Lease of an installation; made inside the event loop that uses it."""

    def __init__(self, api: ApiClient, namespace: str, *, holder: str) -> None:
        self._api, self._namespace = api, namespace
        self._collection = path_to(LEASE_API, "leases", namespace)
        self._path = path_to(LEASE_API, "leases", namespace, LEASE)
        self._me = unique_identity(holder)
        self._clock = asyncio.get_running_loop().time
        self._lease: Object = {}
        self._renewed_at = 0.0
        self._last_number: int | None = None
        """The last update number that was issued, if whoever held it before has told that."""
        self._is_alone = False
        """Whether the term of whoever held it before is over."""

    async def take(self) -> str:
        """Take the Lease away from whoever holds it, and return who that was, empty for nobody.

        Who held it may go on writing for `RENEW_DEADLINE` seconds, unless it sees before that it was taken.

        Raises:
            ConflictError: Somebody was faster each time.
        """
        for _ in range(_ATTEMPTS):
            with suppress(ConflictError):
                return await self._take_once()
        raise ConflictError(f"the Lease {self._namespace}/{LEASE} changes too often")

    async def _take_once(self) -> str:
        try:
            found = await get(self._api, self._path)
        except NotFoundError:
            found = unclaimed(self._namespace, LEASE)
        self._last_number = last_of(found)
        await self._write(found, is_new_term=True)
        holder = view_of(found).holder
        self._is_alone = not holder
        return holder

    async def outlast(self) -> None:
        """Wait until the term of an earlier leader is over, whatever it has seen; the Lease is kept."""
        over_at = self._clock() + RENEW_DEADLINE
        while (left := over_at - self._clock()) > 0:
            await asyncio.sleep(min(left, RETRY_PERIOD))
            await self.keep()
        self._is_alone = True

    async def keep(self) -> None:
        """Renew the Lease if that is due; to be called before each write that it protects.

        Raises:
            ConflictError: Somebody else holds it now.
        """
        if self._clock() < self._renewed_at + RETRY_PERIOD:
            return
        try:
            await self._write(self._lease, is_new_term=False)
        except ConflictError as error:
            raise ConflictError(f"somebody has taken the Lease {self._namespace}/{LEASE} back") from error

    async def outlive_numbers(self, others: int, *, patience: timedelta) -> bool:
        """Wait until no update number that may have been issued is ahead of the API server's time.

        Whoever comes when all records are gone begins at that time, and Jira would drop what is lower.

        Args:
            others: The highest number that is known besides that on the Lease.
            patience: For how long at most; who would have to wait longer does not wait at all.

        Returns:
            Whether that time has come.
        """
        highest = max(ceiling_of(self._lease), others) if self._last_number is None else self._last_number
        while (ahead := highest - epoch_ms(await server_date(self._api))) >= 0:
            if timedelta(milliseconds=ahead) > patience:
                return False
            await asyncio.sleep(RETRY_PERIOD)
            await self.keep()
        return True

    async def remove(self) -> None:
        """Remove the Lease. Operators that are still there wait until it would have expired."""
        with suppress(NotFoundError):
            await delete(self._api, self._path, uid=self._lease["metadata"]["uid"])

    async def release(self) -> None:
        """Give the Lease back, so that nobody waits for us; it expires if somebody may lead still."""
        with suppress(ClusterError):  # then it expires, too
            if self._is_alone:
                await replace(self._api, self._path, released(self._lease, await server_date(self._api)))

    async def _write(self, lease: Object, *, is_new_term: bool) -> None:
        at, sent_at = await server_date(self._api), self._clock()
        # The ceiling of numbers stays: none is issued here.
        body = claimed(lease, self._me, is_new_term=is_new_term, at=at, ceiling=ceiling_of(lease))
        exists = "resourceVersion" in lease["metadata"]
        write = replace(self._api, self._path, body) if exists else create(self._api, self._collection, body)
        self._lease, self._renewed_at = await write, sent_at
