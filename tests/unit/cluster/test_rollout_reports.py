import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster import reports
from rollout_reporter.cluster.errors import ConflictError, TerminatingError
from rollout_reporter.cluster.reports import (
    ForeignReportError,
    claim_report,
    load_report,
    load_reports,
    remove_report,
    report_name,
    store_report,
)
from rollout_reporter.cluster.resources import ConditionModel
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.keys import MAX_ASSOCIATIONS
from rollout_reporter.core.ledger import HISTORY, MOST, Ledger
from rollout_reporter.core.report import Environment, EnvironmentType, Pipeline, State
from rollout_reporter.core.workload import Kind
from unit.cluster.fake_cluster import OURS, FakeCluster
from unit.cluster.records import recorded
from unit.core.situations import NOW, accepted, entry, ref, rejected

REPORTS = f"{OURS}/shop/rolloutreports"
REPORT = f"{REPORTS}/deployment-checkout"
REPORTED = ConditionModel(
    type="Reported", status="True", reason="Successful", message="all is well", last_transition_time=NOW
)

NOT_CHECKED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

texts = st.text(max_size=40)
ids = st.text(min_size=1, max_size=255)
keys = st.from_regex(r"[A-Z]{2,4}-[1-9]{1,3}", fullmatch=True)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
entries = st.builds(
    entry,
    workload_uid=st.sampled_from(["uid-1", "uid-0"]),
    pipeline=st.builds(Pipeline, ids, ids),
    environment=st.builds(Environment, ids, ids, st.sampled_from(EnvironmentType)),
    revision=st.none() | st.integers(0, 10**6),
    replica_set=st.none() | texts,
    template=texts,
    state=st.sampled_from(State),
    because=texts,
    since=moments,
    issue_keys=st.lists(keys, min_size=1, max_size=3).map(tuple),
    service_ids=st.lists(texts, max_size=2).map(tuple),
    display_name=texts,
    description=texts,
    url=texts,
    label=texts,
)
answered = entries | st.builds(
    lambda one, unknown, number: accepted(one, unknown=unknown, number=number),
    entries,
    st.lists(keys, max_size=2),
    st.integers(1, 2**53),
)
answered |= st.builds(lambda one, text: rejected(one, text, unknown=["SHOP-41"]), entries, texts)
ledgers = st.lists(answered, max_size=HISTORY + 1).map(
    lambda some: Ledger(ref(), tuple(replace(one, number=number) for number, one in enumerate(some)))
)


def a_ledger(*some: Entry) -> Ledger:
    return Ledger(ref(), some or (accepted(entry()),))


# What is stored comes back.


@given(ledgers)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_whatever_a_ledger_says_it_says_after_a_restart(
    cluster: FakeCluster, api: ApiClient, ledger: Ledger
) -> None:
    cluster.objects.clear()
    written = await recorded(api, ledger, [REPORTED])
    read = await load_report(api, ref())

    assert read == written
    assert read is not None
    assert read.ledger == ledger
    assert read.conditions == (REPORTED,)


async def test_an_entry_that_jira_took_is_not_due_after_a_restart(api: ApiClient) -> None:
    await recorded(api, a_ledger(accepted(entry())))
    read = await load_report(api, ref())

    assert read is not None
    assert read.ledger.due == ()


async def test_people_read_workload_issues_and_the_newest_deployment_first(
    cluster: FakeCluster, api: ApiClient
) -> None:
    older, newer = entry(number=1, revision=1), entry(number=2, revision=2)
    await recorded(api, a_ledger(older, newer), [REPORTED])
    status = cluster.objects[REPORT]["status"]

    assert status["workload"] == "deployment/checkout"
    assert status["issues"] == "SHOP-41, SHOP-57"
    assert status["current"]["revision"] == 2
    assert [each["revision"] for each in status["history"]] == [1]
    assert [each["reason"] for each in status["conditions"]] == ["Successful"]


async def test_a_report_has_no_owner_that_would_take_it_along(cluster: FakeCluster, api: ApiClient) -> None:
    await recorded(api, a_ledger())

    assert "ownerReferences" not in cluster.objects[REPORT]["metadata"]
    assert cluster.objects[REPORT]["spec"]["workload"] == {
        "kind": "Deployment",
        "name": "checkout",
        "uid": "uid-1",
    }


# Limits of the CRD: a ledger that does not fit would not be stored at all.


async def test_as_much_as_a_ledger_may_hold_fits_into_a_report(api: ApiClient) -> None:
    keys = tuple(f"SHOP-{n}" for n in range(MAX_ASSOCIATIONS))
    unsent = [entry(number=number, revision=number, issue_keys=keys) for number in range(1, MOST + 1)]

    assert (await recorded(api, a_ledger(*unsent))).ledger.current is not None


async def test_a_refusal_of_any_length_can_be_stored(api: ApiClient) -> None:
    stored = await recorded(api, a_ledger(rejected(entry(), "no! " * 1000)))

    assert stored.ledger.current is not None
    assert stored.ledger.current.refusal is not None
    assert stored.ledger.current.refusal.message.startswith("no! no! ")


# Fences.


async def test_a_write_on_a_version_that_somebody_else_has_replaced_is_a_conflict(api: ApiClient) -> None:
    first = await recorded(api, a_ledger())
    await store_report(api, a_ledger(), [REPORTED], first)

    with pytest.raises(ConflictError):
        await store_report(api, a_ledger(), [], first)


async def test_versions_go_on_from_write_to_write(api: ApiClient) -> None:
    stored = await recorded(api, a_ledger())
    for reason in ("Pending", "InProgress", "Successful"):
        condition = REPORTED.model_copy(update={"reason": reason})
        stored = await store_report(api, a_ledger(), [condition], stored)

    assert [each.reason for each in stored.conditions] == ["Successful"]


async def test_a_workload_made_again_takes_the_report_of_its_namesake_over(
    cluster: FakeCluster, api: ApiClient
) -> None:
    await recorded(api, a_ledger())
    again = Ledger(ref(uid="uid-2"), (accepted(entry()), entry(number=2**52, workload_uid="uid-2")))
    stored = await recorded(api, again)

    assert stored.ledger == again
    assert cluster.objects[REPORT]["spec"]["workload"]["uid"] == "uid-2"


# One installation for each workload.


async def test_a_report_of_another_installation_is_not_taken_over(api: ApiClient) -> None:
    theirs = await recorded(api, a_ledger(), installation="other")
    with pytest.raises(ForeignReportError, match="in namespace other") as refused:
        await claim_report(api, ref(), "ops")

    assert refused.value.owner == "other"
    assert await load_report(api, ref()) == theirs


@pytest.mark.parametrize("owner", ["other", None])
async def test_in_a_namespace_that_is_being_deleted_it_is_looked_for_before_none_can_be_created(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, owner: str | None
) -> None:
    async def refuse(*_: object) -> None:
        raise TerminatingError("shop is being terminated")

    if owner:
        await recorded(api, a_ledger(), installation=owner)
    monkeypatch.setattr(reports, "create", refuse)

    with pytest.raises(ForeignReportError if owner else TerminatingError):
        await claim_report(api, ref(), "ops")


async def test_not_even_if_its_workload_was_made_again(api: ApiClient) -> None:
    await recorded(api, a_ledger(), installation="other")
    with pytest.raises(ForeignReportError):
        await claim_report(api, ref(uid="uid-2"), "ops")


async def test_claiming_ones_own_report_again_changes_nothing(api: ApiClient) -> None:
    stored = await recorded(api, a_ledger())
    assert await claim_report(api, ref(), "ops") == stored


async def test_a_report_that_names_no_installation_is_claimed(cluster: FakeCluster, api: ApiClient) -> None:
    await recorded(api, a_ledger())
    del cluster.objects[REPORT]["spec"]["installation"]
    claimed = await claim_report(api, ref(), "ops")

    assert claimed.installation == "ops"
    assert claimed.ledger == a_ledger()


# Finding and removing.


async def test_all_reports_of_all_pages_are_found(cluster: FakeCluster, api: ApiClient) -> None:
    body = {
        "spec": {"workload": {"kind": "Deployment", "name": "x", "uid": "1"}},
        "metadata": {"namespace": "shop"},
    }
    for number in range(250):
        cluster.hold(f"{REPORTS}/deployment-{number}", body)

    assert len([each async for each in load_reports(api, "shop")]) == 250
    assert len([each async for each in load_reports(api)]) == 250
    assert len([each async for each in load_reports(api, "bank")]) == 0


async def test_a_report_that_is_not_there_is_none(api: ApiClient) -> None:
    assert await load_report(api, ref()) is None


async def test_removing_twice_is_as_good_as_once(cluster: FakeCluster, api: ApiClient) -> None:
    await recorded(api, a_ledger())
    await remove_report(api, ref())
    await remove_report(api, ref())

    assert REPORT not in cluster.objects


# Names.


def test_a_report_is_named_by_kind_and_name() -> None:
    assert report_name(ref()) == "deployment-checkout"
    assert report_name(ref(kind=Kind.ROLLOUT)) == "rollout-checkout"


def test_long_names_that_differ_only_at_the_end_are_two_reports_with_valid_names() -> None:
    one, other = (report_name(ref("a" * 252 + end)) for end in "bc")

    assert one != other
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", name) for name in (one, other))
