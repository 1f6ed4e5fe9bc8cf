import json
import string
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter import __version__
from rollout_reporter.core.report import (
    DeploymentKey,
    Environment,
    EnvironmentType,
    Pipeline,
    Report,
    State,
    Update,
)
from rollout_reporter.jira.payload import (
    deployment_data,
    left_out,
    sendable,
    submit_request,
    wire_key,
    wire_properties,
)
from rollout_reporter.jira.schemas import MAX_INT64, SentDeployment, SubmitRequest

DATA = Path(__file__).parent / "data"
ANY_TEXT = st.text(st.characters(exclude_categories=()))
LONG_TEXT = ANY_TEXT | ANY_TEXT.map(lambda text: text * 300)
NUMBERS = st.integers(0, MAX_INT64)
KEYS = st.from_regex(r"[A-Z]{2,9}-[1-9]{1,5}", fullmatch=True)

REPORTS = st.builds(
    Report,
    pipeline=st.builds(Pipeline, id=LONG_TEXT, name=LONG_TEXT),
    environment=st.builds(Environment, id=LONG_TEXT, name=LONG_TEXT, type=st.sampled_from(EnvironmentType)),
    number=NUMBERS,
    state=st.sampled_from(State),
    issue_keys=st.tuples(KEYS, ANY_TEXT) | st.lists(KEYS, min_size=1).map(tuple),
    service_ids=st.lists(LONG_TEXT).map(tuple),
    display_name=LONG_TEXT,
    description=LONG_TEXT,
    url=LONG_TEXT,
    label=LONG_TEXT,
    last_updated=st.datetimes(datetime(1970, 1, 1), timezones=st.timezones()),  # noqa: DTZ001 (hypothesis)
)


def body(request: SubmitRequest) -> Any:
    return json.loads(request.model_dump_json(by_alias=True, exclude_none=True))


def keys(count: int) -> tuple[str, ...]:
    return tuple(f"SHOP-{number}" for number in range(1, count + 1))


def test_every_field_is_sent_as_the_golden_body_says(update: Update) -> None:
    golden = json.loads((DATA / "submit.json").read_text().replace("VERSION", __version__))
    sent = body(submit_request([update]))
    assert sent.keys() == golden.keys()
    assert sent["providerMetadata"] == golden["providerMetadata"]
    (deployment,), (wanted,) = sent["deployments"], golden["deployments"]
    assert deployment.keys() == wanted.keys()
    for field, value in wanted.items():
        assert deployment[field] == value, field


def test_properties_go_with_the_request(update: Update) -> None:
    sent = body(submit_request([update], properties={"cluster": "eu1"}))
    assert sent["properties"] == {"cluster": "eu1"}


def test_a_property_that_is_too_long_is_shortened_like_an_id() -> None:
    names = {"cluster": "x" * 300, "other": "x" * 301}
    sent = wire_properties(names)
    assert all(len(value) == 255 for value in sent.values())
    assert sent["cluster"] != sent["other"]
    assert wire_properties(names) == sent


@pytest.mark.parametrize(
    "names", [[], [""], ["_a"], ["a", "_b"], ["a:b"], ["x" * 256], list("abcdef")], ids=repr
)
def test_properties_that_jira_does_not_take_are_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        wire_properties(dict.fromkeys(names, "eu1"))


@given(REPORTS, NUMBERS)
def test_any_report_gives_a_body_that_the_strict_schema_accepts(report: Report, number: int) -> None:
    sent = submit_request([Update(report, number)]).model_dump_json(by_alias=True, exclude_none=True)
    (deployment,) = SubmitRequest.model_validate_json(sent).deployments
    texts = [
        *(deployment.display_name, deployment.description, deployment.label or ""),
        *(deployment.pipeline.id, deployment.pipeline.display_name),
        *(deployment.environment.id, deployment.environment.display_name),
    ]
    assert all(len(text.encode("utf-16-le")) <= 2 * 255 for text in texts)
    assert deployment.last_updated <= report.last_updated


@given(st.text(string.printable), st.text(string.printable))
def test_different_ids_stay_different(one: str, other: str) -> None:
    ids = {wire_key(DeploymentKey(text * 60, text, 1)) for text in (one, other)}
    assert len(ids) == len({one, other})


def test_an_id_within_the_limits_is_not_touched(report: Report) -> None:
    assert wire_key(report.key) == report.key


def test_the_moment_of_the_state_is_sent_in_utc_with_milliseconds(update: Update) -> None:
    moment = datetime.fromisoformat("2026-11-24T10:01:03.000999+02:00")
    sent = deployment_data(replace(update, report=replace(update.report, last_updated=moment)))
    assert '"lastUpdated":"2026-11-24T08:01:03.000Z"' in sent.model_dump_json(by_alias=True)
    assert sent.last_updated.astimezone(UTC) == moment  # only the text is to the millisecond


def test_a_long_description_is_cut(update: Update) -> None:
    sent = deployment_data(replace(update, report=replace(update.report, description="long " * 100)))
    assert sent.description.endswith("long…")
    assert len(sent.description) <= 255


def test_empty_texts_are_filled_with_what_is_known(update: Update) -> None:
    bare = replace(
        update.report,
        pipeline=Pipeline("eu1.shop.deployment.cart", ""),
        environment=Environment("shop", " ", EnvironmentType.UNMAPPED),
        display_name="\n",
        description="",
        label="\u200b",
        url="",
    )
    sent = deployment_data(replace(update, report=bare), site_url="https://example.atlassian.net")
    assert sent.display_name == sent.pipeline.display_name == "eu1.shop.deployment.cart"
    assert sent.environment.display_name == "shop"
    assert sent.description == "Rollout of eu1.shop.deployment.cart"
    assert sent.url == sent.pipeline.url == "https://example.atlassian.net"
    assert sent.label is None
    assert "label" not in sent.model_dump_json(by_alias=True, exclude_none=True)


def association_counts(data: SentDeployment) -> list[int]:
    return [len(association.values) for association in data.associations]


def test_issue_keys_come_before_services_in_the_five_hundred(update: Update) -> None:
    report = replace(update.report, issue_keys=keys(499), service_ids=("a", "b", "c"))
    assert association_counts(deployment_data(replace(update, report=report))) == [499, 1]
    assert left_out(report) == ("b", "c")


def test_keys_beyond_five_hundred_are_left_out_and_named(update: Update) -> None:
    report = replace(update.report, issue_keys=keys(502))
    assert association_counts(deployment_data(replace(update, report=report))) == [500]
    assert left_out(report) == ("SHOP-501", "SHOP-502", "checkout-service")


def test_malformed_keys_and_services_are_left_out_and_named(report: Report) -> None:
    odd = replace(
        report, issue_keys=("SHOP-1", "nonsense", "", "SHOP-1\n"), service_ids=("", "x" * 256, "ok")
    )
    assert left_out(odd) == ("nonsense", "", "SHOP-1\n", "", "x" * 256)


def test_repeated_values_are_sent_once(update: Update) -> None:
    report = replace(update.report, issue_keys=("SHOP-1", "SHOP-1"), service_ids=("a", "a"))
    assert association_counts(deployment_data(replace(update, report=report))) == [1, 1]
    assert left_out(report) == ()


def test_a_report_without_any_good_value_cannot_be_sent(report: Report) -> None:
    assert not sendable(replace(report, issue_keys=("nonsense",), service_ids=()))
    assert sendable(replace(report, issue_keys=("nonsense",), service_ids=("a",)))
    with pytest.raises(ValueError, match="associations"):
        deployment_data(Update(replace(report, issue_keys=(), service_ids=()), 1))
