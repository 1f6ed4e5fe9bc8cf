"""What the cluster serves: which kinds of workload, and which Namespaces a selector picks."""

from dataclasses import dataclass

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core.workload import Kind

from .api import get, list_pages, path_to
from .errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Served:
    """What there is to watch."""

    kinds: tuple[Kind, ...]
    namespaces: frozenset[str] | None
    """Names of the Namespaces that the selector picks; `None` for all."""


async def discover(api: ApiClient, namespace_selector: str) -> Served:
    """Ask the API server. Argo Rollouts may be installed at any time, and vanish."""
    kinds = (Kind.DEPLOYMENT, Kind.ROLLOUT) if await _serves_rollouts(api) else (Kind.DEPLOYMENT,)
    if not namespace_selector:
        return Served(kinds, None)
    path = path_to("v1", "namespaces")
    found = list_pages(api, path, label_selector=namespace_selector, metadata_only=True)
    return Served(kinds, frozenset([each["metadata"]["name"] async for each in found]))


async def _serves_rollouts(api: ApiClient) -> bool:
    try:
        group = await get(api, "/apis/argoproj.io/v1alpha1")
    except NotFoundError:
        return False
    return any(resource["name"] == "rollouts" for resource in group.get("resources", []))


async def cluster_uid(api: ApiClient) -> str:
    """The uid of Namespace `kube-system`, which never changes: a name for a cluster that was given none."""
    namespace = await get(api, path_to("v1", "namespaces", name="kube-system"))
    return str(namespace["metadata"]["uid"])
