"""The journal: Jira deployments that may have been sent, kept apart from their workloads and Namespaces.

Nothing is sent to Jira that the journal does not list, in the state that is sent. So whatever happens between
an answer of Jira's and the record of it (a crash, a deleted workload or Namespace, a removed CRD), the next
leader finds it here and sends the truth again. The pages are ConfigMaps guarded by resourceVersion: a new
leader rewrites them all, so the next write of an old one fails, and that stops it.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Final

from kubernetes.aio.client.api_client import ApiClient
from pydantic import ValidationError

from rollout_reporter.core.entry import Entry
from rollout_reporter.core.names import APP, NUMBER_CEILING, PREFIX
from rollout_reporter.core.report import DeploymentKey
from rollout_reporter.core.workload import Kind, WorkloadRef

from .api import METADATA, Object, Request, create, list_pages, path_to, send
from .api import replace as replace_object
from .errors import NotFoundError
from .reports import from_entry, to_entry
from .resources import JiraDeployment

CAPACITY: Final = 600_000
"""Characters in a page; a ConfigMap holds a megabyte. An ordinary entry has one to two thousand."""
LABEL: Final = f"{PREFIX}/journal"
"""For people; what counts is the name."""
_PAGE_NAME: Final = re.compile(rf"{APP}-journal-[0-9]+")


@dataclass(frozen=True)  # no slots: the text is kept
class Listed:
    """A Jira deployment that may have been sent, and its workload."""

    ref: WorkloadRef
    entry: Entry
    at: datetime
    """When it was about to be sent for the first time in this state, with these issues."""

    @property
    def id(self) -> tuple[str, DeploymentKey]:
        """Identity over all sites."""
        return self.entry.site, self.entry.key

    @cached_property
    def text(self) -> str:
        """As it stands on a page; a page is written often, and most of it is as it was."""
        ref = self.ref
        workload = {"namespace": ref.namespace, "kind": ref.kind.value, "name": ref.name, "uid": ref.uid}
        # What Jira said is on the RolloutReport; that it may have been said is all that counts here.
        entry = replace(self.entry, acknowledged=None, refusal=None)
        deployment = from_entry(entry).model_dump(mode="json", by_alias=True, exclude_none=True)
        return json.dumps({"at": self.at.isoformat(), "workload": workload, "deployment": deployment})


Entries = dict[tuple[str, DeploymentKey], Listed]


@dataclass(slots=True)
class _Page:
    name: str
    version: str = ""
    """The version that was read or written last; empty for a page that does not exist."""
    entries: Entries = field(default_factory=dict)
    """What it lists; what it is to list, if it is owed."""
    is_owed: bool = False
    """Whether it has to be written before anything is sent."""
    is_relieved: bool = False
    """Whether something has left it for another page, which is to be written before."""

    @property
    def index(self) -> int:
        """The number in its name."""
        return _index(self.name)

    @property
    def order(self) -> tuple[bool, bool]:
        """New pages are written first, and those that something has left last: it is listed at any time."""
        return self.is_relieved, bool(self.version)

    def owe(self, entries: Entries) -> None:
        """Have it list something else."""
        self.entries, self.is_owed = entries, True


@dataclass(slots=True)
class _Draft:
    """What a page is to list."""

    page: _Page
    entries: Entries
    is_changed: bool = False

    def has_room_for(self, part: Entries) -> bool:
        """Whether entries may be put on it."""
        return not self.page.is_relieved and _size(self.entries) + _size(part) <= CAPACITY

    def put(self, part: Entries) -> None:
        """Add entries."""
        self.entries, self.is_changed = self.entries | part, True


class Journal:
    """The journal of one installation, in the hands of one leader."""

    def __init__(self, api: ApiClient, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        self._path = path_to("v1", "configmaps", namespace)
        self._pages: list[_Page] = []
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
        self._pages = sorted(map(_read, found), key=lambda page: page.index) or [_Page(_name(0))]
        self._struck.clear()
        listed = _latest(self._pages)
        for page in self._pages:
            kept = {id_: each for id_, each in page.entries.items() if listed[id_] is each}
            await self._write(page, kept, ceiling)
        return tuple(listed.values()), max(map(_ceiling, found), default=0)

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
                    draft.page.owe(draft.entries)
            for page in sorted(self._pages, key=lambda each: each.order):
                if page.is_owed:
                    await self._write(page, page.entries, ceiling)

    async def _fence(self, ceiling: int) -> None:
        """Before a page begins: who leads no more leaves none behind that the next leader does not know.

        Who takes over meanwhile does not know it either, but writes the first page again. So that page is
        owed: once the new one is there, to write it would fail.
        """
        first = self._pages[0]
        if not first.is_owed:
            await self._write(first, first.entries, ceiling)
            first.is_owed = True

    def _drafts(self, wanted: Entries) -> list[_Draft]:
        """What the pages are to list, so that all that is wanted is listed."""
        drafts = [self._draft(page, wanted) for page in self._pages]
        for part in _parts(wanted):
            self._roomy(drafts, part).put(part)
        return drafts

    def _draft(self, page: _Page, wanted: Entries) -> _Draft:
        """A page with what it lists already as that is wanted; what has grown too much stays in `wanted`."""
        known = {id_: wanted.pop(id_) for id_ in page.entries if id_ in wanted}
        changed = {id_: each for id_, each in known.items() if _differ(page.entries[id_], each)}
        entries = self._without_struck(page)
        if _size(entries | changed) <= CAPACITY:
            return _Draft(page, entries | changed, is_changed=bool(changed))
        wanted |= changed
        page.is_relieved = True
        left = {id_: each for id_, each in entries.items() if id_ not in changed}
        return _Draft(page, left, is_changed=True)

    def _roomy(self, drafts: list[_Draft], part: Entries) -> _Draft:
        if found := next((each for each in drafts if each.has_room_for(part)), None):
            return found
        self._pages.append(_Page(_name(1 + max(page.index for page in self._pages))))
        drafts.append(_Draft(self._pages[-1], {}))
        return drafts[-1]

    def strike(self, ids: Iterable[tuple[str, DeploymentKey]]) -> None:
        """Have deployments leave the journal with a later write: Jira has their end, and it is on record."""
        listed = {each for page in self._pages for each in page.entries}
        self._struck |= listed & set(ids)

    async def flush(self, ceiling: int) -> None:
        """Write what is struck."""
        async with self._lock:
            taken = frozenset(self._struck)
            for page in self._pages:
                if taken & page.entries.keys():
                    await self._write(page, self._without_struck(page), ceiling)
            self._struck -= taken

    def _without_struck(self, page: _Page) -> Entries:
        return {id_: each for id_, each in page.entries.items() if id_ not in self._struck}

    async def _write(self, page: _Page, entries: Entries, ceiling: int) -> None:
        body = self._body(page, entries, ceiling)
        written = await self._replace(page, body) if page.version else None
        # Half a megabyte need not come back.
        written = written or await create(self._api, self._path, body, accept=METADATA)
        page.version, page.entries = written["metadata"]["resourceVersion"], entries
        page.is_owed = page.is_relieved = False

    async def _replace(self, page: _Page, body: Object) -> Object | None:
        try:
            return await replace_object(self._api, f"{self._path}/{page.name}", body, accept=METADATA)
        except NotFoundError:  # somebody has deleted it; what it held is known
            del body["metadata"]["resourceVersion"]
            return None

    def _body(self, page: _Page, entries: Entries, ceiling: int) -> Object:
        meta: Object = {
            "name": page.name,
            "namespace": self._namespace,
            "labels": {LABEL: "true", "app.kubernetes.io/managed-by": APP},
            "annotations": {NUMBER_CEILING: str(ceiling)},
        }
        if page.version:
            meta["resourceVersion"] = page.version
        data = {_key(each): each.text for each in entries.values()}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


async def find_pages(api: ApiClient, namespace: str) -> list[Object]:
    """Metadata of the pages there are, found by their names: somebody may have taken the label off one.

    Raises:
        ClusterError: They cannot be listed.
    """
    there = list_pages(api, path_to("v1", "configmaps", namespace), metadata_only=True)
    found = [each["metadata"] async for each in there]
    return [each for each in found if _PAGE_NAME.fullmatch(each["name"])]


async def load_pages(api: ApiClient, namespace: str) -> list[Object]:
    """The pages there are, as ConfigMaps.

    Raises:
        ClusterError: They cannot be read.
    """
    return [await _load_page(api, namespace, meta) for meta in await find_pages(api, namespace)]


async def _load_page(api: ApiClient, namespace: str, meta: Object) -> Object:
    """One page, listed by itself: the right to get ConfigMaps is not needed, and not granted."""
    query = (("fieldSelector", f"metadata.name={meta['name']}"),)
    listed = await send(api, Request("GET", path_to("v1", "configmaps", namespace), query))
    if not (items := listed.body.get("items")):
        raise NotFoundError(f"page {meta['name']} of the journal was deleted a moment ago")
    # All are of the moment of the list: if one was written since, to replace it is a conflict.
    items[0]["metadata"]["resourceVersion"] = meta["resourceVersion"]
    return Object(items[0])


def _latest(pages: Iterable[_Page]) -> Entries:
    """All entries; one whose leader ended while it was moved is on two pages: the later note counts."""
    entries = [each for page in pages for each in page.entries.values()]
    return {each.id: each for each in sorted(entries, key=lambda each: each.at)}


def _differ(before: Listed, now: Listed) -> bool:
    one, other = before.entry, now.entry
    return (one.state, one.issue_keys) != (other.state, other.issue_keys)


def _name(index: int) -> str:
    return f"{APP}-journal-{index}"


def _key(listed: Listed) -> str:
    return hashlib.sha256(repr(listed.id).encode()).hexdigest()[:32]


def _read(body: Object) -> _Page:
    page = _Page(body["metadata"]["name"], body["metadata"]["resourceVersion"])
    for text in (body.get("data") or {}).values():
        if listed := _decoded(text):
            page.entries[listed.id] = listed
    return page


def _decoded(text: str) -> Listed | None:
    """What somebody has made unreadable is dropped: its workload, if it exists, is judged anew anyway."""
    try:
        document = json.loads(text)
        workload = document["workload"]
        ref = WorkloadRef(workload["namespace"], Kind(workload["kind"]), workload["name"], workload["uid"])
        at = datetime.fromisoformat(document["at"])
        return Listed(ref, to_entry(JiraDeployment.model_validate(document["deployment"])), at)
    except (ValueError, KeyError, TypeError, ValidationError):
        return None


def _size(entries: Entries) -> int:
    return sum(len(each.text) for each in entries.values())


def _parts(new: Entries) -> Iterator[Entries]:
    """Parts that fit into a page each; ordinary entries all fit into one."""
    part: Entries = {}
    room = CAPACITY
    for id_, each in new.items():
        if part and len(each.text) > room:
            yield part
            part, room = {}, CAPACITY
        part[id_] = each
        room -= len(each.text)
    if part:
        yield part


def _index(name: str) -> int:
    index = name.rpartition("-")[2]
    return int(index) if index.isdecimal() else 0


def _ceiling(body: Object) -> int:
    text = (body["metadata"].get("annotations") or {}).get(NUMBER_CEILING, "")
    return int(text) if text.isdecimal() else 0
