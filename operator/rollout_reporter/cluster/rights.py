"""What this process may do, asked of the API server before it is tried.

https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
"""

from collections.abc import Iterable

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core.workload import Kind

from .api import create

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_RESOURCES = {Kind.DEPLOYMENT: ("apps", "deployments"), Kind.ROLLOUT: ("argoproj.io", "rollouts")}


async def watching_is_forbidden(api: ApiClient, kinds: Iterable[Kind], namespace: str = "") -> str | None:
    """Say which right to watch workloads is missing, in one Namespace or in all; `None` if none is.

    Raises:
        ClusterError: The API server does not tell.
    """
    for kind in kinds:
        group, resource = _RESOURCES[kind]
        for verb in ("list", "watch"):
            attributes = {"verb": verb, "group": group, "resource": resource, "namespace": namespace}
            if not await _may(api, attributes):
                where = f"in namespace {namespace}" if namespace else "in all namespaces"
                return f"the operator may not {verb} {resource}.{group} {where}"
    return None


async def _may(api: ApiClient, attributes: dict[str, str]) -> bool:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = await create(api, _REVIEWS, review)
    return bool(answer.get("status", {}).get("allowed", True))
