"""What Jira should hold: `plan(seen, recorded) → what to record`.

It answers one question: if this is what is known of the workload, how should its ledger look? Asking twice
changes nothing, so a lost, repeated or merged event changes nothing either.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from .course import Asked, Course, Rollout
from .endings import may_turn_out
from .identity import id_of_missed
from .keys import MAX_ASSOCIATIONS, certain_keys, is_refused, keys_gained, keys_of
from .ledger import Entry, Ledger
from .numbers import deployment_number
from .report import DeploymentKey, State
from .seen import Seen, over
from .target import Target
from .workload import PENDING_GRACE, Kind, ReplicaSetFacts, Snapshot

MAX_TEXT: Final = 255
"""Jira's limit of a text; what is longer would only fill the cluster's memory."""
SUPERSEDED: Final = "superseded"
_OVERTAKEN: Final = "superseded before it was under way"
_UNSEEN: Final = "came and went while nobody looked: its outcome is not known"


def plan(seen: Seen, ledger: Ledger, now: datetime) -> Ledger:
    """Bring the ledger up to what is seen; whatever was opened and is over is closed first."""
    ledger = _ended(seen, ledger)
    if because := over(seen.snapshot):
        return close(ledger, because, now)
    ledger = _catch_up(seen, ledger, now)
    if seen.course.is_refused:
        return _withdraw(ledger, now)
    if seen.course.asked:
        return _wait(seen, ledger, seen.course.asked, now)
    if seen.course.taken_up:
        return _follow(seen, ledger, seen.course.taken_up, now)
    return ledger


def close(
    ledger: Ledger,
    because: str,
    now: datetime,
    state: State = State.CANCELLED,
    *,
    but: DeploymentKey | None = None,
) -> Ledger:
    """Close what is open: nothing may stay "in progress" for ever, `but` the one that goes on."""
    for entry in ledger.entries:
        if entry.state.is_open and entry.key != but:
            ledger = ledger.put(_closed(entry, because, now, state))
    return ledger


def _closed(entry: Entry, because: str, now: datetime, state: State) -> Entry:
    """An entry with its end; what came before may have been dated by a clock that is a little ahead.

    One that had failed, and was about to go on, has failed after all: Jira has not heard of more.
    """
    told = entry.acknowledged.state if entry.acknowledged else None
    if told is State.FAILED and state in {State.CANCELLED, State.UNKNOWN}:
        state, because = State.FAILED, f"had failed before, then {because}"
    return replace(entry, state=state, because=because, since=max(now, entry.since))


def wants_target(seen: Seen, ledger: Ledger) -> bool:
    """Whether a Jira deployment may be opened now, so that its target has to be known."""
    course = seen.course
    if not seen.issue_keys or seen.snapshot.deleting or course.is_refused:
        return False
    if course.missed:
        return True
    if course.asked:
        return ledger.waiting is None
    return course.taken_up is not None and ledger.find(course.taken_up.id) is None


def _ended(seen: Seen, ledger: Ledger) -> Ledger:
    """Note how that has ended which is left behind, so that it is not closed as if nobody knew."""
    course = seen.course
    is_left = course.asked or not seen.snapshot.observed
    for rollout in filter(None, (course.previous, course.taken_up if is_left else None)):
        entry = ledger.find(rollout.id)
        if entry and rollout.state and may_turn_out(entry.state, rollout.state):
            ended = replace(entry, state=rollout.state, because=rollout.because, since=rollout.since)
            ledger = ledger.put(ended)
    return ledger


def _withdraw(ledger: Ledger, now: datetime) -> Ledger:
    waiting = ledger.waiting
    if waiting is None:
        return ledger
    return ledger.put(_closed(waiting, "the change was withdrawn", now, State.CANCELLED))


def _may_be_taken_up(snapshot: Snapshot) -> bool:
    """Whether its controller may have begun, or yet begin, what was asked for and withdrawn."""
    return not snapshot.observed and not snapshot.paused


def _wait(seen: Seen, ledger: Ledger, asked: Asked, now: datetime) -> Ledger:
    """Report a rollout that its controller leaves waiting, once that has lasted a while."""
    waiting = ledger.waiting
    if waiting is None:
        recorded = ledger.keys_of_release(asked.release)  # then it is a way back
        keys = seen.snapshot.template_wishes.issue_keys.valid or recorded or seen.issue_keys
        keys = seen.allowed(keys, seen.target.environment.type) if seen.target else ()
        if not asked.is_certain or now < asked.since + PENDING_GRACE or not (seen.target and keys):
            return ledger
        if recorded:
            ledger = close(ledger, "rolled back by the next revision", now, State.ROLLED_BACK)
        ledger = close(ledger, f"{SUPERSEDED} by a newer version", now)
        number = _next_number(seen, ledger, seen.target, _waiting_revision(seen))
        waiting = _opened(seen, seen.target, number, keys, asked.images)
    elif seen.course.is_remembered and not _is_of(waiting, asked.release, asked.images):
        return ledger  # its own version may have been taken up while nobody looked
    # Another version than before has the keys of now.
    keys = waiting.issue_keys
    if asked.template != waiting.template:
        keys = seen.allowed(seen.issue_keys, waiting.environment.type)
    entry = replace(
        _renamed(waiting, seen, keys or waiting.issue_keys, asked.images),
        template=asked.template,
        release=asked.release,
        because=asked.because,
        since=asked.since,
        began=asked.since,
    )
    return ledger.put(entry)


def _waiting_revision(seen: Seen) -> int:
    """The revision that a waiting rollout will be given, or has: it may be numbered already."""
    snapshot, taken_up = seen.snapshot, seen.course.taken_up
    shown = snapshot.revision or 0
    if taken_up and taken_up.revision is not None:
        return shown if shown > taken_up.revision else shown + 1
    is_newborn = shown == 1 and not any(snapshot.counts)
    return shown if is_newborn else shown + 1


def _follow(seen: Seen, ledger: Ledger, rollout: Rollout, now: datetime) -> Ledger:
    entry, waiting = ledger.find(rollout.id), ledger.waiting
    if waiting and seen.course.was_unseen and not _is_of(waiting, rollout.release, rollout.images):
        waiting = None  # its own version came and went while nobody looked
    if entry is None and waiting is None and rollout.state is None:
        return _superseded(ledger, rollout, seen.course, now)
    if entry is None:
        if waiting is None and rollout.state is State.PENDING and now < rollout.began + PENDING_GRACE:
            return ledger
        if waiting is None:
            ledger = _superseded(ledger, rollout, seen.course, now)
            waiting = _begun(seen, ledger, rollout)
        if waiting is None:
            return ledger
        keys = seen.allowed(keys_of(rollout, seen, ledger), waiting.environment.type)
        entry = _renamed(waiting, seen, keys or waiting.issue_keys, rollout.images)
    elif not _may_be_taken_up(seen.snapshot):
        ledger = _withdraw(ledger, now)
    gains = keys_gained(seen, ledger)
    if gains and now >= gains[1]:
        kept = () if is_refused(entry) else entry.issue_keys
        entry = _renamed(entry, seen, kept + gains[0], rollout.images)
    ledger = ledger.put(_carried_on(entry, rollout, now))
    if not _may_be_taken_up(seen.snapshot):
        # An earlier process may have died before it had recorded that it closed the one before.
        ledger = _superseded(ledger, rollout, seen.course, now, but=entry.key)
    return _rolled_back(ledger, rollout, now)


def _superseded(
    ledger: Ledger, by: Rollout, course: Course, now: datetime, *, but: DeploymentKey | None = None
) -> Ledger:
    """Close what a new rollout replaces: by what was seen of its end."""
    revision = f"revision {by.revision}" if by.revision is not None else "a newer version"
    for entry in ledger.entries if by.replaces else ():
        # Others than the one that it replaces were superseded before, by what nobody has seen.
        if entry.state.is_open and entry.key != but and entry.rollout_id in {by.replaces, None}:
            ledger = ledger.put(_closed(entry, f"rolled back by {revision}", now, State.ROLLED_BACK))
    if course.was_unseen:
        because = f"{SUPERSEDED} by {revision} while nobody looked: its outcome is not known"
        return close(ledger, because, now, State.UNKNOWN, but=but)
    return close(ledger, f"{SUPERSEDED} by {revision}", now, but=but)


def _rolled_back(ledger: Ledger, by: Rollout, now: datetime) -> Ledger:
    """Mark what a rollback replaces: at once if it was given up for it, else once the rollback succeeded."""
    replaced = ledger.find(by.replaces)
    if replaced is None or replaced.state is State.ROLLED_BACK:
        return ledger
    if by.state is not State.SUCCESSFUL and replaced.state in {State.SUCCESSFUL, State.FAILED}:
        return ledger
    was = replaced.state.replace("_", " ")
    because = f"rolled back by revision {by.revision} (was {was}: {replaced.because})"
    return ledger.put(_closed(replaced, because, now, State.ROLLED_BACK))


def _carried_on(entry: Entry, rollout: Rollout, now: datetime) -> Entry:
    """Bring an entry up to its rollout; one that was given up for want of replicas is closed."""
    state, because, since = rollout.state, rollout.because or entry.because, rollout.since
    if state is None and entry.state.is_open:
        state, since = State.CANCELLED, now
    elif state is None:
        state, because, since = entry.state, entry.because, entry.since
    return replace(
        entry,
        rollout_id=rollout.id,
        revision=rollout.revision,
        replica_set=rollout.replica_set,
        replica_set_created=rollout.replica_set_created,
        template=rollout.template,
        release=rollout.release,
        replaces=rollout.replaces,
        began=rollout.began,
        paused_since=rollout.paused_since,
        paused_for=rollout.paused_for,
        state=state,
        because=because,
        since=since,
    )


def _begun(seen: Seen, ledger: Ledger, rollout: Rollout) -> Entry | None:
    """Begin the Jira deployment of a rollout."""
    if seen.target is None:
        return None
    keys = seen.allowed(keys_of(rollout, seen, ledger), seen.target.environment.type)
    if not keys:
        return None
    revision = rollout.revision if rollout.revision is not None else seen.snapshot.revision or 0
    number = _next_number(seen, ledger, seen.target, revision)
    return _opened(seen, seen.target, number, keys, rollout.images)


def _next_number(seen: Seen, ledger: Ledger, target: Target, revision: int) -> int:
    highest = ledger.highest_number(target.pipeline.id, target.environment.id)
    return deployment_number(seen.snapshot.created, revision, highest)


def _opened(seen: Seen, target: Target, number: int, keys: tuple[str, ...], images: tuple[str, ...]) -> Entry:
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
    return _renamed(entry, seen, keys, images)


def _renamed(entry: Entry, seen: Seen, keys: tuple[str, ...], images: tuple[str, ...]) -> Entry:
    """An entry with the keys and the name of the version that it is about."""
    label, wishes = _version(images), seen.snapshot.wishes
    name = wishes.display_name or f"{seen.snapshot.ref.name} {label}".strip()
    kept = keys[:MAX_ASSOCIATIONS]
    services = tuple(each for each in wishes.service_ids if len(each) <= MAX_TEXT)
    services = services[: MAX_ASSOCIATIONS - len(kept)]
    return replace(
        entry,
        issue_keys=kept,
        noted_keys=seen.issue_keys[:MAX_ASSOCIATIONS],
        service_ids=services,
        left_out=len(keys) + len(wishes.service_ids) - len(kept) - len(services),
        display_name=name[:MAX_TEXT],
        label=label[:MAX_TEXT],
    )


def _catch_up(seen: Seen, ledger: Ledger, now: datetime) -> Ledger:
    """Record rollouts that came and went unseen, as far as it is certain whose they were.

    Nothing that was there before the workload was first reported is invented: there is no gap before it.
    """
    for facts in seen.course.missed:
        if seen.target is None or ledger.find(id_of_missed(facts)):
            continue
        asked, waiting = seen.course.asked_with(facts), ledger.waiting
        is_it = waiting is not None and _is_of(waiting, facts.release, facts.images)
        recorded = waiting.issue_keys if waiting and is_it else ()
        keys = recorded or seen.allowed(certain_keys(seen, facts), seen.target.environment.type)
        if not keys:
            continue
        if waiting and is_it:  # it went on while nobody looked
            opened = waiting
        elif waiting:  # the first that was taken up has its number; what waits now comes later
            opened = _renamed(waiting, seen, keys, facts.images)
        else:
            number = _next_number(seen, ledger, seen.target, facts.revision)
            opened = _opened(seen, seen.target, number, keys, facts.images)
        ledger = _overtaken(ledger, facts, asked, now, but=opened.key)
        least = max(facts.created, waiting.since) if waiting else facts.created
        entry = replace(
            opened,
            rollout_id=id_of_missed(facts),
            revision=facts.revision,
            replica_set=facts.pod_hash if seen.snapshot.ref.kind is Kind.ROLLOUT else facts.name,
            replica_set_created=facts.created,
            template=facts.template,
            release=facts.release,
            state=State.CANCELLED if asked else State.UNKNOWN,
            because=_OVERTAKEN if asked else _UNSEEN,
            since=least,
            began=asked.since if asked else facts.created,
        )
        if end := seen.course.told_end(facts):
            since = max(end.since or least, least)
            entry = replace(entry, state=end.state, because=end.because, since=since)
        ledger = ledger.put(entry)
    return ledger


def _is_of(waiting: Entry, release: str, images: tuple[str, ...]) -> bool:
    """Whether a waiting entry is about a version. A Rollout's template reads otherwise on its ReplicaSet."""
    label = _version(images)[:MAX_TEXT]
    return waiting.release == release or (label != "" and waiting.label == label)


def _overtaken(
    ledger: Ledger, by: ReplicaSetFacts, asked: Asked | None, now: datetime, *, but: DeploymentKey
) -> Ledger:
    """Close what a rollout has replaced that was never seen to be taken up."""
    because = f"{SUPERSEDED} by revision {by.revision}"
    if asked:
        return close(ledger, because, now, but=but)
    return close(
        ledger, f"{because} while nobody looked: its outcome is not known", now, State.UNKNOWN, but=but
    )


def _version(images: tuple[str, ...]) -> str:
    """Tag of the first image, the short digest where it has none."""
    if not images:
        return ""
    name, _, digest = images[0].partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag or digest.removeprefix("sha256:")[:12]
