"""What Jira should hold: `plan(seen, recorded) → what to record`.

It answers one question: if this is what is known of the workload, how should its ledger look? Asking twice
changes nothing, so a lost, repeated or merged event changes nothing either.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from .judgement import HASH_TRUST, Course, Rollout
from .ledger import Entry, Ledger
from .numbers import deployment_number
from .report import State
from .target import Target
from .workload import PENDING_GRACE, Snapshot

KEYS_QUIET_TIME: Final = timedelta(seconds=60)
"""Changed keys wait this long: they may be meant for a rollout that is about to begin (`kubectl annotate`,
then `kubectl set image`), which then owns them. Else they are a correction, and the present Jira deployment
gains them; it never loses any."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is known of a workload now."""

    snapshot: Snapshot
    course: Course
    issue_keys: tuple[str, ...]
    """Keys for a rollout that begins now, see `keys_for_new_rollout`."""
    keys_since: datetime
    """Since when the keys are seen to be these."""
    target: Target | None
    """Where a rollout that begins now is reported to; `None` if nowhere."""


def keys_for_new_rollout(snapshot: Snapshot) -> tuple[str, ...]:
    """Keys belong to the rollout: those in its template come first, then the workload's."""
    return snapshot.template_wishes.issue_keys.valid or snapshot.wishes.issue_keys.valid


def plan(seen: Seen, ledger: Ledger, now: datetime) -> Ledger:
    """Bring the ledger up to what is seen; whatever was opened and is over is closed first."""
    if seen.snapshot.deleting:
        return close(ledger, "the workload was deleted", now)
    if not seen.snapshot.is_annotated:
        return close(ledger, "its issue keys were removed", now)
    if seen.course.asked:
        return _wait(seen, ledger, seen.course.asked, now)
    if seen.course.taken_up:
        return _follow(seen, ledger, seen.course.taken_up, now)
    return ledger


def close(ledger: Ledger, because: str, now: datetime) -> Ledger:
    """Close what is open: nothing may stay "in progress" for ever."""
    for entry in ledger.entries:
        if entry.state.is_open:
            closed = replace(entry, state=State.CANCELLED, because=because, since=now)
            ledger = ledger.put(closed)
    return ledger


def looks_again_at(seen: Seen, ledger: Ledger, now: datetime) -> datetime | None:
    """When to judge and plan again although nothing happens; `None` for never."""
    asked, taken_up = seen.course.asked, seen.course.taken_up
    moments = [asked.since + PENDING_GRACE, asked.since + HASH_TRUST] if asked else []
    entry = ledger.find(taken_up) if taken_up else None
    if entry and keys_to_gain(seen, entry):
        moments.append(seen.keys_since + KEYS_QUIET_TIME)
    return min((moment for moment in moments if moment > now), default=None)


def keys_to_gain(seen: Seen, entry: Entry) -> tuple[str, ...]:
    """Keys that the workload has and its present Jira deployment has not."""
    return tuple(key for key in seen.issue_keys if key not in entry.issue_keys)


def _wait(seen: Seen, ledger: Ledger, asked: Rollout, now: datetime) -> Ledger:
    """Report a rollout that its controller leaves waiting, once that has lasted a while."""
    current = ledger.current
    if current and current.revision is None and current.state.is_open:
        return ledger.put(_carried_on(current, asked))
    if now < asked.since + PENDING_GRACE:
        return ledger
    return _opened(seen, ledger, asked, now)


def _follow(seen: Seen, ledger: Ledger, rollout: Rollout, now: datetime) -> Ledger:
    waiting = ledger.current
    if waiting and waiting.revision is None and waiting.state.is_open:
        if ledger.find(rollout):
            return _follow(seen, close(ledger, "the change was withdrawn", now), rollout, now)
        return ledger.put(_carried_on(waiting, rollout))
    entry = ledger.find(rollout)
    if entry is None:
        return _opened(seen, ledger, rollout, now)
    if now >= seen.keys_since + KEYS_QUIET_TIME:
        entry = replace(entry, issue_keys=entry.issue_keys + keys_to_gain(seen, entry))
    return ledger.put(_carried_on(entry, rollout))


def _carried_on(entry: Entry, rollout: Rollout) -> Entry:
    return replace(
        entry,
        revision=rollout.revision,
        replica_set=rollout.replica_set,
        template=rollout.template,
        state=rollout.state,
        because=rollout.because,
        since=rollout.since,
    )


def _opened(seen: Seen, ledger: Ledger, rollout: Rollout, now: datetime) -> Ledger:
    """Begin a Jira deployment, after closing the ones that this rollout replaces."""
    by = f"superseded by revision {rollout.revision}" if rollout.revision else "superseded by a newer version"
    ledger = close(ledger, by, now)
    target, snapshot = seen.target, seen.snapshot
    if target is None or not seen.issue_keys:
        return ledger
    highest = ledger.highest_number(target.pipeline.id, target.environment.id)
    revision = rollout.revision if rollout.revision is not None else (snapshot.revision or 0) + 1
    label = _version(rollout.images)
    entry = Entry(
        workload_uid=snapshot.ref.uid,
        site=target.site,
        pipeline=target.pipeline,
        environment=target.environment,
        number=deployment_number(snapshot.created, revision, highest),
        revision=rollout.revision,
        replica_set=rollout.replica_set,
        template=rollout.template,
        state=rollout.state,
        because=rollout.because,
        since=rollout.since,
        issue_keys=seen.issue_keys,
        service_ids=snapshot.wishes.service_ids,
        display_name=snapshot.wishes.display_name or f"{snapshot.ref.name} {label}".strip(),
        description=snapshot.wishes.description or "",
        url=target.url,
        label=label,
    )
    return ledger.put(entry)


def _version(images: tuple[str, ...]) -> str:
    """Tag of the first image, the short digest where it has none."""
    if not images:
        return ""
    name, _, digest = images[0].partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag or digest.removeprefix("sha256:")[:12]
