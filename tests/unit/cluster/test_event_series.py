"""What happens again soon is counted on its first Event."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.errors import ClusterError
from rollout_reporter.cluster.events import MOST_SERIES, Event, EventRecorder, EventType
from rollout_reporter.cluster.lookups import workload_reference
from unit.cluster.fake_cluster import EVENTS, FakeCluster
from unit.core.situations import NOW, ref

FIVE_MINUTES = timedelta(minutes=5)


class Clock:
    """The API server's time."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recorder(api: ApiClient, clock: Clock) -> EventRecorder:
    return EventRecorder(api, instance="pod_1", now=clock)


def event(note: str = "Jira cannot be reached", **changes: Any) -> Event:
    return Event(
        regarding=workload_reference(ref(**changes)),
        type=EventType.WARNING,
        reason="JiraUnavailable",
        action="Report",
        note=note,
    )


def held(cluster: FakeCluster) -> list[dict[str, Any]]:
    """All Events that people can see."""
    return [body for path, body in cluster.objects.items() if path.startswith(EVENTS)]


async def test_an_event_that_happens_once_has_no_series(
    cluster: FakeCluster, recorder: EventRecorder
) -> None:
    await recorder.record(event())

    assert [each.get("series") for each in held(cluster)] == [None]


async def test_what_happens_again_soon_is_counted_with_its_last_time(
    cluster: FakeCluster, recorder: EventRecorder, clock: Clock
) -> None:
    for _ in range(4):
        await recorder.record(event())
        clock.now += FIVE_MINUTES

    [seen] = held(cluster)
    assert seen["series"] == {"count": 4, "lastObservedTime": "2026-11-24T08:15:00.000000Z"}
    assert seen["eventTime"] == "2026-11-24T08:00:00.000000Z"


async def test_what_happens_again_later_is_an_event_of_its_own(
    cluster: FakeCluster, recorder: EventRecorder, clock: Clock
) -> None:
    await recorder.record(event())
    clock.now += timedelta(minutes=6)
    await recorder.record(event())

    assert len(held(cluster)) == 2


@pytest.mark.parametrize(
    "other", [event("Jira answered 503"), event(name="cart", uid="uid-2"), event(uid="uid-2")]
)
async def test_what_differs_is_not_the_same(
    cluster: FakeCluster, recorder: EventRecorder, other: Event
) -> None:
    await recorder.record(event())
    await recorder.record(other)

    assert len(held(cluster)) == 2


async def test_an_event_that_is_gone_is_posted_anew(cluster: FakeCluster, recorder: EventRecorder) -> None:
    await recorder.record(event())
    [path] = [path for path in cluster.objects if path.startswith(EVENTS)]
    cluster.remove(path)
    await recorder.record(event())

    assert [each.get("series") for each in held(cluster)] == [None]


async def test_what_could_not_be_posted_is_not_counted(cluster: FakeCluster, recorder: EventRecorder) -> None:
    cluster.refusals[f"POST {EVENTS}"] = (403, "no")
    with pytest.raises(ClusterError):
        await recorder.record(event())
    cluster.refusals.clear()
    await recorder.record(event())

    assert [each.get("series") for each in held(cluster)] == [None]


async def test_of_very_many_the_oldest_is_forgotten(cluster: FakeCluster, recorder: EventRecorder) -> None:
    for number in range(MOST_SERIES + 1):
        await recorder.record(event(str(number)))
    await recorder.record(event(str(MOST_SERIES)))
    await recorder.record(event("0"))

    assert len(held(cluster)) == MOST_SERIES + 2
