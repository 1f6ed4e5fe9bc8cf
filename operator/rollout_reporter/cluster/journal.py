"""The journal: Jira deployments that may have been sent, kept apart from their workloads and Namespaces.

Nothing is sent to Jira that the journal does not list. So whatever happens between an answer of Jira's and
the record of it (a crash, a deleted workload or Namespace, a removed CRD), the next leader finds it here and
sends the truth again. The pages are ConfigMaps guarded by resourceVersion: a new leader rewrites them all, so
the next write of an old one fails, and that stops it.
"""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from kubernetes.aio.client.api_client import ApiClient
from pydantic import ValidationError

from rollout_reporter.core.ledger import Entry
from rollout_reporter.core.names import APP, NUMBER_CEILING, PREFIX
from rollout_reporter.core.report import DeploymentKey
from rollout_reporter.core.workload import Kind, WorkloadRef

from .api import Object, create, list_pages, path_to
from .api import replace as write
from .errors import NotFoundError
from .reports import from_entry, to_entry
from .resources import JiraDeployment

CAPACITY: Final = 600_000
"""Characters in a page; a ConfigMap holds a megabyte. An ordinary entry has one to two thousand."""
LABEL: Final = f"{PREFIX}/journal"


@dataclass(frozen=True, slots=True)
class Listed:
    """A Jira deployment that may have been sent, and its workload."""

    ref: WorkloadRef
    entry: Entry

    @property
    def id(self) -> tuple[str, DeploymentKey]:
        """Identity over all sites."""
        return self.entry.site, self.entry.key


@dataclass(slots=True)
class _Page:
    name: str
    version: str = ""
    """The version that was read or written last; empty for a page that does not exist."""
    entries: dict[tuple[str, DeploymentKey], Listed] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Characters of its entries."""
        return sum(map(_size, self.entries.values()))

    @property
    def index(self) -> int:
        """The number in its name."""
        return _index(self.name)


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
        found = [each async for each in list_pages(self._api, self._path, label_selector=f"{LABEL}=true")]
        pages = sorted(map(_read, found), key=lambda page: page.index)
        self._pages = pages or [_Page(_name(0))]
        self._struck.clear()
        for page in self._pages:
            await self._write(page, page.entries, ceiling)
        listed = tuple(each for page in self._pages for each in page.entries.values())
        return listed, max(map(_ceiling, found), default=0)

    async def enlist(self, wanted: Sequence[Listed], ceiling: int, *, with_ends: bool = False) -> None:
        """List Jira deployments before they are sent; those that are listed already cost nothing.

        Args:
            wanted: What is about to be sent.
            ceiling: The highest update number that may be issued.
            with_ends: Whether to note an end, too, of what is listed otherwise: Jira does not take it at
                present, and the RolloutReport that says it may vanish with its Namespace.

        Raises:
            ConflictError: Somebody else has written: we lead no more.
        """
        async with self._lock:
            self._struck -= {each.id for each in wanted}
            new = {each.id: each for each in wanted}
            for page in self._pages:
                known = {id_: new.pop(id_) for id_ in page.entries if id_ in new}
                changes = [(page.entries[id_], each) for id_, each in known.items()]
                if any(_has_gained(*each) or (with_ends and _has_ended(*each)) for each in changes):
                    await self._write(page, self._without_struck(page) | known, ceiling)
            if new:
                await self._add(new, ceiling)

    async def _add(self, new: dict[tuple[str, DeploymentKey], Listed], ceiling: int) -> None:
        for part in _parts(new):
            page = self._roomy(sum(map(_size, part.values())))
            is_new_page = not page.version
            await self._write(page, self._without_struck(page) | part, ceiling)
            if is_new_page and page is not self._pages[0]:
                # A leader that took over before the page was there has rewritten the first: this would fail.
                await self._write(self._pages[0], self._pages[0].entries, ceiling)

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

    def _without_struck(self, page: _Page) -> dict[tuple[str, DeploymentKey], Listed]:
        return {id_: each for id_, each in page.entries.items() if id_ not in self._struck}

    def _roomy(self, size: int) -> _Page:
        for page in self._pages:
            if page.size + size <= CAPACITY:
                return page
        self._pages.append(_Page(_name(1 + max(page.index for page in self._pages))))
        return self._pages[-1]

    async def _write(
        self, page: _Page, entries: dict[tuple[str, DeploymentKey], Listed], ceiling: int
    ) -> None:
        body = self._body(page, entries, ceiling)
        try:
            written = await write(self._api, f"{self._path}/{page.name}", body) if page.version else None
        except NotFoundError:  # somebody has deleted it; what it held is known
            del body["metadata"]["resourceVersion"]
            written = None
        written = written or await create(self._api, self._path, body)
        page.version, page.entries = written["metadata"]["resourceVersion"], entries

    def _body(self, page: _Page, entries: dict[tuple[str, DeploymentKey], Listed], ceiling: int) -> Object:
        meta: Object = {
            "name": page.name,
            "namespace": self._namespace,
            "labels": {LABEL: "true", "app.kubernetes.io/managed-by": APP},
            "annotations": {NUMBER_CEILING: str(ceiling)},
        }
        if page.version:
            meta["resourceVersion"] = page.version
        data = {_key(each): _encoded(each) for each in entries.values()}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


def _has_gained(before: Listed, now: Listed) -> bool:
    return before.entry.issue_keys != now.entry.issue_keys


def _has_ended(before: Listed, now: Listed) -> bool:
    return before.entry.state is not now.entry.state and not now.entry.state.is_open


def _name(index: int) -> str:
    return f"{APP}-journal-{index}"


def _key(listed: Listed) -> str:
    return hashlib.sha256(repr(listed.id).encode()).hexdigest()[:32]


def _encoded(listed: Listed) -> str:
    ref = listed.ref
    workload = {"namespace": ref.namespace, "kind": ref.kind.value, "name": ref.name, "uid": ref.uid}
    # What Jira said is on the RolloutReport; that it may have been said is all that counts here.
    entry = replace(listed.entry, acknowledged=None, refusal=None)
    deployment = from_entry(entry).model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps({"workload": workload, "deployment": deployment})


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
        return Listed(ref, to_entry(JiraDeployment.model_validate(document["deployment"])))
    except (ValueError, KeyError, TypeError, ValidationError):
        return None


def _size(listed: Listed) -> int:
    return len(_encoded(listed))


def _parts(
    new: dict[tuple[str, DeploymentKey], Listed],
) -> Iterator[dict[tuple[str, DeploymentKey], Listed]]:
    """Parts that fit into a page each; ordinary entries all fit into one."""
    part: dict[tuple[str, DeploymentKey], Listed] = {}
    room = CAPACITY
    for id_, each in new.items():
        if part and _size(each) > room:
            yield part
            part, room = {}, CAPACITY
        part[id_] = each
        room -= _size(each)
    yield part


def _index(name: str) -> int:
    index = name.rpartition("-")[2]
    return int(index) if index.isdecimal() else 0


def _ceiling(body: Object) -> int:
    text = (body["metadata"].get("annotations") or {}).get(NUMBER_CEILING, "")
    return int(text) if text.isdecimal() else 0
