from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.conditions import write_condition
from rollout_reporter.cluster.errors import ConflictError, NotFoundError
from rollout_reporter.core.condition import Condition, ShownCondition, Status
from rollout_reporter.core.names import REPORTED
from rollout_reporter.core.objects import shown_condition
from rollout_reporter.core.workload import Kind
from unit.cluster.fake_cluster import APPS, ARGO, FakeCluster, served
from unit.core.situations import NOW, deployment, ref

DEPLOYMENT = f"{APPS}/deployments/checkout"
ROLLOUT = f"{ARGO}/rollouts/checkout"
SHOWN = ShownCondition(Condition(Status.TRUE, "Successful", "revision 4 successful"), NOW)
LATER = NOW + timedelta(minutes=3)
HEALTHY = {"type": "Healthy", "status": "True"}
PROGRESSING = {"type": "Progressing", "status": "True"}

rollout_ref = ref(kind=Kind.ROLLOUT)


def hold_rollout(cluster: FakeCluster, *conditions: dict[str, Any], **rest: Any) -> None:
    body = {
        "metadata": {"namespace": "shop", "uid": "uid-1"},
        "spec": {},
        "status": {"conditions": list(conditions)},
    }
    cluster.hold(ROLLOUT, body | rest)


def written(cluster: FakeCluster) -> Any:
    [patch] = [each for each in cluster.asked if each.method == "PATCH"]
    return patch


# Deployments: applied.


async def test_a_deployment_gets_our_condition_and_keeps_those_of_others(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.hold(DEPLOYMENT, deployment())
    await write_condition(api, ref(), SHOWN, LATER)

    assert set(cluster.conditions(DEPLOYMENT)) == {"Available", "Progressing", REPORTED}
    assert cluster.conditions(DEPLOYMENT)[REPORTED] == {
        "type": REPORTED,
        "status": "True",
        "reason": "Successful",
        "message": "revision 4 successful",
        "lastTransitionTime": "2026-11-24T08:00:00Z",
        "lastUpdateTime": "2026-11-24T08:03:00Z",
    }


async def test_what_is_applied_is_one_condition_on_the_status_and_nothing_else(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.hold(DEPLOYMENT, deployment())
    await write_condition(api, ref(), SHOWN, LATER)
    patch = written(cluster)

    assert patch.path == f"{DEPLOYMENT}/status"
    assert patch.content_type == "application/apply-patch+yaml"
    assert set(patch.body) == {"apiVersion", "kind", "metadata", "status"}
    assert patch.body["metadata"] == {"name": "checkout", "uid": "uid-1"}
    assert set(patch.body["status"]) == {"conditions"}
    assert [each["type"] for each in patch.body["status"]["conditions"]] == [REPORTED]


async def test_our_condition_on_a_deployment_can_be_taken_away_again(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.hold(DEPLOYMENT, deployment())
    await write_condition(api, ref(), SHOWN, LATER)
    await write_condition(api, ref(), None, LATER)

    assert set(cluster.conditions(DEPLOYMENT)) == {"Available", "Progressing"}


async def test_a_namesake_of_the_deployment_does_not_get_its_condition(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.hold(DEPLOYMENT, deployment(uid="uid-2"))

    with pytest.raises(ConflictError):
        await write_condition(api, ref(), SHOWN, LATER)


# Rollouts: patched.


async def test_a_rollout_gets_our_condition_behind_those_of_others(
    cluster: FakeCluster, api: ApiClient
) -> None:
    hold_rollout(cluster, HEALTHY, PROGRESSING)
    await write_condition(api, rollout_ref, SHOWN, LATER)

    assert list(cluster.conditions(ROLLOUT)) == ["Healthy", "Progressing", REPORTED]


async def test_our_condition_on_a_rollout_is_replaced_in_its_place(
    cluster: FakeCluster, api: ApiClient
) -> None:
    hold_rollout(cluster, HEALTHY, {"type": REPORTED, "status": "Unknown"}, PROGRESSING)
    await write_condition(api, rollout_ref, SHOWN, LATER)

    assert list(cluster.conditions(ROLLOUT)) == ["Healthy", REPORTED, "Progressing"]
    assert cluster.conditions(ROLLOUT)[REPORTED]["status"] == "True"


async def test_our_condition_on_a_rollout_can_be_taken_away_again(
    cluster: FakeCluster, api: ApiClient
) -> None:
    hold_rollout(cluster, HEALTHY, {"type": REPORTED, "status": "True"}, PROGRESSING)
    await write_condition(api, rollout_ref, None, LATER)

    assert list(cluster.conditions(ROLLOUT)) == ["Healthy", "Progressing"]


async def test_where_a_rollout_has_no_condition_of_ours_there_is_nothing_to_take_away(
    cluster: FakeCluster, api: ApiClient
) -> None:
    hold_rollout(cluster, HEALTHY)
    await write_condition(api, rollout_ref, None, LATER)

    assert cluster.writes() == []


async def test_a_rollout_without_conditions_gets_its_first(cluster: FakeCluster, api: ApiClient) -> None:
    hold_rollout(cluster, status={"phase": "Progressing"})
    await write_condition(api, rollout_ref, SHOWN, LATER)

    assert list(cluster.conditions(ROLLOUT)) == [REPORTED]


async def test_a_rollout_that_no_controller_has_looked_at_gets_its_first_condition(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.hold(ROLLOUT, {"metadata": {"namespace": "shop", "uid": "uid-1"}, "spec": {}})
    await write_condition(api, rollout_ref, SHOWN, LATER)

    assert list(cluster.conditions(ROLLOUT)) == [REPORTED]


async def test_a_patch_of_a_rollout_holds_only_for_the_version_that_was_read(
    cluster: FakeCluster, api: ApiClient
) -> None:
    hold_rollout(cluster, HEALTHY)
    version = cluster.objects[ROLLOUT]["metadata"]["resourceVersion"]
    await write_condition(api, rollout_ref, SHOWN, LATER)
    patch = written(cluster)

    assert patch.path == f"{ROLLOUT}/status"
    by_path = {each["path"]: each for each in patch.body}
    assert by_path.pop("/metadata/resourceVersion")["value"] == version
    assert all(path.startswith("/status/conditions") for path in by_path)


class BusyCluster(FakeCluster):
    """Its Rollouts controller writes just before us, some times."""

    left = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.method == "PATCH" and self.left:
            self.left -= 1
            self.hold(ROLLOUT, self.objects[ROLLOUT] | {"status": {"conditions": [PROGRESSING, HEALTHY]}})
        return await super().handle(request)


async def test_a_rollout_that_was_changed_meanwhile_is_read_and_patched_again() -> None:
    cluster = BusyCluster()
    hold_rollout(cluster, HEALTHY, {"type": REPORTED, "status": "Unknown"})
    cluster.left = 1
    async with served(cluster) as api:
        await write_condition(api, rollout_ref, SHOWN, LATER)

    assert list(cluster.conditions(ROLLOUT)) == ["Progressing", "Healthy", REPORTED]


async def test_a_rollout_that_changes_all_the_time_is_a_conflict_in_the_end() -> None:
    cluster = BusyCluster()
    hold_rollout(cluster, HEALTHY)
    cluster.left = 1000
    async with served(cluster) as api:
        with pytest.raises(ConflictError):
            await write_condition(api, rollout_ref, SHOWN, LATER)

    assert list(cluster.conditions(ROLLOUT)) == ["Progressing", "Healthy"]


async def test_a_namesake_of_the_rollout_does_not_get_its_condition(
    cluster: FakeCluster, api: ApiClient
) -> None:
    hold_rollout(cluster, metadata={"namespace": "shop", "uid": "uid-2"})

    with pytest.raises(ConflictError):
        await write_condition(api, rollout_ref, SHOWN, LATER)
    assert cluster.writes() == []


# Both.


@pytest.mark.parametrize("workload", [ref(), rollout_ref])
async def test_a_workload_that_is_gone_is_not_found(api: ApiClient, workload: Any) -> None:
    with pytest.raises(NotFoundError):
        await write_condition(api, workload, SHOWN, LATER)


@pytest.mark.parametrize(("path", "workload"), [(DEPLOYMENT, ref()), (ROLLOUT, rollout_ref)])
async def test_what_was_written_reads_back_and_the_new_version_is_told(
    cluster: FakeCluster, api: ApiClient, path: str, workload: Any
) -> None:
    cluster.hold(path, deployment())
    version = await write_condition(api, workload, SHOWN, LATER)

    assert shown_condition(cluster.objects[path]) == SHOWN
    assert version == int(cluster.objects[path]["metadata"]["resourceVersion"])
