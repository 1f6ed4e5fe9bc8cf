from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.core import names
from rollout_reporter.core.condition import Condition, ShownCondition, Status
from rollout_reporter.core.deployments import read_deployment, read_replica_set
from rollout_reporter.core.objects import (
    EPOCH,
    created_of,
    images_of,
    ref_of,
    resource_version_of,
    revision_of,
    selector_of,
    shown_condition,
    timestamp,
    wishes_of,
)
from rollout_reporter.core.workload import Kind, WorkloadRef
from unit.core.situations import deployment, pod_template, ref, replica_set

REVISION = "deployment.kubernetes.io/revision"


def annotated(**notes: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {getattr(names, name.upper()): text for name, text in notes.items()}}}


def digest_of(template: dict[str, Any]) -> str:
    body = deployment()
    body["spec"]["template"] = template
    return read_deployment(body).template


# Times.


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-24T08:00:00Z", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("2026-11-24T08:00:00.123456Z", datetime(2026, 11, 24, 8, 0, 0, 123456, tzinfo=UTC)),
        ("2026-11-24T09:00:00+01:00", datetime(2026, 11, 24, 8, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_utc(text: str, time: datetime) -> None:
    found = timestamp(text)

    assert found == time
    assert found is not None
    assert found.tzinfo is UTC


@pytest.mark.parametrize("text", [None, ""])
def test_no_time_is_no_time(text: str | None) -> None:
    assert timestamp(text) is None


@given(st.integers(0, 4_000_000_000), st.integers(-12, 12))
def test_a_time_means_the_same_in_whatever_zone_it_is_written(seconds: int, hours: int) -> None:
    moment = datetime.fromtimestamp(seconds, timezone(timedelta(hours=hours)))

    assert timestamp(moment.isoformat()) == moment


def test_an_object_without_a_creation_time_is_as_old_as_can_be() -> None:
    assert created_of({"metadata": {}}) == EPOCH


# Identity.


def test_a_workload_is_identified_by_namespace_kind_name_and_uid() -> None:
    assert ref_of(deployment(), Kind.DEPLOYMENT) == WorkloadRef("shop", Kind.DEPLOYMENT, "checkout", "uid-1")


@pytest.mark.parametrize(("text", "version"), [("42", 42), ("", 0), ("…", 0), ("-1", 0)])
def test_a_version_that_is_no_number_is_older_than_all_others(text: str, version: int) -> None:
    assert resource_version_of({"metadata": {"resourceVersion": text}}) == version


@pytest.mark.parametrize(("text", "revision"), [("7", 7), ("", None), ("seven", None), ("-7", None)])
def test_a_revision_is_a_number_or_none(text: str, revision: int | None) -> None:
    assert revision_of({"metadata": {"annotations": {REVISION: text}}}, REVISION) == revision


def test_without_annotations_there_is_no_revision() -> None:
    assert revision_of({"metadata": {"annotations": None}}, REVISION) is None


# Pod templates.


def test_a_replica_set_and_its_workload_agree_on_the_template_in_spite_of_the_label_that_was_added() -> None:
    facts = read_replica_set(replica_set(), ref())

    assert facts is not None
    assert facts.template == digest_of(pod_template())


def test_the_label_that_was_added_may_be_the_only_one() -> None:
    bare = replica_set()
    bare["spec"]["template"] = {"metadata": {"labels": {"pod-template-hash": "7d9f"}}, "spec": {}}
    facts = read_replica_set(bare, ref())

    assert facts is not None
    assert facts.template == digest_of({"spec": {}})


def test_the_order_of_fields_and_empty_metadata_make_no_difference() -> None:
    template = pod_template()
    turned = dict(reversed(template.items()))
    turned["metadata"] = template["metadata"] | {"creationTimestamp": None, "annotations": {}}

    assert digest_of(turned) == digest_of(template)


def test_what_go_writes_for_a_struct_that_holds_nothing_makes_no_difference() -> None:
    rewritten = pod_template()
    for container in rewritten["spec"]["containers"]:
        container["resources"] = {}

    assert digest_of(rewritten) == digest_of(pod_template())


@pytest.mark.parametrize(
    "change",
    [
        lambda template: template["spec"]["containers"][0].update(image="registry.example/checkout:1.4.3"),
        lambda template: template["spec"]["containers"].append({"name": "sidecar", "image": "envoy"}),
        lambda template: template["metadata"]["labels"].update(tier="web"),
        lambda template: template["metadata"].update(annotations={"checksum/config": "8c1f"}),
        lambda template: template["spec"]["containers"][0].update(resources={"limits": {"cpu": "1"}}),
        lambda template: template["spec"].update(securityContext={}),  # a pointer: its hash is another one
    ],
    ids=["image", "container", "label", "annotation", "resources", "security context"],
)
def test_a_changed_template_has_another_digest(change: Any) -> None:
    changed = pod_template()
    change(changed)

    assert digest_of(changed) != digest_of(pod_template())


def test_images_come_in_the_order_of_the_containers() -> None:
    template = {"spec": {"containers": [{"image": "b:1"}, {"name": "odd"}, {"image": "a:2"}]}}

    assert images_of(template) == ("b:1", "", "a:2")


@pytest.mark.parametrize("template", [{}, {"spec": None}, {"spec": {"containers": None}}])
def test_a_template_without_containers_has_no_images(template: dict[str, Any]) -> None:
    assert images_of(template) == ()


# Annotations.


def test_wishes_are_read_from_annotations() -> None:
    wishes = wishes_of(
        annotated(
            issue_keys="shop-41 nonsense",
            environment="eu",
            environment_type="production",
            site="other",
            url="https://ci.example",
            pipeline="payments",
            display_name="Payments",
            description="Release train",
            service_ids="one, two one",
        )
    )

    assert wishes.issue_keys.valid == ("SHOP-41",)
    assert wishes.issue_keys.malformed == ("nonsense",)
    assert (wishes.environment, wishes.environment_type) == ("eu", "production")
    assert (wishes.site, wishes.url, wishes.pipeline) == ("other", "https://ci.example", "payments")
    assert (wishes.display_name, wishes.description) == ("Payments", "Release train")
    assert wishes.service_ids == ("one", "two")


def test_blank_annotations_wish_nothing_and_blanks_around_a_text_are_cut_off() -> None:
    wishes = wishes_of(annotated(environment="  ", site=" other\n"))

    assert wishes.environment is None
    assert wishes.site == "other"


@pytest.mark.parametrize(
    ("text", "ignore"), [("true", True), (" True ", True), ("false", False), ("", False), ("1", False)]
)
def test_a_workload_is_ignored_only_where_it_says_true(text: str, ignore: bool) -> None:  # noqa: FBT001 (data)
    assert wishes_of(annotated(ignore=text)).ignore is ignore


@pytest.mark.parametrize("body", [{}, {"metadata": None}, {"metadata": {"annotations": None}}])
def test_without_annotations_nobody_wishes_anything(body: dict[str, Any]) -> None:
    assert not wishes_of(body).issue_keys.given


# Our condition.


def test_our_condition_is_found_among_others() -> None:
    body = deployment()
    body["status"]["conditions"].append(
        {
            "type": names.REPORTED,
            "status": "True",
            "reason": "Successful",
            "message": "all is well",
            "lastTransitionTime": "2026-11-24T08:00:00Z",
        }
    )

    assert shown_condition(body) == ShownCondition(
        Condition(Status.TRUE, "Successful", "all is well"), datetime(2026, 11, 24, 8, tzinfo=UTC)
    )


@pytest.mark.parametrize("status", [None, {}, {"conditions": None}, deployment()["status"]])
def test_where_we_have_shown_nothing_nothing_is_found(status: Any) -> None:
    assert shown_condition({"status": status}) is None


# Selectors.


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({"matchLabels": {"b": "2", "a": "1"}}, "a=1,b=2"),
        (
            {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["web", "api"]}]},
            "tier in (web,api)",
        ),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["db"]}]}, "tier notin (db)"),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, "tier"),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, "!tier"),
        (
            {"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]},
            "a=1,tier",
        ),
        (None, ""),
        ({"matchLabels": None, "matchExpressions": None}, ""),
    ],
)
def test_a_selector_is_written_as_list_requests_take_it(selector: Any, text: str) -> None:
    assert selector_of({"spec": {"selector": selector}}) == text


# ReplicaSets.


def test_a_replica_set_has_its_name_hash_and_revision() -> None:
    facts = read_replica_set(replica_set(revision="12"), ref())

    assert facts is not None
    assert (facts.name, facts.pod_hash, facts.revision) == ("checkout-7d9f", "7d9f", 12)


def test_a_replica_set_of_a_namesake_is_none_of_ours() -> None:
    assert read_replica_set(replica_set(owner="uid-of-an-earlier-checkout"), ref()) is None


def test_an_owner_that_does_not_control_is_no_owner() -> None:
    body = replica_set()
    body["metadata"]["ownerReferences"][0]["controller"] = False

    assert read_replica_set(body, ref()) is None


def test_a_replica_set_that_has_no_revision_yet_says_nothing() -> None:
    assert read_replica_set(replica_set(revision=None), ref()) is None
