"""What Namespaces say of themselves, asked for by many at once when many rollouts begin."""

import asyncio

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core.environments import NamespaceFacts

from .lookups import find_namespace

Asking = asyncio.Task[NamespaceFacts]


class Namespaces:
    """Looks Namespaces up; whoever asks while a request is under way shares the next one with all others.

    Not the one under way: its answer may be older than what made them ask.
    """

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._under_way: dict[str, Asking] = {}
        self._next: dict[str, Asking] = {}

    async def find(self, name: str) -> NamespaceFacts:
        """What a Namespace says at the earliest now.

        Raises:
            ClusterError: It cannot be read.
        """
        if name not in self._next:
            self._next[name] = asyncio.create_task(self._ask(name, self._under_way.get(name)))
        return await asyncio.shield(self._next[name])

    async def _ask(self, name: str, before: Asking | None) -> NamespaceFacts:
        if before:
            await asyncio.wait([before])
        asking = self._under_way[name] = self._next.pop(name)
        try:
            return await find_namespace(self._api, name)
        finally:
            if self._under_way.get(name) is asking:
                del self._under_way[name]
