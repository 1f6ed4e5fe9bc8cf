"""The condition on a workload: the one thing that the operator writes on a user's object.

On a Deployment it is applied (its conditions are a map by type). A Rollout's conditions are one atomic list
to the API server, so there it is a JSON patch that holds only for the version that was read:
https://github.com/argoproj/argo-rollouts/blob/master/manifests/crds/rollout-crd.yaml
"""

from datetime import datetime
from typing import Final

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core.condition import ShownCondition
from rollout_reporter.core.names import REPORTED
from rollout_reporter.core.objects import resource_version_of
from rollout_reporter.core.workload import Kind, WorkloadRef

from .api import Object, apply, get, json_patch
from .errors import ConflictError, InvalidError
from .lookups import workload_path

_ATTEMPTS: Final = 5


async def write_condition(
    api: ApiClient,
    ref: WorkloadRef,
    shown: ShownCondition | None,
    now: datetime,
    *,
    version: int | None = None,
) -> int:
    """Set the condition on a workload, or remove it with `None`; return the workload's new version.

    Args:
        api: The client.
        ref: The workload.
        shown: The condition.
        now: The time, aware.
        version: The version that a Deployment has to have; any if it is `None`. A write between a new
            template and its controller's first word on it can cost that word.

    Raises:
        NotFoundError: The workload is gone.
        ConflictError: Another workload has its name now, or it was changed meanwhile.
    """
    item = _item(shown, now) if shown else None
    if ref.kind is Kind.DEPLOYMENT:
        return resource_version_of(await _apply(api, ref, item, version))
    return resource_version_of(await _patch(api, ref, item))


async def _apply(api: ApiClient, ref: WorkloadRef, item: Object | None, version: int | None) -> Object:
    meta = {"name": ref.name, "uid": ref.uid}
    if version is not None:
        meta["resourceVersion"] = str(version)
    body = {
        "apiVersion": "apps/v1",
        "kind": ref.kind.value,
        "metadata": meta,
        "status": {"conditions": [item] if item else []},
    }
    return await apply(api, workload_path(ref, "status"), body, force=True)


async def _patch(api: ApiClient, ref: WorkloadRef, item: Object | None) -> Object:
    """Patch the version that was read, again if another one came between: its controller writes often."""
    for _ in range(_ATTEMPTS):
        rollout = await get(api, workload_path(ref))
        if rollout["metadata"]["uid"] != ref.uid:
            raise ConflictError(f"{ref} was made again")
        operations = _operations(rollout, item)
        if not operations:
            return rollout
        version = rollout["metadata"]["resourceVersion"]
        try:
            return await json_patch(api, workload_path(ref, "status"), operations, version=version)
        except (ConflictError, InvalidError):
            continue  # the list can have changed so that the patch does not even apply
    raise ConflictError(f"{ref} changes faster than its condition can be written")


def _operations(rollout: Object, item: Object | None) -> list[Object]:
    conditions = rollout.get("status", {}).get("conditions")
    if conditions is None and item is None:
        return []
    if "status" not in rollout:
        return [{"op": "add", "path": "/status", "value": {"conditions": [item]}}]
    if conditions is None:
        return [{"op": "add", "path": "/status/conditions", "value": [item]}]
    index = next((i for i, each in enumerate(conditions) if each["type"] == REPORTED), None)
    if item is None:
        return [] if index is None else [{"op": "remove", "path": f"/status/conditions/{index}"}]
    if index is None:
        return [{"op": "add", "path": "/status/conditions/-", "value": item}]
    return [{"op": "replace", "path": f"/status/conditions/{index}", "value": item}]


def _item(shown: ShownCondition, now: datetime) -> Object:
    condition = shown.condition
    return {
        "type": REPORTED,
        "status": condition.status.value,
        "reason": condition.reason,
        "message": condition.message,
        "lastTransitionTime": f"{shown.since:%Y-%m-%dT%H:%M:%SZ}",
        "lastUpdateTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }
