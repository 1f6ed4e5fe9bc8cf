"""What Namespaces say of themselves, asked for by many at once when many rollouts begin."""

import asyncio
from dataclasses import dataclass
from time import monotonic
from typing import Final

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core.environments import NamespaceFacts

from .lookups import find_namespace

SHARED_FOR: Final = 2.0
"""Seconds for which an answer may be shared. Where many wait, they wait about as long for their turn."""


@dataclass(frozen=True, slots=True)
class _Request:
    begun: float
    answer: asyncio.Task[NamespaceFacts]

    @property
    def has_failed(self) -> bool:
        """Whether it is worth asking again."""
        return self.answer.done() and (self.answer.cancelled() or self.answer.exception() is not None)


class Namespaces:
    """Looks Namespaces up; whoever wants to know the same shares an answer, if it is new enough for them."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._requests: dict[str, _Request] = {}

    async def find(self, name: str, since: float) -> NamespaceFacts:
        """What a Namespace says now, or at most two seconds ago, but not before a moment.

        Args:
            name: Of the Namespace.
            since: The moment at which was seen what made one ask, in seconds of `time.monotonic`. People set
                a Namespace up first, and then what is in it.

        Raises:
            ClusterError: It cannot be read.
        """
        now = monotonic()
        self._requests = {name: each for name, each in self._requests.items() if self._is_useful(each, now)}
        request = self._requests.get(name)
        if request is None or request.begun < since:
            request = _Request(now, asyncio.create_task(find_namespace(self._api, name)))
            self._requests[name] = request
        return await asyncio.shield(request.answer)

    def _is_useful(self, request: _Request, now: float) -> bool:
        return now - request.begun < SHARED_FOR and not request.has_failed
