import unicodedata
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.core import names
from rollout_reporter.core.condition import Condition, ShownCondition, Status, shown
from rollout_reporter.core.conditions import Circumstances, issues_known, reported
from rollout_reporter.core.deployments import read_deployment
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.lines import LONGEST
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.core.report import Environment, EnvironmentType, State
from rollout_reporter.core.target import NoSite, Site, Surroundings, find_target
from unit.core.situations import NOW, accepted, deployment, entry, moved_on, namespace, rejected

QUIET = Circumstances()
ANNOTATIONS = {
    names.ISSUE_KEYS,
    names.SITE,
    names.ENVIRONMENT,
    names.ENVIRONMENT_TYPE,
    names.URL,
    names.DISPLAY_NAME,
    names.DESCRIPTION,
    names.PIPELINE,
    names.SERVICE_IDS,
    names.MAX_DURATION,
}


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
    assert found.message.startswith("not in Jira yet: revision ")
    assert "Jira said no. Do this, next attempt at 08:01:30 UTC" in found.message


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


def test_what_jira_took_without_any_of_its_issues_shows_on_none() -> None:
    """As it does for the sake of a service."""
    found = condition(accepted(entry(), unknown=["SHOP-57", "SHOP-41"]))

    assert (found.status, found.reason) == (Status.FALSE, "UnknownIssueKeys")


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


# Whatever people, pods or Jira have written.

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
HOSTILE = ANYTHING | st.builds(
    str.__mul__, st.sampled_from(["\u202e", "\x1b[2J", "a\n", "\u200b,", "結"]), st.integers(1, 5000)
)
UNSEEN = {"Cc", "Cf", "Zl", "Zp"}


def assert_fit_to_be_read(message: str) -> None:
    assert not [each for each in message if unicodedata.category(each) in UNSEEN]
    assert len(message) <= len(message.encode()) <= LONGEST


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(ANNOTATIONS), HOSTILE)), st.integers(0, 1))
def test_the_message_is_one_short_line_whatever_the_annotations_say(
    annotations: dict[str, str], sites: int
) -> None:
    body = deployment()
    body["metadata"]["annotations"].update(annotations)
    snapshot = read_deployment(body)
    keys = snapshot.wishes.issue_keys
    site = Site("default", "https://example.atlassian.net")
    name = snapshot.wishes.site or "default"
    around = Surroundings(namespace(), "eu1", dict([(name, replace(site, name=name))] * sites))
    target = find_target(snapshot, keys.valid or ("SHOP-41",), around)
    if isinstance(target, NoSite):
        assert_fit_to_be_read(condition(None, Circumstances(no_site=target.message)).message)
        return
    one = entry(
        environment=target.environment,
        issue_keys=keys.valid or ("SHOP-41",),
        hints=target.hints,
        display_name=snapshot.wishes.display_name or "",
        url=target.url,
    )
    malformed = Circumstances(malformed_keys=keys.malformed or ("x",))

    for found in (condition(accepted(one), malformed), condition(one), condition(None, malformed)):
        assert_fit_to_be_read(found.message)


@given(HOSTILE)
def test_the_message_is_one_short_line_whatever_pods_controllers_and_jira_say(text: str) -> None:
    trouble = Trouble(TroubleReason.FORBIDDEN, text)

    for found in (
        condition(accepted(entry(because=text))),
        condition(rejected(entry(), text)),
        condition(entry(), Circumstances(trouble=trouble)),
        condition(None, Circumstances(refused_spec=text)),
        issues_known(accepted(entry(), unknown=[text])),
        Condition(Status.FALSE, trouble.reason.value, trouble.message),
    ):
        assert found is not None
        assert_fit_to_be_read(found.message)


def test_a_letter_that_cannot_be_seen_is_shown_where_it_spoils_a_key() -> None:
    found = condition(None, Circumstances(malformed_keys=("SHOP-41\u200b",)))

    assert r"no issue key among SHOP-41\u200b: keys look like SHOP-41" in found.message


def test_long_texts_leave_room_for_what_else_is_to_be_said() -> None:
    one = entry(because="x" * 5000, environment=Environment("y" * 255, "y" * 255, EnvironmentType.TESTING))
    around = Circumstances(malformed_keys=tuple("z" * 5000 for _ in range(3)))

    message = condition(accepted(one, unknown=["SHOP-57"]), around).message

    assert "Jira does not know SHOP-57; not an issue key: zzz" in message
    assert_fit_to_be_read(message)


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


def test_a_refusal_for_another_cause_says_nothing_of_issues() -> None:
    assert issues_known(rejected(entry(), "The request is too large for Jira (413)")) is None


def test_an_issue_that_jira_did_not_know_stays_unknown_through_a_refusal_for_another_cause() -> None:
    found = issues_known(rejected(accepted(entry(), unknown=["SHOP-57"]), "Too large (413)"))

    assert found is not None
    assert (found.status, found.message) == (Status.FALSE, "Jira does not know SHOP-57")


@pytest.mark.parametrize("change", [{"issue_keys": ("SHOP-41", "NOPE-1")}, {"state": State.FAILED}])
def test_issues_that_jira_was_not_told_of_yet_are_not_called_known(change: dict[str, Any]) -> None:
    found = issues_known(replace(accepted(entry()), **change))

    assert found is not None
    assert "NOPE-1" not in found.message
    assert "last report that it took" in found.message


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
