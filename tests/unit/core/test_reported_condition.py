from datetime import timedelta

import pytest

from rollout_reporter.core.condition import Condition, ShownCondition, Status, shown
from rollout_reporter.core.conditions import Circumstances, issues_known, reported
from rollout_reporter.core.ledger import Entry
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.core.report import State
from unit.core.situations import NOW, accepted, entry, moved_on, rejected

QUIET = Circumstances()


def condition(one: Entry | None, around: Circumstances = QUIET) -> Condition:
    found = reported(one, around)
    assert found is not None
    return found


# Jira holds the present state.


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.PENDING, "Pending"),
        (State.IN_PROGRESS, "InProgress"),
        (State.SUCCESSFUL, "Successful"),
        (State.FAILED, "Failed"),
        (State.CANCELLED, "Cancelled"),
        (State.ROLLED_BACK, "RolledBack"),
        (State.UNKNOWN, "Unknown"),
    ],
)
def test_what_jira_holds_is_true_and_its_state_is_the_reason(state: State, reason: str) -> None:
    found = condition(accepted(entry(state=state)))

    assert (found.status, found.reason) == (Status.TRUE, reason)


def test_the_message_says_state_revision_environment_keys_and_cause() -> None:
    message = condition(accepted(entry(state=State.FAILED, because="image pull failed"))).message

    for part in ("failed", "revision 4", "production", "SHOP-41, SHOP-57", "image pull failed"):
        assert part in message


def test_a_state_of_two_words_reads_as_two_words() -> None:
    assert "rolled back" in condition(accepted(entry(state=State.ROLLED_BACK))).message


def test_a_rollout_without_a_revision_is_the_next_one() -> None:
    assert "next revision pending" in condition(accepted(entry(state=State.PENDING, revision=None))).message


def test_some_unknown_and_malformed_keys_and_hints_are_named_but_change_nothing() -> None:
    around = Circumstances(malformed_keys=("shopp", "41"))
    found = condition(accepted(entry(hints=("environment type unmapped",)), unknown=["SHOP-57"]), around)

    assert (found.status, found.reason) == (Status.TRUE, "Successful")
    assert "does not know SHOP-57" in found.message
    assert "shopp, 41" in found.message
    assert "environment type unmapped" in found.message


def test_keys_that_will_be_added_are_named_with_the_time() -> None:
    around = Circumstances(gains=(("SHOP-60", "SHOP-61"), NOW + timedelta(seconds=60)))

    assert "SHOP-60, SHOP-61 will be added at 08:01:00 UTC" in condition(accepted(entry()), around).message


# On its way.


def test_what_was_never_sent_is_on_its_way() -> None:
    found = condition(entry(state=State.IN_PROGRESS))

    assert (found.status, found.reason) == (Status.UNKNOWN, "Sending")
    assert "in progress" in found.message


def test_a_later_state_than_jira_holds_is_on_its_way() -> None:
    found = condition(moved_on(accepted(entry(state=State.IN_PROGRESS)), State.SUCCESSFUL, "3 of 3"))

    assert (found.status, found.reason) == (Status.UNKNOWN, "Sending")
    assert "successful" in found.message


def test_a_dry_run_says_that_nothing_is_sent() -> None:
    found = condition(entry(), Circumstances(dry_run=True))

    assert (found.status, found.reason) == (Status.UNKNOWN, "DryRun")
    assert "not sent" in found.message


# Not, and why.


@pytest.mark.parametrize(
    "reason",
    [
        TroubleReason.UNAUTHORIZED,
        TroubleReason.FORBIDDEN,
        TroubleReason.RATE_LIMITED,
        TroubleReason.UNAVAILABLE,
        TroubleReason.SITE_NOT_FOUND,
    ],
)
def test_trouble_with_the_site_is_the_reason_with_its_cure_and_the_next_attempt(
    reason: TroubleReason,
) -> None:
    trouble = Trouble(reason, "Jira said no. Do this.")
    found = condition(entry(), Circumstances(trouble=trouble, next_attempt=NOW + timedelta(seconds=90)))

    assert (found.status, found.reason) == (Status.FALSE, reason.value)
    assert "Jira said no. Do this." in found.message
    assert "08:01:30 UTC" in found.message


def test_the_reasons_of_trouble_are_those_that_the_documentation_promises() -> None:
    promised = {"Unauthorized", "Forbidden", "RateLimited", "JiraUnavailable", "SiteNotFound"}
    inner = {TroubleReason.TOO_LARGE, TroubleReason.BAD_REQUEST}  # these end in Rejected

    assert {reason.value for reason in set(TroubleReason) - inner} == promised


def test_trouble_with_the_site_does_not_change_what_jira_holds_already() -> None:
    trouble = Trouble(TroubleReason.UNAVAILABLE, "Jira is down.")

    assert condition(accepted(entry()), Circumstances(trouble=trouble)).status is Status.TRUE


def test_a_rejection_repeats_what_jira_said() -> None:
    found = condition(rejected(entry(), "displayName is too long", "so is label"))

    assert (found.status, found.reason) == (Status.FALSE, "Rejected")
    assert "displayName is too long; so is label" in found.message


def test_a_rejection_because_all_issues_are_unknown_says_that() -> None:
    found = condition(rejected(entry(), "No associations", unknown=["SHOP-57", "SHOP-41"]))

    assert (found.status, found.reason) == (Status.FALSE, "UnknownIssueKeys")
    assert "SHOP-41, SHOP-57" in found.message


def test_a_rejection_with_only_some_unknown_issues_has_another_cause() -> None:
    assert condition(rejected(entry(), "Nope", unknown=["SHOP-57"])).reason == "Rejected"


def test_a_rejected_report_that_has_changed_since_is_on_its_way_again() -> None:
    changed = moved_on(rejected(entry(state=State.IN_PROGRESS), "Nope"), State.FAILED, "deadline exceeded")

    assert condition(changed).reason == "Sending"


def test_words_that_are_no_keys_are_named_and_the_form_of_a_key_is_shown() -> None:
    found = condition(None, Circumstances(malformed_keys=("shopp", "41")))

    assert (found.status, found.reason) == (Status.FALSE, "InvalidIssueKeys")
    assert "shopp, 41" in found.message
    assert "SHOP-41" in found.message


def test_a_missing_site_is_said_even_if_keys_are_malformed_too() -> None:
    around = Circumstances(malformed_keys=("x",), no_site="there is no JiraSite 'otter'")
    found = condition(None, around)

    assert (found.status, found.reason) == (Status.FALSE, "SiteNotFound")
    assert "'otter'" in found.message


def test_a_spec_that_the_controller_refuses_is_said_before_all_else() -> None:
    found = condition(accepted(entry()), Circumstances(refused_spec="spec.strategy is missing"))

    assert (found.status, found.reason) == (Status.FALSE, "InvalidSpec")
    assert "spec.strategy is missing" in found.message


def test_a_version_that_no_controller_has_taken_up_is_on_its_way() -> None:
    found = condition(None, Circumstances(is_asked=True))

    assert (found.status, found.reason) == (Status.UNKNOWN, "Sending")


def test_a_workload_scaled_to_nothing_says_so() -> None:
    found = condition(None, Circumstances(has_no_replicas=True))

    assert (found.status, found.reason) == (Status.UNKNOWN, "NoReplicas")


def test_where_there_is_nothing_to_report_there_is_nothing_to_say() -> None:
    assert reported(None, QUIET) is None


# IssuesKnown.


def test_issues_are_known_once_jira_took_them_all() -> None:
    found = issues_known(accepted(entry()))

    assert found is not None
    assert found.status is Status.TRUE
    assert "SHOP-41, SHOP-57" in found.message


@pytest.mark.parametrize(
    "one", [accepted(entry(), unknown=["SHOP-57"]), rejected(entry(), "No", unknown=["SHOP-57"])]
)
def test_unknown_issues_are_named_whether_jira_took_the_rest_or_not(one: Entry) -> None:
    found = issues_known(one)

    assert found is not None
    assert (found.status, found.reason) == (Status.FALSE, "UnknownIssueKeys")
    assert "SHOP-57" in found.message
    assert "SHOP-41" not in found.message


@pytest.mark.parametrize("one", [None, entry()])
def test_before_jira_has_answered_nobody_knows_about_the_issues(one: Entry | None) -> None:
    assert issues_known(one) is None


# Times.


def test_another_status_begins_now() -> None:
    before = ShownCondition(Condition(Status.UNKNOWN, "Sending", ""), NOW)
    later = NOW + timedelta(minutes=1)

    assert shown(Condition(Status.TRUE, "Successful", ""), before, later).since == later
    assert shown(Condition(Status.TRUE, "Successful", ""), None, later).since == later


def test_another_reason_or_message_of_the_same_status_keeps_the_time() -> None:
    before = ShownCondition(Condition(Status.TRUE, "InProgress", "1 of 3"), NOW)
    after = Condition(Status.TRUE, "Successful", "3 of 3")

    assert shown(after, before, NOW + timedelta(minutes=1)) == ShownCondition(after, NOW)
