"""What a resync concerns, and which issues it takes away."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.resync import Resync, pruned, unanswered
from unit.core.situations import NOW, accepted, entry, ref


@pytest.mark.parametrize(
    ("namespaces", "namespace", "is_concerned"),
    [
        ((), "shop", True),
        (("shop",), "shop", True),
        (("shop",), "shop-2", False),
        (("team-?", "shop*"), "shop-2", True),
    ],
)
def test_it_concerns_all_namespaces_or_those_that_are_named(
    namespaces: tuple[str, ...], namespace: str, *, is_concerned: bool
) -> None:
    assert Resync(NOW, namespaces).concerns(namespace) is is_concerned


def test_the_present_jira_deployment_loses_what_its_workload_names_no_more_and_earlier_ones_keep_theirs() -> (
    None
):
    both = ("SHOP-1", "SHOP-2")
    earlier, present = (accepted(entry(number=number, issue_keys=both)) for number in (1, 2))
    found = pruned(Ledger(ref(), (earlier, present)), "default", ("SHOP-2", "SHOP-3"))

    assert [each.issue_keys for each in found.entries] == [both, ("SHOP-2",)]
    assert [each.is_due for each in found.entries] == [False, True]


def test_a_deployment_keeps_its_issues_if_none_would_be_left() -> None:
    ledger = Ledger(ref(), (accepted(entry(issue_keys=("SHOP-1",))),))
    assert pruned(ledger, "default", ("SHOP-9",)) == ledger


def test_keys_that_wait_for_their_quiet_time_go_on_waiting() -> None:
    """Those are noted that the workload showed when the rollout began; what is not is still to be gained."""
    present = replace(
        accepted(entry(issue_keys=("SHOP-1", "OLD-1"))), noted_keys=("SHOP-1", "SHOP-2", "OLD-2")
    )
    found = pruned(Ledger(ref(), (present,)), "default", ("SHOP-1", "SHOP-2", "SHOP-3"))

    assert found.current is not None
    assert found.current.issue_keys == ("SHOP-1",)
    assert found.current.noted_keys == ("SHOP-1", "SHOP-2")


def test_what_another_site_holds_or_what_no_controller_has_taken_up_is_left_alone() -> None:
    there = Ledger(ref(), (accepted(entry(site="other", issue_keys=("SHOP-1", "SHOP-2"))),))
    assert pruned(there, "default", ("SHOP-2",)) == there

    waiting = Ledger(ref(), (replace(entry(issue_keys=("SHOP-1", "SHOP-2")), rollout_id=None),))
    assert waiting.waiting is None or pruned(waiting, "default", ("SHOP-2",)) == waiting
    assert pruned(Ledger(ref()), "default", ("SHOP-2",)) == Ledger(ref())


def test_it_is_finished_once_all_that_had_begun_before_it_was_answered_to_since() -> None:
    """Whatever else rolls out meanwhile, or is worded anew."""
    asked = NOW + timedelta(minutes=1)
    old = accepted(entry(number=1))
    resent = Ledger(ref(), (old,)).resend("default", asked).entries
    known = accepted(entry(number=1, because="2 of 3"))
    assert known.acknowledged
    answered = replace(known, because="3 of 3", acknowledged=replace(known.acknowledged, at=asked))
    new = entry(number=2, began=asked, since=asked)

    assert unanswered(resent, "default", asked) == 1
    assert unanswered(resent, "another", asked) == 0
    assert answered.is_due
    assert unanswered((answered, new), "default", asked) == 0
