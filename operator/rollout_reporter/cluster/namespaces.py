"""What Namespaces say of themselves, asked for by many at once when many rollouts begin."""

import asyncio
from dataclasses import dataclass
from typing import Final

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core.environments import NamespaceFacts

from .lookups import find_namespace

SHARED_FOR: Final = 2.0
"""Seconds for which an answer may be shared, however long somebody has waited."""


@dataclass(frozen=True, slots=True)
class _Request:
    begun: float
    answer: asyncio.Task[NamespaceFacts]

    @property
    def has_failed(self) -> bool:
        """Whether it is worth asking again."""
        return self.answer.done() and _has_failed(self.answer)


class Namespaces:
    """Looks Namespaces up; who has waited since before a request was made shares the answer to it."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._requests: dict[str, _Request] = {}

    async def find(self, name: str, since: float) -> NamespaceFacts:
        """What a Namespace says now, or at most two seconds ago, but not before a moment.

        Args:
            name: Of the Namespace.
            since: The moment at which came up what made one ask, in time of the event loop.

        Raises:
            ClusterError: It cannot be read.
        """
        now = asyncio.get_running_loop().time()
        self._requests = {name: each for name, each in self._requests.items() if self._is_useful(each, now)}
        request = self._requests.get(name)
        if request is None or request.begun < since:
            request = _Request(now, asyncio.create_task(find_namespace(self._api, name)))
            request.answer.add_done_callback(_has_failed)  # whoever asked may have gone
            self._requests[name] = request
        return await asyncio.shield(request.answer)

    def _is_useful(self, request: _Request, now: float) -> bool:
        return now - request.begun < SHARED_FOR and not request.has_failed


def _has_failed(answer: asyncio.Task[NamespaceFacts]) -> bool:
    return answer.cancelled() or answer.exception() is not None
