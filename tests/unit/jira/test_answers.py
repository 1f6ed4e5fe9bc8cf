from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.core.outcome import Accepted, Judged, Rejected, Trouble, TroubleReason, Unanswered
from rollout_reporter.core.report import Pipeline, Report, Update
from rollout_reporter.jira.answers import judge, trouble
from rollout_reporter.jira.payload import wire_key
from rollout_reporter.jira.schemas import SubmitResponse

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
NO_ASSOCIATIONS = "No valid associations found for deployment"
NO_URL = "'url' is required"


def key(report: Report, **changes: object) -> dict[str, object]:
    known = {
        "pipelineId": report.pipeline.id,
        "environmentId": report.environment.id,
        "deploymentSequenceNumber": report.number,
    }
    return {**known, **changes}


def read(**lists: object) -> SubmitResponse:
    return SubmitResponse.model_validate(lists)


def test_an_accepted_deployment_is_accepted(report: Report, update: Update) -> None:
    judged = judge([update], read(acceptedDeployments=[key(report)]))
    assert judged == Judged({report.key: Accepted()})


def test_a_rejected_deployment_carries_each_message_once(report: Report, update: Update) -> None:
    errors = [{"message": NO_URL}, {"message": NO_URL, "errorTraceId": "b6c1f0e2"}, {}]
    judged = judge([update], read(rejectedDeployments=[{"key": key(report), "errors": errors}]))
    assert judged == Judged({report.key: Rejected((NO_URL,))})


@pytest.mark.parametrize(
    "errors",
    [NO_URL, {"message": NO_URL}, [NO_URL], [{"Message": NO_URL, "errorTraceId": 7}, {"message": {}}]],
)
def test_a_rejection_is_heard_whatever_shape_its_errors_have(
    report: Report, update: Update, errors: object
) -> None:
    judged = judge([update], read(rejectedDeployments=[{"key": key(report), "errors": errors}]))
    assert judged == Judged({report.key: Rejected((NO_URL,))})


@pytest.mark.parametrize("message", [NO_ASSOCIATIONS, "No valid issues found for deployment"])
def test_where_no_value_is_known_and_none_is_listed_every_key_is_unknown(
    report: Report, update: Update, message: str
) -> None:
    answer = read(rejectedDeployments=[{"key": key(report), "errors": [{"message": message}]}])
    assert judge([update], answer) == Judged({report.key: Rejected((message,), ("SHOP-57", "SHOP-41"))})


def test_a_rejection_without_words_still_says_something(report: Report, update: Update) -> None:
    judged = judge([update], read(rejectedDeployments=[{"key": key(report), "errors": None}]))
    outcome = judged.outcomes[report.key]
    assert isinstance(outcome, Rejected)
    assert outcome.messages == ("Jira rejected the deployment without giving a reason",)


def test_neither_accepted_nor_rejected_is_unanswered(report: Report, update: Update) -> None:
    assert judge([update], read()) == Judged({report.key: Unanswered()})


def test_one_of_which_jira_knows_nothing_is_rejected_though_it_is_listed_nowhere(
    report: Report, update: Update
) -> None:
    told = {"associationType": "issueIdOrKeys", "values": [*report.issue_keys]}
    for answer in (read(unknownIssueKeys=[*report.issue_keys]), read(unknownAssociations=[told])):
        [outcome] = judge([update], answer).outcomes.values()
        assert outcome == Rejected(("Jira knows none of the issues",), report.issue_keys)

    some = read(unknownIssueKeys=[report.issue_keys[0]])
    assert judge([update], some) == Judged({report.key: Unanswered()})


def test_a_rejection_may_name_the_deployment_as_an_acceptance_does(report: Report, update: Update) -> None:
    judged = judge([update], read(rejectedDeployments=[key(report, errors=[{"message": NO_URL}])]))
    assert judged == Judged({report.key: Rejected((NO_URL,))})


def test_accepted_and_rejected_at_once_counts_as_rejected(report: Report, update: Update) -> None:
    both = read(acceptedDeployments=[key(report)], rejectedDeployments=[{"key": key(report)}])
    assert isinstance(judge([update], both).outcomes[report.key], Rejected)


@pytest.mark.parametrize("number", ["1795507100000018", 1795507100000018.0])
def test_a_number_may_come_back_in_another_form(report: Report, update: Update, number: object) -> None:
    answer = read(acceptedDeployments=[key(report, deploymentSequenceNumber=number)])
    assert judge([update], answer) == Judged({report.key: Accepted()})


def test_an_id_may_come_back_as_a_number(report: Report) -> None:
    numbered = replace(report, pipeline=Pipeline("42", "checkout"))
    answer = read(acceptedDeployments=[key(report, pipelineId=42)])
    assert judge([Update(numbered, 1)], answer) == Judged({numbered.key: Accepted()})


def test_an_id_that_was_shortened_to_be_sent_is_recognised(report: Report) -> None:
    long = replace(report, pipeline=Pipeline("p" * 300, "checkout"))
    answer = read(acceptedDeployments=[key(report, pipelineId=wire_key(long.key).pipeline_id)])
    assert judge([Update(long, 1)], answer) == Judged({long.key: Accepted()})


def test_an_entry_that_cannot_be_read_does_not_spoil_the_others(report: Report, update: Update) -> None:
    answer = read(
        acceptedDeployments=[{"pipelineId": None}, "nonsense", key(report)],
        rejectedDeployments=None,
        unknownAssociations=[{"values": 7}, None],
        unknownIssueKeys=None,
    )
    assert judge([update], answer) == Judged({report.key: Accepted()})


@pytest.mark.parametrize("odd", [{}, "", "nonsense", False, 7, {"key": {}}])
@pytest.mark.parametrize("name", ["rejectedDeployments", "unknownIssueKeys", "unknownAssociations"])
def test_what_is_no_list_does_not_spoil_what_was_accepted(
    report: Report, update: Update, name: str, odd: object
) -> None:
    answer = read(acceptedDeployments=[key(report)], **{name: odd})
    assert judge([update], answer) == Judged({report.key: Accepted()})


def test_names_count_in_any_case_and_a_key_may_be_wrapped(report: Report, update: Update) -> None:
    capital = {name[0].upper() + name[1:]: value for name, value in key(report).items()}
    for answer in (read(AcceptedDeployments=[capital]), read(accepteddeployments=[{"key": key(report)}])):
        assert judge([update], answer) == Judged({report.key: Accepted()})


@pytest.mark.parametrize("other", [{"pipelineId": "EU1.shop.deployment.checkout"}, {"environmentId": ""}])
def test_only_what_names_the_deployment_accepts_it(
    report: Report, update: Update, other: dict[str, object]
) -> None:
    answer = read(acceptedDeployments=[key(report, **other)])
    assert judge([update], answer) == Judged({report.key: Unanswered()})


def test_unknown_values_of_the_request_are_told_to_each_deployment_that_had_them(report: Report) -> None:
    cart = replace(report, pipeline=Pipeline("cart", "cart"), issue_keys=("SHOP-41", "UTF-8"), service_ids=())
    answer = read(
        acceptedDeployments=[key(report), key(cart)],
        unknownIssueKeys=["SHOP-41"],
        unknownAssociations=[{"associationType": "issueIdOrKeys", "values": ["UTF-8", "OTHER-1"]}],
    )
    assert judge([Update(report, 1), Update(cart, 2)], answer) == Judged(
        {report.key: Accepted(("SHOP-41",)), cart.key: Accepted(("SHOP-41", "UTF-8"))}
    )


def test_unknown_keys_go_with_a_rejection_too(report: Report, update: Update) -> None:
    answer = read(
        rejectedDeployments=[{"key": key(report), "errors": [{"message": NO_ASSOCIATIONS}]}],
        unknownAssociations=[{"associationType": "issueKeys", "values": ["shop-41", "SHOP-57"]}],
    )
    assert judge([update], answer) == Judged(
        {report.key: Rejected((NO_ASSOCIATIONS,), ("SHOP-57", "SHOP-41"))}
    )


def test_issue_ids_may_come_back_as_numbers(report: Report) -> None:
    by_id = replace(report, issue_keys=("10012", "SHOP-1"))
    answer = read(
        acceptedDeployments=[key(report)],
        unknownAssociations=[{"associationType": "issueIdOrKeys", "values": [10012, {"commitHash": "x"}]}],
    )
    assert judge([Update(by_id, 1)], answer) == Judged({report.key: Accepted(("10012",))})


def test_unknown_services_are_told_but_not_taken_for_issues(report: Report) -> None:
    alike = replace(report, issue_keys=("SHOP-1",), service_ids=("SHOP-1", "cart"))
    answer = read(
        acceptedDeployments=[key(report)],
        unknownAssociations=[{"associationType": "serviceIdOrKeys", "values": ["cart"]}],
    )
    assert judge([Update(alike, 1)], answer) == Judged({report.key: Accepted(("cart",))})


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, TroubleReason.UNAVAILABLE),
        (401, TroubleReason.UNAUTHORIZED),
        (403, TroubleReason.FORBIDDEN),
        (404, TroubleReason.SITE_NOT_FOUND),
        (410, TroubleReason.SITE_NOT_FOUND),
        (407, TroubleReason.UNAVAILABLE),
        (409, TroubleReason.UNAVAILABLE),
        (413, TroubleReason.TOO_LARGE),
        (422, TroubleReason.UNAVAILABLE),
        (429, TroubleReason.RATE_LIMITED),
        (302, TroubleReason.SITE_NOT_FOUND),
        (500, TroubleReason.UNAVAILABLE),
        (503, TroubleReason.UNAVAILABLE),
        (202, TroubleReason.UNAVAILABLE),
        (0, TroubleReason.UNAVAILABLE),
        (999, TroubleReason.UNAVAILABLE),
    ],
)
def test_each_status_has_its_reason_and_is_named(status: int, reason: TroubleReason) -> None:
    found = trouble(status, {}, b"", NOW)
    assert found.reason is reason
    assert f"({status}" in found.message


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'[{"message": "\'deployments\' can have a maximum of 100 elements"}]', TroubleReason.BAD_REQUEST),
        (b'\xef\xbb\xbf{"message": "caf\xe9"}', TroubleReason.BAD_REQUEST),
        (b"{}", TroubleReason.BAD_REQUEST),
        (b"<html><title>Bad Request</title>", TroubleReason.UNAVAILABLE),
        (b"Bad Request", TroubleReason.UNAVAILABLE),
        (b'[{"message": "cut o', TroubleReason.UNAVAILABLE),
    ],
)
def test_a_page_of_a_gateway_is_no_word_on_the_request(
    status: int, body: bytes, reason: TroubleReason
) -> None:
    assert trouble(status, {}, body, NOW).reason is reason


def test_a_page_that_says_too_large_is_believed() -> None:
    assert trouble(413, {}, b"<html>", NOW).reason is TroubleReason.TOO_LARGE


def test_a_forbidden_credential_is_told_with_the_cure() -> None:
    found = trouble(403, {}, b'{"message": "no"}', NOW)
    assert found.message == (
        'Jira refuses this credential (403): "no". In Jira: Settings → Apps → OAuth credentials, '
        "tick Deployments in the permissions of the credential. "
        "If it is ticked, look for app access rules of the organisation."
    )


def test_a_token_without_the_scope_is_forbidden_as_renewing_will_not_help() -> None:
    found = trouble(401, {}, b'{"code":401,"message":"Unauthorized; Scope does not match"}', NOW)
    assert found.reason is TroubleReason.FORBIDDEN
    assert "(401)" in found.message


def test_the_reason_for_a_rate_limit_and_the_wait_are_told() -> None:
    headers = {"Retry-After": "5", "RateLimit-Reason": "jira-burst-based"}
    found = trouble(429, headers, b"", NOW)
    assert "(429, jira-burst-based)" in found.message
    assert found.retry_after == timedelta(seconds=5)


def test_when_a_quota_begins_anew_is_no_wait_unless_requests_are_limited() -> None:
    headers = {"X-RateLimit-Reset": "2026-11-24T08:30:00Z"}
    assert trouble(503, headers, b"", NOW).retry_after is None
    assert trouble(429, headers, b"", NOW).retry_after == timedelta(minutes=30)


def test_an_unavailable_jira_may_ask_for_a_wait() -> None:
    assert trouble(503, {"retry-after": "120"}, b"", NOW).retry_after == timedelta(minutes=2)


def test_a_redirect_names_where_it_leads_without_its_query() -> None:
    found = trouble(302, {"location": "https://login.example.com/?state=abc"}, b"", NOW)
    assert "https://login.example.com/" in found.message
    assert "abc" not in found.message


@given(st.integers(), st.dictionaries(st.text(), st.text()), st.binary())
def test_any_answer_is_some_trouble(status: int, headers: dict[str, str], body: bytes) -> None:
    found = trouble(status, headers, body, NOW)
    assert isinstance(found, Trouble)
    assert found.message.endswith(".")
    assert len(found.message) < 1000


NODES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
LISTS = ("acceptedDeployments", "rejectedDeployments", "unknownIssueKeys", "unknownAssociations")


@given(st.data())
def test_any_lists_of_an_answer_leave_no_update_without_an_outcome(data: st.DataObject) -> None:
    response = read(**{name: data.draw(st.lists(NODES, max_size=3) | NODES) for name in LISTS})
    report = data.draw(st.builds(Report, issue_keys=st.just(("SHOP-1",)), url=st.just("")))
    assert judge([Update(report, 1)], response).outcomes.keys() == {report.key}
