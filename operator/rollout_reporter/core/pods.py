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
    for container, reason, is_running in [*_waiting(body), *_crashed(body)][:1]:
        return PodTrouble(
            pod=body["metadata"]["name"],
            pod_hash=next((labels[label] for label in _HASH_LABELS if label in labels), ""),
            reason=reason,
            detail=str(container.get("image", "")),
            since=_unready_since(body),
            is_running=is_running,
        )
    return None


Found = tuple[Object, str, bool]
"""A container, what is wrong with it, and whether it runs all the same."""


def _waiting(body: Object) -> Iterable[Found]:
    for container in _containers(body):
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in _CANNOT_START:
            yield container, waiting["reason"], False


def _crashed(body: Object) -> Iterable[Found]:
    """Those of a pod that is not ready which have crashed, and do not wait for their next start just now."""
    if conditions_of(body).get("Ready", {}).get("status") == "True":
        return
    for container in _containers(body):
        state, last = container.get("state") or {}, container.get("lastState") or {}
        has_ended_well = (state.get("terminated") or {}).get("exitCode") == 0
        if last.get("terminated") and not has_ended_well:
            yield container, "CrashLoopBackOff", True  # what it is called while it waits: it is the same


def _containers(body: Object) -> list[Any]:
    status = body.get("status") or {}
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _unready_since(body: Object) -> datetime:
    """A pod that waits was not ready all the while; waiting itself carries no time."""
    ready = conditions_of(body).get("Ready", {})
    return timestamp(ready.get("lastTransitionTime")) or created_of(body)
