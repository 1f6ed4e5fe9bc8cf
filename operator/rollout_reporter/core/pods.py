"""Reading pods: which of them cannot start, and since when."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from .objects import Object, conditions_of, created_of, timestamp
from .workload import PodTrouble

# The kubelet's reasons for which waiting does not help unless somebody changes something:
# https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/types.go
_CANNOT_START: Final = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)
_HASH_LABELS: Final = ("rollouts-pod-template-hash", "pod-template-hash")


def read_pod_trouble(body: Object) -> PodTrouble | None:
    """Read why a pod cannot start, `None` if nothing is known to keep it from that."""
    if "deletionTimestamp" in body["metadata"]:
        return None
    labels = body["metadata"].get("labels") or {}
    for container, status in _waiting(body):
        return PodTrouble(
            pod=body["metadata"]["name"],
            pod_hash=next((labels[label] for label in _HASH_LABELS if label in labels), ""),
            reason=status["reason"],
            detail=str(container.get("image", "")),
            since=_unready_since(body),
        )
    return None


def _waiting(body: Object) -> Iterable[tuple[Object, Any]]:
    status = body.get("status") or {}
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in _CANNOT_START:
            yield container, waiting


def _unready_since(body: Object) -> datetime:
    """A pod that waits was not ready all the while; waiting itself carries no time."""
    ready = conditions_of(body).get("Ready", {})
    return timestamp(ready.get("lastTransitionTime")) or created_of(body)
