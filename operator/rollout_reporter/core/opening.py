"""The beginning of a Jira deployment in the ledger: its number, its keys, its name."""

from dataclasses import replace
from typing import Final

from .entry import Entry
from .keys import MAX_ASSOCIATIONS
from .ledger import Ledger
from .numbers import deployment_number
from .report import State
from .seen import Seen
from .target import Target

MAX_TEXT: Final = 255
"""Jira's limit of a text; what is longer would only fill the cluster's memory."""


def next_number(seen: Seen, ledger: Ledger, target: Target, revision: int) -> int:
    """The `deploymentSequenceNumber` of a revision: higher than all of its pipeline and environment.

    And than all of its ledger, which is in the order of the numbers.
    """
    own = max((each.number for each in ledger.entries), default=None)
    highest = max((each for each in (own, target.taken) if each is not None), default=None)
    return deployment_number(seen.snapshot.created, revision, highest)


def opened(seen: Seen, target: Target, number: int, keys: tuple[str, ...], images: tuple[str, ...]) -> Entry:
    """A new Jira deployment, pending until its rollout says otherwise."""
    snapshot = seen.snapshot
    entry = Entry(
        workload_uid=snapshot.ref.uid,
        site=target.site,
        pipeline=target.pipeline,
        environment=target.environment,
        number=number,
        rollout_id=None,
        template=snapshot.template,
        release=snapshot.release,
        began=seen.keys_since,
        state=State.PENDING,
        because="",
        since=seen.keys_since,
        issue_keys=keys,
        display_name=snapshot.ref.name,
        description=(snapshot.wishes.description or "")[:MAX_TEXT],
        url=target.url,
        hints=target.hints,
    )
    return renamed(entry, seen, keys, images)


def renamed(entry: Entry, seen: Seen, keys: tuple[str, ...], images: tuple[str, ...]) -> Entry:
    """An entry with the keys and the name of the version that it is about."""
    label, wishes = _version(images), seen.snapshot.wishes
    name = wishes.display_name or f"{seen.snapshot.ref.name} {label}".strip()
    kept = keys[:MAX_ASSOCIATIONS]
    permitted = seen.allowed(seen.issue_keys, entry.environment.type)  # the others may be one day
    services = tuple(each for each in wishes.service_ids if len(each) <= MAX_TEXT)
    services = services[: MAX_ASSOCIATIONS - len(kept)]
    return replace(
        entry,
        issue_keys=kept,
        noted_keys=permitted[:MAX_ASSOCIATIONS],
        service_ids=services,
        left_out=len(keys) + len(wishes.service_ids) - len(kept) - len(services),
        display_name=name[:MAX_TEXT],
        label=label[:MAX_TEXT],
    )


def is_of(waiting: Entry, release: str, images: tuple[str, ...]) -> bool:
    """Whether a waiting entry is about a version. A Rollout's template reads otherwise on its ReplicaSet."""
    label = _version(images)[:MAX_TEXT]
    return waiting.release == release or (label != "" and waiting.label == label)


def _version(images: tuple[str, ...]) -> str:
    """Tag of the first image, the short digest where it has none."""
    if not images:
        return ""
    name, _, digest = images[0].partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag or digest.removeprefix("sha256:")[:12]
