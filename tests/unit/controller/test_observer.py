import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.controller.observer import Observer
from rollout_reporter.controller.sightings import Gone, Sighting
from rollout_reporter.core import names
from rollout_reporter.core.workload import Kind, Snapshot
from unit.core.situations import deployment, ref

IN_TEMPLATE = {"annotations": {names.ISSUE_KEYS: "SHOP-57"}, "labels": {"app": "checkout"}}


class Seen:
    """An observer, and what it delivers."""

    def __init__(self) -> None:
        self.delivered: list[Sighting] = []
        self.listed: list[bool] = []
        self.observer = Observer(self._deliver, lambda namespace: namespace != "kube-system")

    def _deliver(self, sighting: Sighting, is_listed: bool) -> None:  # noqa: FBT001 (see `Observer.deliver`)
        self.delivered.append(sighting)
        self.listed.append(is_listed)

    def see(self, body: Any, kind: str | None = "MODIFIED") -> list[Sighting]:
        """What one event brings."""
        self.delivered.clear()
        self.observer.observe(Kind.DEPLOYMENT, {"type": kind, "object": body})
        return list(self.delivered)


@pytest.fixture
def seen() -> Seen:
    return Seen()


def snapshot_in(delivered: list[Sighting]) -> Snapshot:
    [one] = delivered
    assert isinstance(one, Snapshot)
    return one


@pytest.mark.parametrize("kind", [None, "ADDED", "MODIFIED"])
def test_an_annotated_workload_is_delivered_whether_listed_added_or_modified(
    seen: Seen, kind: str | None
) -> None:
    found = snapshot_in(seen.see(deployment(), kind))

    assert found.ref == ref()
    assert found.wishes.issue_keys.valid == ("SHOP-41",)


def test_what_is_listed_may_follow_a_gap_and_what_is_told_by_an_event_follows_none(seen: Seen) -> None:
    for kind in (None, "ADDED", "MODIFIED", "DELETED"):
        seen.see(deployment(), kind)

    assert seen.listed == [True, False, False, False, False]


def test_an_annotation_on_the_pod_template_is_enough(seen: Seen) -> None:
    body = deployment(keys=None)
    body["spec"]["template"]["metadata"] = IN_TEMPLATE

    assert snapshot_in(seen.see(body)).template_wishes.issue_keys.valid == ("SHOP-57",)


@pytest.mark.parametrize("kind", [None, "ADDED", "MODIFIED", "DELETED"])
def test_an_unannotated_workload_leaves_nothing(seen: Seen, kind: str | None) -> None:
    assert seen.see(deployment(keys=None), kind) == []
    assert seen.observer.known == set()


def test_the_event_that_removes_the_annotation_is_delivered(seen: Seen) -> None:
    seen.see(deployment())

    assert not snapshot_in(seen.see(deployment(keys=None))).is_annotated


def test_after_the_annotation_was_removed_nothing_more_is_delivered_or_kept(seen: Seen) -> None:
    seen.see(deployment())
    seen.see(deployment(keys=None))

    assert seen.see(deployment(keys=None)) == []
    assert seen.observer.known == set()


def test_if_a_rollout_begins_as_the_annotation_is_removed_it_is_seen_how_it_ends(seen: Seen) -> None:
    """`kubectl rollout undo` to a version from before it: the one that is left is rolled back at the end."""
    seen.see(deployment())
    seen.see(deployment(keys=None, generation=2))
    begun = deployment(keys=None)
    begun["status"]["updatedReplicas"] = 0

    assert seen.see(begun) != []
    assert seen.see(deployment(keys=None)) != []
    assert seen.see(deployment(keys=None)) == []


def test_a_workload_that_is_to_be_ignored_is_delivered_as_one_that_is_not_annotated(seen: Seen) -> None:
    body = deployment()
    body["metadata"]["annotations"][names.IGNORE] = "true"

    assert not snapshot_in(seen.see(body)).is_annotated


def test_the_end_of_an_annotated_workload_is_delivered_with_its_last_state(seen: Seen) -> None:
    """Events that come fast are merged, so that state may be news."""
    seen.see(deployment())
    last, end = seen.see(deployment(resourceVersion="12"), "DELETED")

    assert isinstance(last, Snapshot)
    assert last.resource_version == 12
    assert end == Gone(ref())
    assert seen.observer.known == set()


def test_the_end_of_an_annotated_workload_that_was_never_seen_is_delivered(seen: Seen) -> None:
    assert seen.see(deployment(), "DELETED")[-1] == Gone(ref())


def test_the_end_of_a_workload_whose_last_state_cannot_be_read_is_delivered(seen: Seen) -> None:
    assert seen.see(deployment() | {"status": "none"}, "DELETED") == [Gone(ref())]


def test_a_workload_being_deleted_is_delivered_as_such(seen: Seen) -> None:
    body = deployment(deletionTimestamp="2026-11-24T08:00:00Z")

    assert snapshot_in(seen.see(body)).deleting


@pytest.mark.parametrize("kind", [None, "MODIFIED", "DELETED"])
def test_an_excluded_namespace_is_as_if_it_were_not_there(seen: Seen, kind: str | None) -> None:
    assert seen.see(deployment(namespace="kube-system"), kind) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body.pop("spec"),
        lambda body: body["spec"].pop("template"),
        lambda body: body["metadata"].pop("uid"),
        lambda body: body["metadata"].update(creationTimestamp="yesterday"),
        lambda body: body["metadata"]["annotations"].update({names.ISSUE_KEYS: 41}),
        lambda body: body["status"].update(conditions="none"),
        lambda body: body["status"].update(replicas="many"),
    ],
    ids=[
        "no spec",
        "no template",
        "no uid",
        "odd time",
        "a number for keys",
        "odd conditions",
        "odd replicas",
    ],
)
def test_a_body_that_cannot_be_read_is_logged_and_changes_nothing(
    seen: Seen, caplog: pytest.LogCaptureFixture, damage: Any
) -> None:
    body = deployment()
    damage(body)
    with caplog.at_level(logging.ERROR):
        assert seen.see(body) == []

    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "shop/deployment/checkout" in caplog.text
    assert len(seen.see(deployment())) == 1


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=2) | st.dictionaries(st.text(max_size=8), each, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(
    [
        "replicas",
        "template",
        "paused",
        "selector",
        "conditions",
        "observedGeneration",
        "updatedReplicas",
        "strategy",
    ]
)


@given(
    st.sampled_from(Kind),
    st.dictionaries(fields, json, max_size=4),
    st.dictionaries(fields, json, max_size=4) | json,
)
def test_no_body_whatever_ends_the_watch(kind: Kind, spec: dict[str, Any], status: Any) -> None:
    seen = Seen()
    body = deployment() | {"status": status}
    body["spec"] |= spec
    logging.disable()
    try:
        seen.observer.observe(kind, {"type": "MODIFIED", "object": body})
    finally:
        logging.disable(logging.NOTSET)

    assert all(each.ref.uid == "uid-1" for each in seen.delivered)
