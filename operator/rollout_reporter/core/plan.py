"""What Jira should hold: `plan(seen, recorded) → what to record`.

It answers one question: if this is what is known of the workload, how should its ledger look? Asking twice
changes nothing, so a lost, repeated or merged event changes nothing either.
"""

from dataclasses import replace
from datetime import datetime

from .catch_up import catch_up
from .closing import close, closed, superseded
from .course import Asked, Course, Rollout
from .endings import may_turn_out
from .entry import Entry
from .keys import is_refused, keys_gained, keys_of
from .ledger import Ledger
from .opening import is_of, next_number, opened, renamed
from .report import DeploymentKey, State
from .seen import Seen, over
from .workload import PENDING_GRACE, Snapshot


def plan(seen: Seen, ledger: Ledger, now: datetime) -> Ledger:
    """Bring the ledger up to what is seen; whatever was opened and is over is closed first."""
    ledger = _ended(seen, ledger, now)
    if because := over(seen.snapshot):
        return _left(seen, close(ledger, because, now), now)
    ledger = catch_up(seen, ledger, now)
    if seen.course.is_refused:
        return _withdraw(ledger, now)
    if seen.course.asked:
        return _wait(seen, ledger, seen.course.asked, now)
    if seen.course.taken_up:
        return _follow(seen, ledger, seen.course.taken_up, now)
    return ledger


def _left(seen: Seen, ledger: Ledger, now: datetime) -> Ledger:
    """What is rolled back by a version that is not reported itself, since it has no issue keys any more."""
    by = seen.course.taken_up
    if by is None or by.state is not State.SUCCESSFUL or seen.snapshot.wishes.ignore:
        return ledger
    return _rolled_back(ledger, by, now)


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


def _ended(seen: Seen, ledger: Ledger, now: datetime) -> Ledger:
    """Note how that has ended which is left behind, so that it is not closed as if nobody knew."""
    course = seen.course
    is_left = course.asked or not seen.snapshot.observed or over(seen.snapshot)
    for rollout in filter(None, (course.previous, course.taken_up if is_left else None)):
        entry = ledger.find(rollout.id)
        if entry and rollout.state and may_turn_out(entry.state, rollout.state):
            ended = replace(entry, state=rollout.state, because=rollout.because, since=rollout.since)
            ledger = _rolled_back(ledger.put(ended), rollout, now)
    return ledger


def _withdraw(ledger: Ledger, now: datetime) -> Ledger:
    waiting = ledger.waiting
    if waiting is None:
        return ledger
    return ledger.put(closed(waiting, "the change was withdrawn", now, State.CANCELLED))


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
        ledger = superseded(ledger, "a newer version", now, was_unseen=asked.was_unseen)
        number = next_number(seen, ledger, seen.target, _waiting_revision(seen))
        waiting = opened(seen, seen.target, number, keys, asked.images)
    elif seen.course.is_remembered and not _was_seen_to_wait(waiting, seen.course):
        return ledger  # its own version may have been taken up while nobody looked
    # Another version than before has the keys of now.
    keys = waiting.issue_keys
    if asked.template != waiting.template:
        keys = seen.allowed(seen.issue_keys, waiting.environment.type)
    entry = replace(
        renamed(waiting, seen, keys or waiting.issue_keys, asked.images),
        template=asked.template,
        release=asked.release,
        because=asked.because,
        since=asked.since,
        began=asked.since,
    )
    return ledger.put(entry)


def _was_seen_to_wait(waiting: Entry, course: Course) -> bool:
    """Whether the version of a pending entry waits now, or was seen to since the last gap."""
    wishes = (course.asked, *course.passed_by)
    seen = [each for each in wishes if each and not each.was_before_gap]
    return any(is_of(waiting, each.release, each.images) for each in seen)


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
    is_its_own = waiting is not None and is_of(waiting, rollout.release, rollout.images)
    if seen.course.has_outlived_awaited or (seen.course.was_unseen and not is_its_own):
        waiting = None  # its own version came and went while nobody looked
    if entry is None and waiting is None and rollout.state is None:
        return _superseded(ledger, rollout, seen.course, now)
    if entry is None:
        if waiting is None and rollout.state is State.PENDING and now < rollout.began + PENDING_GRACE:
            return ledger
        if waiting is None:
            ledger = _superseded(ledger, rollout, seen.course, now)
            waiting = _begun(seen, ledger, rollout)
        if waiting is None:  # there is no way to tell it, but to tell what it has replaced
            return _rolled_back(ledger, rollout, now)
        keys = seen.allowed(keys_of(rollout, seen, ledger), waiting.environment.type)
        entry = renamed(waiting, seen, keys or waiting.issue_keys, rollout.images)
    elif not _may_be_taken_up(seen.snapshot):
        ledger = _withdraw(ledger, now)
    gains = keys_gained(seen, ledger)
    if gains and now >= gains[1]:
        wrong = set(entry.issue_keys) - set(seen.issue_keys) if is_refused(entry) else set()
        kept = tuple(key for key in entry.issue_keys if key not in wrong)
        entry = renamed(entry, seen, kept + gains[0], rollout.images)
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
    replaced = {by.replaces} if course.has_outlived_awaited else {by.replaces, None}
    for entry in ledger.entries if by.replaces else ():
        # Others than the one that it replaces were superseded before, by what nobody has seen.
        if entry.state.is_open and entry.key != but and entry.rollout_id in replaced:
            ledger = ledger.put(closed(entry, f"rolled back by {revision}", now, State.ROLLED_BACK))
    return superseded(ledger, revision, now, was_unseen=course.was_unseen, but=but)


def _rolled_back(ledger: Ledger, by: Rollout, now: datetime) -> Ledger:
    """Mark what a rollback replaces: at once if it was given up for it, else once the rollback succeeded."""
    replaced = ledger.find(by.replaces)
    if replaced is None or replaced.state is State.ROLLED_BACK:
        return ledger
    if by.state is not State.SUCCESSFUL and replaced.state in {State.SUCCESSFUL, State.FAILED}:
        return ledger
    was = replaced.state.replace("_", " ")
    because = f"rolled back by revision {by.revision} (was {was}: {replaced.because})"
    return ledger.put(closed(replaced, because, now, State.ROLLED_BACK))


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
        was_idle=rollout.was_idle,
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
    told = (rollout.first_revision, rollout.revision, seen.snapshot.revision)
    revision = next((each for each in told if each is not None), 0)
    number = next_number(seen, ledger, seen.target, revision)
    return opened(seen, seen.target, number, keys, rollout.images)
