"""The pages of the journal: ConfigMaps, what they list, and how they are found and read."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Final

from kubernetes.aio.client.api_client import ApiClient
from pydantic import ValidationError

from rollout_reporter.core.entry import Entry
from rollout_reporter.core.names import APP, NUMBER_CEILING, PREFIX
from rollout_reporter.core.report import DeploymentKey
from rollout_reporter.core.workload import Kind, WorkloadRef

from .api import Object, Request, list_pages, path_to, send
from .errors import NotFoundError
from .reports import from_entry, to_entry
from .resources import JiraDeployment

CAPACITY: Final = 200_000
"""Characters in a page. An ordinary entry has a thousand, a batch of them fits. A ConfigMap would hold five
times as much, but all of it is written each time."""
LABEL: Final = f"{PREFIX}/journal"
"""For people; what counts is the name."""
_PAGES: Final = f"{PREFIX}/journal-pages"
_TORN: Final = f"{PREFIX}/journal-torn"
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


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands on a page beside its entries, for the next leader."""

    ceiling: int
    """The highest update number that may be issued."""
    _: KW_ONLY
    pages: int
    """How many there are, or are about to be."""
    is_torn: bool
    """Whether some were missing, and what was on them is not found out yet; the first page says so."""

    @property
    def annotations(self) -> dict[str, str]:
        """As it is written."""
        torn = {_TORN: "true"} if self.is_torn else {}
        return {NUMBER_CEILING: str(self.ceiling), _PAGES: str(self.pages)} | torn


@dataclass(slots=True)
class Page:
    """One ConfigMap, in the hands of a leader."""

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

    def as_config_map(self, namespace: str, entries: Entries, marks: Marks) -> Object:
        """What is written."""
        meta: Object = {
            "name": self.name,
            "namespace": namespace,
            "labels": {LABEL: "true", "app.kubernetes.io/managed-by": APP},
            "annotations": marks.annotations,
        }
        if self.version:
            meta["resourceVersion"] = self.version
        data = {_key(each): each.text for each in entries.values()}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


@dataclass(slots=True)
class Draft:
    """What a page is to list."""

    page: Page
    entries: Entries
    is_changed: bool = False
    is_relieved: bool = False

    def has_room_for(self, part: Entries) -> bool:
        """Whether entries may be put on it; on an empty page those that are too much for any."""
        is_relieved = self.is_relieved or self.page.is_relieved
        is_enough = not self.entries or size_of(self.entries) + size_of(part) <= CAPACITY
        return not is_relieved and is_enough

    def put(self, part: Entries) -> None:
        """Add entries."""
        self.entries, self.is_changed = self.entries | part, True

    def adopt(self) -> None:
        """Have the page owe it."""
        self.page.entries, self.page.is_owed = self.entries, True
        self.page.is_relieved |= self.is_relieved


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


def latest_of(pages: Iterable[Page]) -> Entries:
    """All entries; one whose leader ended while it was moved is on two pages: the later note counts."""
    entries = [each for page in pages for each in page.entries.values()]
    return {each.id: each for each in sorted(entries, key=lambda each: each.at)}


def differ(before: Listed, now: Listed) -> bool:
    """Whether a note is to be written anew: Jira is about to hear of another state, or of other issues."""
    one, other = before.entry, now.entry
    return (one.state, one.issue_keys) != (other.state, other.issue_keys)


def page_name(index: int) -> str:
    """Name of a page's ConfigMap."""
    return f"{APP}-journal-{index}"


def _key(listed: Listed) -> str:
    return hashlib.sha256(repr(listed.id).encode()).hexdigest()[:32]


def read_page(body: Object) -> Page:
    """A page as it stands in the cluster."""
    page = Page(body["metadata"]["name"], body["metadata"]["resourceVersion"])
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


def size_of(entries: Entries) -> int:
    """Characters of entries."""
    return sum(len(each.text) for each in entries.values())


def parts_of(new: Entries) -> Iterator[Entries]:
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


def ceiling_on(body: Object) -> int:
    """The highest update number that could be issued when a page was written, 0 if it does not tell."""
    return _number_on(body, NUMBER_CEILING)


def pages_on(body: Object) -> int:
    """How many pages there were when a page was written, 0 if it does not tell."""
    return _number_on(body, _PAGES)


def is_marked_torn(body: Object) -> bool:
    """Whether some were missing then."""
    return _TORN in (body["metadata"].get("annotations") or {})


def _number_on(body: Object, annotation: str) -> int:
    text = (body["metadata"].get("annotations") or {}).get(annotation, "")
    return int(text) if text.isdecimal() else 0
