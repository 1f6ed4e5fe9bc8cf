from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from rollout_reporter.cluster.journal_pages import Listed
from rollout_reporter.cluster.reports import StoredReport
from rollout_reporter.controller.book import Book, Tracked
from rollout_reporter.controller.settings import DOUBT
from rollout_reporter.controller.sightings import Gone, Sighting
from rollout_reporter.core.closing import close
from rollout_reporter.core.condition import Condition, ShownCondition, Status
from rollout_reporter.core.course import Course
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.outcome import Accepted, Outcome, Rejected
from rollout_reporter.core.report import State
from unit.core.situations import NOW, accepted, entry, ref, settled, snapshot, wishes

LATER = NOW + timedelta(minutes=1)
SUCCESSFUL = ShownCondition(Condition(Status.TRUE, "Successful", "all is well"), NOW)
CLAIMED = StoredReport(Ledger(ref()), (), "7", "ops")
SENDING = ShownCondition(Condition(Status.UNKNOWN, "Sending", "on its way"), NOW)


def tracked(*entries: Entry, **known: Any) -> Tracked:
    ledger = Ledger(ref(), entries)
    return Tracked(ledger=ledger, course=ledger.course, **known)


# Seeing.


def test_what_is_seen_is_known() -> None:
    one = tracked(accepted(entry()), is_gone=True)
    one.see(snapshot(shown=SUCCESSFUL), NOW)

    assert one.snapshot == snapshot(shown=SUCCESSFUL)
    assert one.shown == SUCCESSFUL
    assert not one.is_gone


def test_the_same_workload_keeps_its_course_and_ledger() -> None:
    one = tracked(entry(state=State.IN_PROGRESS))
    before = (one.course, one.ledger)
    one.see(snapshot(), NOW)

    assert (one.course, one.ledger) == before


def test_an_older_snapshot_of_the_same_workload_is_doubted_for_a_while() -> None:
    """Another API server may lag behind; a cluster that was restored from a backup stays behind."""
    one = tracked(accepted(entry()), snapshot=snapshot(resource_version=20))
    older = snapshot(resource_version=10)

    assert one.doubt(older, NOW) == DOUBT
    assert one.doubt(older, NOW + DOUBT / 2) == DOUBT / 2
    assert not one.doubt(older, NOW + DOUBT)


def test_doubt_ends_with_a_newer_snapshot() -> None:
    one = tracked(accepted(entry()), snapshot=snapshot(resource_version=20))
    one.doubt(snapshot(resource_version=10), NOW)

    assert not one.doubt(snapshot(resource_version=21), NOW)
    assert one.doubt(snapshot(resource_version=10), NOW + DOUBT) == DOUBT


def test_a_namesake_closes_what_was_left_open_and_begins_afresh() -> None:
    one = tracked(
        accepted(entry(number=1)),
        entry(number=2, state=State.IN_PROGRESS),
        shown=SUCCESSFUL,
        shown_version=99,
    )
    one.see(snapshot(ref=ref(uid="uid-2")), LATER)

    assert one.ref == ref(uid="uid-2")
    assert [each.state for each in one.ledger.entries] == [State.SUCCESSFUL, State.CANCELLED]
    assert one.ledger.entries[1].since == LATER
    assert one.course == Course()
    assert one.shown is None


def test_a_look_from_before_our_own_write_does_not_undo_it() -> None:
    one = tracked(shown=SUCCESSFUL, shown_version=20)
    one.see(snapshot(shown=SENDING, resource_version=19), NOW)

    assert one.shown == SUCCESSFUL


def test_a_look_from_after_our_own_write_shows_what_others_made_of_it() -> None:
    one = tracked(shown=SUCCESSFUL, shown_version=20)
    one.see(snapshot(shown=None, resource_version=21), NOW)

    assert one.shown is None


# Keys.


def test_keys_are_as_old_as_their_last_change() -> None:
    one = tracked()

    assert one.read_keys(snapshot(wishes=wishes("SHOP-1")), NOW) == NOW
    assert one.read_keys(snapshot(wishes=wishes("SHOP-1")), LATER) == NOW
    assert one.read_keys(snapshot(wishes=wishes("SHOP-2")), LATER) == LATER


def test_malformed_words_are_those_of_the_place_that_counts() -> None:
    one = tracked()
    one.see(snapshot(wishes=wishes("own"), template_wishes=wishes("SHOP-1 template")), NOW)

    assert one.malformed_keys == ("template",)


def test_without_a_template_of_keys_the_workloads_own_words_count() -> None:
    one = tracked()
    one.see(snapshot(wishes=wishes("own")), NOW)

    assert one.malformed_keys == ("own",)


# What people read about.


def test_people_read_about_the_rollout_that_runs() -> None:
    one = tracked(entry(number=1, rollout_id="1"), entry(number=2, rollout_id="2"))
    one.see(snapshot(), NOW)

    assert one.wanted_entry is not None
    assert one.wanted_entry.number == 2


def test_of_a_workload_that_is_gone_people_read_the_last() -> None:
    one = tracked(entry(number=1, rollout_id="1"), entry(number=2, rollout_id="2"), is_gone=True)

    assert one.wanted_entry is not None
    assert one.wanted_entry.number == 2


def test_a_rollout_that_is_not_on_record_has_nothing_to_read() -> None:
    one = tracked()
    one.see(snapshot(), NOW)

    assert one.wanted_entry is None


# The book.


def test_a_place_that_is_unknown_is_opened_empty_and_then_stays() -> None:
    book = Book()
    one = book.place_for(ref())

    assert one.ledger == Ledger(ref())
    assert book.place_for(ref(uid="uid-2")) is one


# What an earlier leader has left open.


def inherited(one: Entry) -> Tracked:
    book = Book.of([CLAIMED], [Listed(ref(), one, NOW)], NOW)
    return book[ref().place]


def test_what_an_earlier_leader_has_left_open_is_not_sent_as_it_was_once() -> None:
    """The workload may tell something else by now."""
    one = inherited(entry(state=State.IN_PROGRESS))
    assert one.ledger.due != ()
    assert one.due == {}

    one.see(snapshot(observed=False), NOW)
    one.confirm()
    assert one.due == {}


def test_it_is_sent_once_the_workload_itself_says_the_same() -> None:
    one = inherited(entry(state=State.IN_PROGRESS))
    one.see(snapshot(observed=True), NOW)
    one.confirm()

    assert [each.state for each in one.due.values()] == [State.IN_PROGRESS]


FIRST = NOW - timedelta(seconds=20)
THEN = NOW - timedelta(seconds=10)
AFTER = NOW + timedelta(seconds=10)


def taken_over(recorded: Entry, noted: Entry, at: datetime) -> list[State]:
    """States that a new leader has to send."""
    report = StoredReport(Ledger(ref(), (recorded,)), (), "7", "ops")
    book = Book.of([report], [Listed(ref(), noted, at)], AFTER)
    return [each.state for each in book[ref().place].due.values()]


@pytest.mark.parametrize("end", [State.SUCCESSFUL, State.FAILED, State.CANCELLED])
def test_an_end_that_only_the_journal_tells_is_sent(end: State) -> None:
    """Jira was told, and the leader was killed before that was on record."""
    recorded = accepted(entry(state=State.IN_PROGRESS, since=FIRST))

    assert taken_over(recorded, entry(state=end, since=THEN), THEN) == [end]


def test_an_end_that_only_the_record_tells_is_sent() -> None:
    """Jira hangs: what was sent before is all that was noted."""
    recorded = settled(entry(state=State.IN_PROGRESS, since=FIRST), Accepted())
    recorded = replace(recorded, state=State.SUCCESSFUL, since=THEN)

    assert taken_over(recorded, entry(state=State.IN_PROGRESS, since=FIRST), THEN) == [State.SUCCESSFUL]


def test_what_was_noted_last_counts_though_it_became_true_before_what_is_recorded() -> None:
    """What waited for its controller got another number; this one was that of a version before it."""
    waiting = accepted(entry(state=State.PENDING, since=THEN, issue_keys=("SHOP-6",)))
    superseded = entry(state=State.CANCELLED, since=FIRST, issue_keys=("SHOP-7",))
    report = StoredReport(Ledger(ref(), (waiting,)), (), "7", "ops")
    [owed] = Book.of([report], [Listed(ref(), superseded, AFTER)], AFTER)[ref().place].due.values()

    assert (owed.state, owed.issue_keys) == (State.CANCELLED, ("SHOP-7",))


def test_what_became_true_after_the_last_note_counts() -> None:
    failed = accepted(entry(state=State.FAILED, since=FIRST))
    recovered = replace(failed, state=State.SUCCESSFUL, since=AFTER)

    assert taken_over(recovered, failed, THEN) == [State.SUCCESSFUL]


@pytest.mark.parametrize("outcome", [Accepted(), Rejected(("no",))])
def test_what_jira_has_answered_since_it_was_noted_is_not_sent_again(outcome: Outcome) -> None:
    ended = entry(state=State.SUCCESSFUL, since=FIRST)

    assert taken_over(settled(ended, outcome), ended, NOW) == []
    assert taken_over(settled(ended, outcome), ended, AFTER) == [State.SUCCESSFUL]


def test_its_end_is_sent_whatever_the_workload_says() -> None:
    one = inherited(entry(state=State.IN_PROGRESS))
    one.ledger = close(one.ledger, "the workload was deleted", LATER)

    assert [each.state for each in one.due.values()] == [State.CANCELLED]


# What our last term knew.


def recalled(known: Tracked, *, onto: Book | None = None, unread: tuple[str, ...] = ()) -> Book:
    """What a new term knows of the place, if nobody has led since."""
    book = Book() if onto is None else onto
    book.recall(Book({ref().place: known}).unrecorded(), unread)
    return book


def test_a_version_that_could_not_be_put_on_record_is_known_to_the_next_term_of_the_process() -> None:
    """The CRD was not there, and the Lease could not be kept."""
    [known] = recalled(tracked(entry(state=State.IN_PROGRESS))).values()

    assert [each.state for each in known.ledger.entries] == [State.IN_PROGRESS]
    assert known.course.is_remembered


def test_what_was_on_record_is_not_recalled_since_its_record_may_have_gone_with_all_that_is_over() -> None:
    assert recalled(tracked(entry(state=State.IN_PROGRESS), stored=CLAIMED)) == {}


def test_what_is_on_record_counts_for_more() -> None:
    recorded = StoredReport(Ledger(ref(), (accepted(entry(state=State.FAILED)),)), (), "7", "ops")
    known = recalled(tracked(entry(state=State.IN_PROGRESS)), onto=Book.of([recorded], [], NOW))

    assert [each.state for each in known[ref().place].ledger.entries] == [State.FAILED]


def test_another_installation_may_have_claimed_it_meanwhile() -> None:
    [known] = recalled(tracked(entry(state=State.IN_PROGRESS), is_claimed=True)).values()

    assert known.due == {}


def test_where_records_cannot_be_read_there_may_be_one() -> None:
    assert recalled(tracked(entry(state=State.IN_PROGRESS)), unread=(ref().namespace,)) == {}


# What is not ours to report.


def test_before_a_workload_is_claimed_nothing_is_sent_not_even_its_end() -> None:
    one = tracked(entry(state=State.IN_PROGRESS))
    assert one.due == {}

    one.ledger = close(one.ledger, "the workload was deleted", LATER)
    assert one.due == {}


def test_of_what_was_claimed_once_everything_is_sent_even_if_its_report_is_gone() -> None:
    one = tracked()
    one.claim(CLAIMED)
    one.stored, one.ledger = None, one.ledger.put(entry(state=State.CANCELLED))

    assert [each.state for each in one.due.values()] == [State.CANCELLED]


def test_who_has_lost_a_workload_to_another_installation_still_ends_what_it_has_begun() -> None:
    told = accepted(entry(state=State.IN_PROGRESS))
    one = tracked(told, is_claimed=True, owner="other")
    assert one.due == {}

    one.ledger = close(one.ledger, "superseded", LATER)
    assert [each.state for each in one.due.values()] == [State.CANCELLED]


# Sightings that come late.


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_namesakes_that_the_journal_alone_knows_the_younger_one_is_there(order: int) -> None:
    """Its pages are in no order, and what it lists last need not be the younger one."""
    old = entry(workload_uid="uid-1", number=1, state=State.IN_PROGRESS)
    new = entry(workload_uid="uid-2", number=2, state=State.IN_PROGRESS)
    listed = [Listed(ref(uid=each.workload_uid), each, NOW) for each in (old, new)]

    one = Book.of([], listed[::order], NOW)[ref().place]
    assert one.ref.uid == "uid-2"
    assert [each.state for each in one.ledger.entries] == [State.CANCELLED, State.IN_PROGRESS]


def test_what_is_seen_of_a_workload_after_its_namesake_comes_too_late() -> None:
    one = tracked()
    one.see(snapshot(ref=ref(uid="uid-2"), resource_version=20), NOW)

    assert one.has_seen_namesake_of(snapshot(resource_version=10))
    assert not one.has_seen_namesake_of(snapshot(ref=ref(uid="uid-3"), resource_version=30))


def test_versions_that_fall_as_after_a_restored_backup_are_seen_all_the_same() -> None:
    one = tracked()
    one.see(snapshot(resource_version=20), NOW)

    assert not one.has_seen_namesake_of(snapshot(resource_version=10))


# What can wait.

TOLD = snapshot(template=entry().template)


def book_with(*entries: Entry) -> Book:
    one = tracked(*entries)
    return Book({one.ref.place: one})


def test_a_sighting_of_what_jira_has_heard_the_end_of_is_no_news() -> None:
    assert book_with(accepted(entry())).tells(TOLD)


@pytest.mark.parametrize(
    ("book", "sighting"),
    [
        pytest.param(Book(), TOLD, id="of a workload that is not on record"),
        pytest.param(
            book_with(accepted(entry())), replace(TOLD, template="template-5"), id="of another template"
        ),
        pytest.param(book_with(accepted(entry())), replace(TOLD, ref=ref(uid="uid-2")), id="of a namesake"),
        pytest.param(book_with(accepted(entry())), Gone(ref()), id="of its end"),
        pytest.param(book_with(accepted(entry())), None, id="that is still to come"),
        pytest.param(book_with(entry()), TOLD, id="of an end that Jira has to hear of"),
        pytest.param(book_with(accepted(entry(state=State.IN_PROGRESS))), TOLD, id="of a rollout"),
        pytest.param(
            book_with(accepted(entry(number=1, state=State.IN_PROGRESS)), accepted(entry(number=2))),
            TOLD,
            id="of what came after one that is still open",
        ),
    ],
)
def test_any_other_sighting_may_be_news(book: Book, sighting: Sighting | None) -> None:
    assert not book.tells(sighting)
