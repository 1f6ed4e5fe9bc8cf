"""Events are refused by the API server unless they keep to the limits of `events.k8s.io/v1`.

https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/events.go
"""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.events import Event, EventRecorder, EventType
from rollout_reporter.cluster.lookups import workload_reference
from unit.cluster.fake_cluster import EVENTS, FakeCluster
from unit.core.situations import NOW, ref

MAX_NOTE_BYTES = 1024
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
with_one_server = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def posted(
    cluster: FakeCluster,
    api: ApiClient,
    note: str = "all is well",
    name: str = "checkout",
    instance: str = "pod_1",
) -> dict[str, Any]:
    event = Event(
        regarding=workload_reference(ref(name)),
        type=EventType.NORMAL,
        reason="ReportedSuccessful",
        action="Report",
        note=note,
    )
    cluster.forget_requests()
    await EventRecorder(api, instance=instance, now=lambda: NOW).record(event)
    [asked] = cluster.asked
    assert (asked.method, asked.path) == ("POST", EVENTS)
    body: dict[str, Any] = asked.body
    return body


async def test_an_event_says_what_happened_to_which_object(cluster: FakeCluster, api: ApiClient) -> None:
    body = await posted(cluster, api)

    assert (body["apiVersion"], body["kind"]) == ("events.k8s.io/v1", "Event")
    assert body["regarding"]["uid"] == "uid-1"
    assert body["metadata"]["namespace"] == body["regarding"]["namespace"] == "shop"
    assert (body["type"], body["reason"], body["note"]) == ("Normal", "ReportedSuccessful", "all is well")


async def test_an_event_has_all_that_the_api_requires(cluster: FakeCluster, api: ApiClient) -> None:
    body = await posted(cluster, api)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", body["eventTime"])
    assert body["reportingController"] == "rollout-reporter.dev/rollout-reporter"
    assert body["reportingInstance"]
    assert body["action"]


async def test_two_events_of_one_object_have_two_names(cluster: FakeCluster, api: ApiClient) -> None:
    one, other = await posted(cluster, api), await posted(cluster, api)

    assert one["metadata"]["name"] != other["metadata"]["name"]


@given(st.text(max_size=3000))
@with_one_server
async def test_any_note_becomes_one_line_that_fits(cluster: FakeCluster, api: ApiClient, note: str) -> None:
    told = (await posted(cluster, api, note))["note"]

    assert len(told.encode()) <= MAX_NOTE_BYTES
    assert told.isprintable()


@pytest.mark.parametrize("letter", ["é", "結", "🚀"])
async def test_a_long_note_in_any_script_is_cut_between_two_letters(
    cluster: FakeCluster, api: ApiClient, letter: str
) -> None:
    told = (await posted(cluster, api, letter * 1200))["note"]

    assert MAX_NOTE_BYTES - 30 < len(told.encode()) <= MAX_NOTE_BYTES
    assert told[-1] == "…"
    assert set(told[:-1]) == {letter}


async def test_what_jira_says_in_several_lines_is_told_in_one(cluster: FakeCluster, api: ApiClient) -> None:
    said = "No.\n\tReally\x1b[31m, no\x00."

    assert (await posted(cluster, api, said))["note"] == r"No. Really\x1b[31m, no\x00."


@given(
    st.from_regex(r"[a-z0-9]([a-z0-9.]{0,250}[a-z0-9])?", fullmatch=True).filter(
        lambda name: ".." not in name
    )
)
@with_one_server
async def test_an_event_has_a_valid_name_however_long_the_workloads_is(
    cluster: FakeCluster, api: ApiClient, name: str
) -> None:
    found = (await posted(cluster, api, name=name))["metadata"]["name"]

    assert len(found) <= 253
    assert SUBDOMAIN.fullmatch(found)


@pytest.mark.parametrize("border", ["-", "."])
async def test_an_event_has_a_valid_name_wherever_the_workloads_is_cut(
    cluster: FakeCluster, api: ApiClient, border: str
) -> None:
    name = "a" * 199 + border + "b" * 20

    assert SUBDOMAIN.fullmatch((await posted(cluster, api, name=name))["metadata"]["name"])


async def test_a_long_host_name_is_cut_to_what_an_instance_may_be(
    cluster: FakeCluster, api: ApiClient
) -> None:
    body = await posted(cluster, api, instance="h" * 200)

    assert 0 < len(body["reportingInstance"]) <= 128
