"""What this process may do, asked of the API server before it is tried.

https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
"""

import logging
from collections.abc import Iterable

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core.workload import Kind

from .api import create
from .errors import ClusterError

log = logging.getLogger(__name__)

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_RESOURCES = {Kind.DEPLOYMENT: ("apps", "deployments"), Kind.ROLLOUT: ("argoproj.io", "rollouts")}


async def watching_is_forbidden(api: ApiClient, kinds: Iterable[Kind], namespace: str = "") -> str | None:
    """Say which right to watch workloads is missing, in one Namespace or in all; `None` for nothing known.

    An API server that does not tell is not believed to forbid anything.
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
    try:
        answer = await create(api, _REVIEWS, review)
    except ClusterError as error:
        log.debug("the API server does not tell what the operator may do: %s", error)
        return True
    return bool(answer.get("status", {}).get("allowed", True))
