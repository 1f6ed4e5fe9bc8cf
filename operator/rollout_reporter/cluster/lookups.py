"""Looking up what belongs to one workload, on demand; nothing of this is watched."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core import names
from rollout_reporter.core.deployments import read_deployment
from rollout_reporter.core.environments import NamespaceFacts
from rollout_reporter.core.objects import annotations_of, ref_of, wishes_of
from rollout_reporter.core.pods import read_pod_trouble
from rollout_reporter.core.readers import READERS, REPLICA_SET_READERS
from rollout_reporter.core.rollouts import referenced_deployment
from rollout_reporter.core.workload import Kind, PodTrouble, ReplicaSetFacts, Snapshot, WorkloadRef

from .api import METADATA_LIST, PAGE, Object, Request, get, list_cached, list_pages, path_to, send
from .errors import NotFoundError

_API_VERSIONS: Final = {Kind.DEPLOYMENT: "apps/v1", Kind.ROLLOUT: "argoproj.io/v1alpha1"}
_PLURALS: Final = {Kind.DEPLOYMENT: "deployments", Kind.ROLLOUT: "rollouts"}

_NOT_OVER: Final = "status.phase!=Failed,status.phase!=Succeeded"
"""Of pods that were evicted, thousands may be left."""


@dataclass(frozen=True, slots=True)
class Existing:
    """A workload of which only the metadata was read."""

    ref: WorkloadRef
    resource_version: int
    is_annotated: bool
    """Whether it carries issue keys itself; those on its pod template are not seen."""


def workload_path(ref: WorkloadRef, subresource: str = "") -> str:
    """Path of a workload in the API."""
    return path_to(_API_VERSIONS[ref.kind], _PLURALS[ref.kind], ref.namespace, ref.name, subresource)


def workload_reference(ref: WorkloadRef) -> Mapping[str, Any]:
    """An `ObjectReference` to a workload."""
    return {
        "apiVersion": _API_VERSIONS[ref.kind],
        "kind": ref.kind.value,
        "namespace": ref.namespace,
        "name": ref.name,
        "uid": ref.uid,
    }


async def find_replica_sets(api: ApiClient, snapshot: Snapshot) -> tuple[ReplicaSetFacts, ...]:
    """All ReplicaSets that the workload owns and its controller has numbered.

    The API server's cache answers at once. It may lag, but is never out of order: if it holds the one that
    the snapshot speaks of, it holds whatever came before, too.
    """
    path, selector = path_to("apps/v1", "replicasets", snapshot.ref.namespace), snapshot.selector
    cached = _owned_replica_sets(await list_cached(api, path, label_selector=selector), snapshot)
    if any(each.is_current_in(snapshot) for each in cached):
        return cached
    found = [each async for each in list_pages(api, path, label_selector=selector)]
    return _owned_replica_sets(found, snapshot)


def _owned_replica_sets(found: Iterable[Object], snapshot: Snapshot) -> tuple[ReplicaSetFacts, ...]:
    read, ref = REPLICA_SET_READERS[snapshot.ref.kind], snapshot.ref
    return tuple(facts for each in found if (facts := read(each, ref)))


async def find_pod_troubles(api: ApiClient, snapshot: Snapshot) -> tuple[PodTrouble, ...]:
    """Pods of the workload that cannot start, or could not a moment ago: what lasts is looked for."""
    path, selector = path_to("v1", "pods", snapshot.ref.namespace), snapshot.selector
    if snapshot.replicas > PAGE:  # the cache would answer with all of them in one piece
        found = [read_pod_trouble(each) async for each in list_pages(api, path, label_selector=selector)]
    else:
        pods = await list_cached(api, path, label_selector=selector, field_selector=_NOT_OVER)
        found = [read_pod_trouble(each) for each in pods]
    return tuple(each for each in found if each)


async def find_reference(api: ApiClient, rollout: Snapshot) -> Snapshot | None:
    """The Deployment whose template a Rollout uses, `None` if there is none of that name."""
    path = path_to("apps/v1", "deployments", rollout.ref.namespace, rollout.workload_ref or "")
    try:
        return read_deployment(await get(api, path))
    except NotFoundError:
        return None


async def list_references(api: ApiClient, namespace: str) -> AsyncIterator[Object]:
    """Bodies of the Rollouts that use a Deployment's template, in one Namespace or in all (`""`)."""
    path = path_to(_API_VERSIONS[Kind.ROLLOUT], _PLURALS[Kind.ROLLOUT], namespace)
    async for body in list_pages(api, path):
        if referenced_deployment(body):
            yield body


async def list_workloads(api: ApiClient, kind: Kind, namespace: str) -> AsyncIterator[Existing]:
    """All workloads of a kind, in one Namespace or in all (`""`); none if the kind is not served."""
    path = path_to(_API_VERSIONS[kind], _PLURALS[kind], namespace)
    try:
        async for body in list_pages(api, path, metadata_only=True):
            is_annotated = names.ISSUE_KEYS in annotations_of(body)
            yield Existing(ref_of(body, kind), int(body["metadata"]["resourceVersion"]), is_annotated)
    except NotFoundError:
        return


async def count_workloads(api: ApiClient, kind: Kind, namespace: str) -> int:
    """About how many workloads of a kind there are, in one Namespace or in all (`""`)."""
    path = path_to(_API_VERSIONS[kind], _PLURALS[kind], namespace)
    page = (await send(api, Request("GET", path, (("limit", "1"),), accept=METADATA_LIST))).body
    return len(page.get("items") or ()) + (page["metadata"].get("remainingItemCount") or 0)


async def find_namespace(api: ApiClient, name: str) -> NamespaceFacts:
    """What a Namespace says of itself."""
    body = await get(api, path_to("v1", "namespaces", name=name))
    return NamespaceFacts(name, wishes_of(body), body["metadata"].get("labels") or {})


async def find_workload(api: ApiClient, ref: WorkloadRef) -> Snapshot:
    """The workload of this name as it is now; it can be another one than `ref` if it was made again."""
    return READERS[ref.kind](await get(api, workload_path(ref)))
