"""The journal: Jira deployments that may have been sent, kept apart from their workloads and Namespaces.

Nothing is sent to Jira that the journal does not list, in the state that is sent. So whatever happens between
an answer of Jira's and the record of it (a crash, a deleted workload or Namespace, a removed CRD), the next
leader finds it here and sends the truth again. The pages are ConfigMaps guarded by resourceVersion: a new
leader rewrites them all, so the next write of an old one fails, and that stops it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import groupby

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core.report import DeploymentKey

from .api import METADATA, Object, create, path_to
from .api import replace as replace_object
from .errors import NotFoundError
from .journal_pages import (
    CAPACITY,
    Draft,
    Entries,
    Listed,
    Marks,
    Page,
    ceiling_on,
    differ,
    is_marked_torn,
    latest_of,
    load_pages,
    page_name,
    pages_on,
    parts_of,
    read_page,
    size_of,
)


class Journal:
    """The journal of one installation, in the hands of one leader."""

    def __init__(self, api: ApiClient, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        self._path = path_to("v1", "configmaps", namespace)
        self._pages: list[Page] = []
        self.is_torn = False
        """Whether a page was missing at a take-over, until that is made good with `mend`: nobody had led
        before, or somebody has deleted it."""
        self._struck: set[tuple[str, DeploymentKey]] = set()
        self._lock = asyncio.Lock()

    def __len__(self) -> int:
        """How many Jira deployments it lists."""
        return sum(len(page.entries) for page in self._pages)

    async def take_over(self, ceiling: int) -> tuple[tuple[Listed, ...], int]:
        """Read all pages and write them again, which stops whoever led before.

        Returns:
            What is listed, and the highest ceiling of update numbers that an earlier leader has noted.

        Raises:
            ConflictError: Somebody else is taking over too.
        """
        found = await load_pages(self._api, self._namespace)
        there = {page.index: page for page in map(read_page, found)}
        count = 1 + max(there, default=0)
        self.is_torn |= len(there) < max([count, *map(pages_on, found)]) or any(map(is_marked_torn, found))
        self._pages = [there.get(index) or Page(page_name(index)) for index in range(count)]
        self._struck.clear()
        listed = latest_of(self._pages)
        for page in self._pages:
            kept = {id_: each for id_, each in page.entries.items() if listed[id_] is each}
            await self._write(page, kept, ceiling)
        return tuple(listed.values()), max(map(ceiling_on, found), default=0)

    async def enlist(self, wanted: Sequence[Listed], ceiling: int) -> None:
        """List Jira deployments before they are sent; those that are listed so already cost nothing.

        Args:
            wanted: What is about to be sent.
            ceiling: The highest update number that may be issued.

        Raises:
            ConflictError: Somebody else has written: we lead no more.
        """
        async with self._lock:
            self._struck -= {each.id for each in wanted}
            drafts = self._drafts({each.id: each for each in wanted})
            if any(each.is_changed and not each.page.version for each in drafts):
                await self._fence(ceiling)
            for draft in drafts:
                if draft.is_changed:
                    draft.adopt()
            await self._write_owed(ceiling)

    async def mend(self, known: Sequence[Listed], ceiling: int) -> None:
        """List what else is known to have been on the pages that were missing, and call it whole again.

        Raises:
            ConflictError: Somebody else has written: we lead no more.
        """
        await self.enlist(known, ceiling)
        async with self._lock:
            self.is_torn = False
            await self._write(self._pages[0], self._pages[0].entries, ceiling)

    async def _fence(self, ceiling: int) -> None:
        """Before a page begins: who leads no more leaves none behind that the next leader does not know.

        Who takes over meanwhile does not know it either, but writes the first page again. So that page is
        owed: once the new one is there, to write it would fail.
        """
        first = self._pages[0]
        if not first.is_owed:
            await self._write(first, first.entries, ceiling)
            first.is_owed = True

    def _drafts(self, wanted: Entries) -> list[Draft]:
        """What the pages are to list, so that all that is wanted is listed."""
        drafts = [self._draft(page, wanted) for page in self._pages]
        for part in parts_of(wanted):
            self._roomy(drafts, part).put(part)
        return drafts

    def _draft(self, page: Page, wanted: Entries) -> Draft:
        """A page with what it lists already as that is wanted; what has grown too much stays in `wanted`."""
        known = {id_: wanted.pop(id_) for id_ in page.entries if id_ in wanted}
        changed = {id_: each for id_, each in known.items() if differ(page.entries[id_], each)}
        entries = self._without_struck(page)
        together = entries | changed
        if len(together) == 1 or size_of(together) <= CAPACITY:
            return Draft(page, together, is_changed=bool(changed))
        wanted |= changed
        left = {id_: each for id_, each in entries.items() if id_ not in changed}
        return Draft(page, left, is_changed=True, is_relieved=True)

    def _roomy(self, drafts: list[Draft], part: Entries) -> Draft:
        if found := next((each for each in drafts if each.has_room_for(part)), None):
            return found
        self._pages.append(Page(page_name(1 + max(page.index for page in self._pages))))
        drafts.append(Draft(self._pages[-1], {}))
        return drafts[-1]

    def strike(self, ids: Iterable[tuple[str, DeploymentKey]]) -> None:
        """Have deployments leave the journal with a later write: Jira has their end, and it is on record."""
        listed = {each for page in self._pages for each in page.entries}
        self._struck |= listed & set(ids)

    async def flush(self, ceiling: int) -> None:
        """Write what is struck, and before it what an earlier write still owes.

        Raises:
            ConflictError: Somebody else has written: we lead no more.
        """
        async with self._lock:
            await self._write_owed(ceiling)
            taken = frozenset(self._struck)
            for page in self._pages:
                if taken & page.entries.keys():
                    await self._write(page, self._without_struck(page), ceiling)
            self._struck -= taken

    def _without_struck(self, page: Page) -> Entries:
        return {id_: each for id_, each in page.entries.items() if id_ not in self._struck}

    async def _write_owed(self, ceiling: int) -> None:
        """Write the pages that are owed, in the order that leaves everything listed at any time."""
        owed = sorted((each for each in self._pages if each.is_owed), key=lambda each: each.order)
        for _, pages in groupby(owed, key=lambda each: each.order):
            await self._write_all(list(pages), ceiling)

    async def _write_all(self, pages: Sequence[Page], ceiling: int) -> None:
        """Write pages at the same time; the first failure is raised once all have ended."""
        writes = (self._write(page, page.entries, ceiling) for page in pages)
        for failure in await asyncio.gather(*writes, return_exceptions=True):
            if failure:
                raise failure

    async def _write(self, page: Page, entries: Entries, ceiling: int) -> None:
        is_torn = self.is_torn and page is self._pages[0]
        marks = Marks(ceiling, pages=len(self._pages), is_torn=is_torn)
        body = page.as_config_map(self._namespace, entries, marks)
        written = await self._replace(page, body) if page.version else None
        # Half a megabyte need not come back.
        written = written or await create(self._api, self._path, body, accept=METADATA)
        page.version, page.entries = written["metadata"]["resourceVersion"], entries
        page.is_owed = page.is_relieved = False

    async def _replace(self, page: Page, body: Object) -> Object | None:
        try:
            return await replace_object(self._api, f"{self._path}/{page.name}", body, accept=METADATA)
        except NotFoundError:  # somebody has deleted it; what it held is known
            del body["metadata"]["resourceVersion"]
            return None
