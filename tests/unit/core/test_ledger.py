"""What a ledger owes to Jira, and when it asks again."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from rollout_reporter.core.entry import RECHECK_FIRST, RECHECK_MOST, RECHECK_UNTIL
from rollout_reporter.core.ledger import HISTORY, MOST, Ledger
from rollout_reporter.core.outcome import Accepted, Outcome, Rejected
from rollout_reporter.core.report import State, Update
from unit.core.situations import NOW, accepted, entry, moved_on, ref, rejected, settled


def test_what_jira_has_accepted_as_it_is_is_not_due() -> None:
    assert not accepted(entry()).is_due


def test_another_state_is_due_at_once_and_another_description_may_wait() -> None:
    known = accepted(entry(state=State.IN_PROGRESS, because="0 of 3"))
    assert moved_on(known, State.SUCCESSFUL, "3 of 3").is_urgent

    described = moved_on(known, State.IN_PROGRESS, "1 of 3")
    assert described.is_due


def test_a_rejected_report_is_not_sent_again_at_once_unless_it_says_something_else() -> None:
    refused = rejected(entry(), "No")
    assert not refused.is_due
    assert moved_on(refused, State.FAILED, "deadline exceeded").is_due


def test_what_jira_had_before_a_request_without_an_answer_is_due_if_it_is_wanted_again() -> None:
    known = accepted(entry(because="1 of 3"))
    ledger = Ledger(ref(), (known,)).put(moved_on(known, State.SUCCESSFUL, "2 of 3")).attempt(known.key)
    assert ledger.current

    back = moved_on(ledger.current, State.SUCCESSFUL, "1 of 3")
    assert back.report == replace(known, since=back.since).report
    assert back.is_due


def answered(ledger: Ledger, outcome: Outcome | None) -> Ledger:
    """The ledger after the present entry was sent; `None` for an answer that was lost."""
    assert ledger.current
    sent = ledger.attempt(ledger.current.key)
    update = Update(ledger.current.report, 100)
    return sent if outcome is None else sent.settle(update, outcome, NOW)


REFUSED = Rejected(("No",))


@pytest.mark.parametrize(
    ("outcomes", "is_perhaps_open"),
    [
        ([], False),
        ([None], True),
        ([REFUSED], False),
        ([REFUSED, REFUSED], False),
        ([None, REFUSED], True),
        ([REFUSED, None], True),
        ([None, Accepted()], True),
    ],
)
def test_what_jira_has_refused_each_time_it_does_not_hold(
    outcomes: list[Outcome | None], *, is_perhaps_open: bool
) -> None:
    """Unlike what was sent in vain, the answer to which may have been lost."""
    ledger = Ledger(ref(), (entry(state=State.IN_PROGRESS),))
    for outcome in outcomes:
        ledger = answered(ledger, outcome)

    assert ledger.current
    assert ledger.current.is_perhaps_open_in_jira is is_perhaps_open


def test_an_answer_to_an_older_update_changes_nothing() -> None:
    one = accepted(entry(), number=100)
    late = Update(moved_on(one, State.FAILED, "late").report, 99)

    assert Ledger(ref(), (one,)).settle(late, Accepted(), NOW).current == one


def test_unknown_issues_are_asked_about_again_ever_more_seldom_and_not_for_ever() -> None:
    one = accepted(entry(), unknown=["SHOP-57"])
    asked_at = [NOW]
    while one.recheck_at:
        asked_at.append(one.recheck_at)
        one = settled(one, Accepted(("SHOP-57",)), 100 + len(asked_at), at=one.recheck_at)

    waits = [after - before for before, after in pairwise(asked_at)]
    assert waits[0] == RECHECK_FIRST
    assert waits == sorted(waits)
    assert waits[-1] == RECHECK_MOST
    assert RECHECK_UNTIL <= asked_at[-1] - NOW < RECHECK_UNTIL + RECHECK_MOST
    assert accepted(entry()).recheck_at is None


def test_an_issue_that_was_created_late_is_found_however_old_the_rollout_is() -> None:
    """People annotate what has been running for months."""
    old = entry(since=NOW - timedelta(days=100))

    assert accepted(old, unknown=["SHOP-57"]).recheck_at == NOW + RECHECK_FIRST
    assert rejected(old, "No", unknown=["SHOP-41", "SHOP-57"]).recheck_at == NOW + RECHECK_FIRST


@pytest.mark.parametrize(
    "change", [{"issue_keys": ("SHOP-41", "SHOP-58")}, {"state": State.FAILED, "since": NOW}]
)
def test_another_report_is_asked_about_as_often_as_a_first_one(change: dict[str, Any]) -> None:
    later = NOW + timedelta(days=5)
    one = settled(accepted(entry(), unknown=["SHOP-57"]), Accepted(("SHOP-57",)), 101, at=later)

    another = settled(replace(one, **change), Accepted(("SHOP-58",)), 102, at=later)

    assert another.recheck_at == later + RECHECK_FIRST


def test_a_record_of_an_earlier_version_is_not_asked_about_for_another_week() -> None:
    old = accepted(entry(since=NOW - timedelta(days=100)), unknown=["SHOP-57"])

    assert replace(old, shortfall=None).recheck_at is None


def test_what_jira_takes_only_after_a_while_is_a_first_one_again() -> None:
    taken = settled(accepted(entry(), unknown=["SHOP-57"]), Accepted(), 101, at=NOW + timedelta(days=5))

    assert taken.shortfall is None


def test_a_resync_that_meets_a_refusal_is_asked_for_again() -> None:
    later = NOW + timedelta(days=8)
    [again] = Ledger(ref(), (rejected(entry(), "No"),)).resend("default", later).due

    assert settled(again, Rejected(("Not now",)), at=later).recheck_at == later + RECHECK_FIRST


@pytest.mark.parametrize(
    "one",
    [
        accepted(entry(), unknown=["SHOP-57"]),
        rejected(entry(), "No", unknown=["X-1"]),
        rejected(entry(), "A gateway says no"),
    ],
)
def test_when_the_time_has_come_it_is_due_once_more(one: object) -> None:
    ledger = Ledger(ref(), (one,))  # type: ignore[arg-type]
    assert ledger.recheck(NOW).due == ()
    assert len(ledger.recheck(NOW + RECHECK_MOST).due) == 1


def test_a_resync_owes_everything_acknowledged_before_it_but_nothing_after() -> None:
    ledger = Ledger(ref(), (accepted(entry(number=1)), accepted(entry(number=2))))

    assert len(ledger.resend("default", NOW + timedelta(seconds=1)).due) == 2
    assert ledger.resend("default", NOW).due == ()
    assert ledger.resend("other", NOW + timedelta(seconds=1)).due == ()


def test_what_is_new_goes_before_what_a_resync_sends_again() -> None:
    [again] = Ledger(ref(), (accepted(entry()),)).resend("default", NOW + timedelta(seconds=1)).due

    assert not again.is_urgent
    assert entry().is_urgent


def test_memory_stays_bounded_behind_a_deployment_of_which_jira_never_hears() -> None:
    """Its JiraSite was removed, say."""
    stuck = moved_on(
        accepted(entry(number=1, site="gone", state=State.IN_PROGRESS)), State.CANCELLED, "superseded"
    )
    ledger = Ledger(ref(), (stuck,))
    for number in range(2, 100):
        ledger = ledger.put(accepted(entry(number=number)))

    assert len(ledger.entries) == HISTORY + 2
    assert ledger.due == (stuck,)


def test_an_end_that_jira_has_refused_is_remembered_behind_whatever_comes_next() -> None:
    begun = accepted(entry(number=1, state=State.IN_PROGRESS))
    refused = rejected(moved_on(begun, State.SUCCESSFUL, "done"), "Not now")
    ledger = Ledger(ref(), (refused,))
    for number in range(2, 100):
        ledger = ledger.put(accepted(entry(number=number)))

    assert [each.number for each in ledger.recheck(NOW + RECHECK_MOST).due] == [1]


def test_issues_that_jira_did_not_know_are_asked_about_again_behind_what_comes_next_within_bounds() -> None:
    ledger = Ledger(ref(), (accepted(entry(number=1), unknown=["SHOP-57"]),))
    for number in range(2, MOST):
        ledger = ledger.put(accepted(entry(number=number)))
    assert [each.number for each in ledger.recheck(NOW + RECHECK_MOST).due] == [1]

    for number in range(MOST, 3 * MOST):
        ledger = ledger.put(accepted(entry(number=number), unknown=["SHOP-57"]))
    assert len(ledger.entries) <= MOST + HISTORY + 1


def test_what_jira_has_not_heard_of_is_remembered_beside_what_it_knows_in_part() -> None:
    ledger = Ledger(ref())
    for number in range(1, 2 * MOST):
        ledger = ledger.put(accepted(entry(number=number), unknown=["SHOP-57"]))
    for number in (2 * MOST, 2 * MOST + 1):
        ledger = ledger.put(entry(number=number))

    assert [each.number for each in ledger.due] == [2 * MOST, 2 * MOST + 1]


def test_what_a_resync_has_sent_is_not_sent_by_it_again() -> None:
    moment = NOW + timedelta(seconds=1)
    ledger = Ledger(ref(), (accepted(entry()),)).resend("default", moment)
    [one] = ledger.due
    sent = ledger.settle(Update(one.report, 200), Accepted(), moment + timedelta(seconds=1))

    assert sent.resend("default", moment).due == ()


def test_a_rejection_is_kept_beside_what_was_accepted_before() -> None:
    one = accepted(entry())
    update = Update(moved_on(one, State.FAILED, "broken").report, 200)
    settled = Ledger(ref(), (one,)).settle(update, Rejected(("No",)), NOW).current

    assert settled
    assert settled.acknowledged == one.acknowledged
    assert settled.refusal


def test_an_update_that_jira_does_not_hold_is_owed_again_unless_a_later_one_was_acknowledged() -> None:
    ledger = Ledger(ref(), (accepted(entry(), number=100),))
    report = entry().report

    assert len(ledger.doubt(Update(report, 100)).due) == 1
    assert ledger.doubt(Update(report, 99)) == ledger
    assert Ledger(ref()).doubt(Update(report, 100)) == Ledger(ref())


def test_a_failure_that_jira_accepts_after_its_rollout_was_given_up_stays_the_end_of_it() -> None:
    failed = entry(state=State.FAILED, because="deadline exceeded")
    given_up = moved_on(failed, State.CANCELLED, "the workload was deleted")
    settled = Ledger(ref(), (given_up,)).settle(Update(failed.report, 100), Accepted(), NOW).current

    assert settled is not None
    assert settled.state is State.FAILED
    assert settled.because == "had failed before, then the workload was deleted"


def test_a_time_is_told_in_whole_seconds_as_a_status_has_it() -> None:
    """Told again from the status alone, when a record is lost, it would be earlier than before."""
    seen = entry(since=NOW + timedelta(milliseconds=173))

    assert seen.report == entry(since=NOW).report
