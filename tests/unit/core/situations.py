"""One ordinary workload, its rollout and its report, which tests vary."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rollout_reporter.core import names
from rollout_reporter.core.deployments import read_deployment
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.environments import NamespaceFacts
from rollout_reporter.core.issue_keys import read_issue_keys
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.outcome import Accepted, Outcome, Rejected
from rollout_reporter.core.report import Environment, EnvironmentType, Pipeline, Report, State, Update
from rollout_reporter.core.workload import Kind, Snapshot, Wishes, WorkloadRef

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def ref(
    name: str = "checkout", *, kind: Kind = Kind.DEPLOYMENT, namespace: str = "shop", uid: str = "uid-1"
) -> WorkloadRef:
    return WorkloadRef(namespace, kind, name, uid)


def wishes(keys: str = "", **changes: Any) -> Wishes:
    return Wishes(issue_keys=read_issue_keys(keys), **changes)


def snapshot(**changes: Any) -> Snapshot:
    """One look at `deployment`, changed at will."""
    return replace(read_deployment(deployment()), **changes)


def namespace(name: str = "shop", *, labels: dict[str, str] | None = None, **own: Any) -> NamespaceFacts:
    return NamespaceFacts(name, wishes(**own), labels or {})


def report(name: str = "checkout", number: int = 1, **changes: Any) -> Report:
    usual: dict[str, Any] = {
        "pipeline": Pipeline(f"eu1.shop.deployment.{name}", name),
        "environment": Environment("production", "production", EnvironmentType.PRODUCTION),
        "number": number,
        "state": State.IN_PROGRESS,
        "issue_keys": ("SHOP-41",),
        "display_name": f"{name} 1.4.2",
        "description": "1 of 3 new pods available",
        "url": "https://example.atlassian.net/browse/SHOP-41",
        "last_updated": NOW,
    }
    return Report(**(usual | changes))


def entry(**changes: Any) -> Entry:
    usual: dict[str, Any] = {
        "workload_uid": "uid-1",
        "site": "default",
        "pipeline": Pipeline("eu1.shop.deployment.checkout", "checkout"),
        "environment": Environment("production", "production", EnvironmentType.PRODUCTION),
        "number": 1_793_534_400_000_004,
        "rollout_id": "4-release-4",
        "revision": 4,
        "replica_set": "checkout-7d9f",
        "template": "template-4",
        "release": "release-4",
        "began": NOW - timedelta(minutes=6),
        "state": State.SUCCESSFUL,
        "because": "3 of 3 new pods available",
        "since": NOW - timedelta(minutes=5),
        "issue_keys": ("SHOP-41", "SHOP-57"),
        "display_name": "checkout 1.4.2",
        "url": "https://example.atlassian.net/browse/SHOP-41",
    }
    return Entry(**(usual | changes))


def settled(one: Entry, outcome: Outcome, number: int = 100, *, at: datetime = NOW) -> Entry:
    """The entry after Jira's word on it as it stands."""
    ledger = Ledger(ref(), (one,)).settle(Update(one.report, number), outcome, at)
    return ledger.entries[-1]


def accepted(one: Entry, *, unknown: Sequence[str] = (), number: int = 100) -> Entry:
    return settled(one, Accepted(tuple(unknown)), number)


def rejected(one: Entry, *messages: str, unknown: Sequence[str] = ()) -> Entry:
    return settled(one, Rejected(messages, tuple(unknown)))


def moved_on(one: Entry, state: State, because: str) -> Entry:
    """The same rollout, further on than Jira knows."""
    return replace(one, state=state, because=because, since=NOW)


def deployment(name: str = "checkout", *, keys: str | None = "SHOP-41", **meta: Any) -> dict[str, Any]:
    """A settled Deployment as the API server shows it."""
    notes = {"deployment.kubernetes.io/revision": "1"} | ({names.ISSUE_KEYS: keys} if keys else {})
    usual = {
        "name": name,
        "namespace": "shop",
        "uid": "uid-1",
        "generation": 1,
        "resourceVersion": "10",
        "creationTimestamp": "2026-11-01T12:00:00Z",
        "annotations": notes,
    }
    progressing = {
        "type": "Progressing",
        "status": "True",
        "reason": "NewReplicaSetAvailable",
        "message": f'ReplicaSet "{name}-7d9f" has successfully progressed.',
        "lastUpdateTime": "2026-11-24T07:55:00Z",
        "lastTransitionTime": "2026-11-24T07:54:00Z",
    }
    available = {
        "type": "Available",
        "status": "True",
        "reason": "MinimumReplicasAvailable",
        "message": "Deployment has minimum availability.",
        "lastUpdateTime": "2026-11-24T07:55:00Z",
        "lastTransitionTime": "2026-11-24T07:55:00Z",
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": usual | meta,
        "spec": {
            "replicas": 1,
            "progressDeadlineSeconds": 600,
            "selector": {"matchLabels": {"app": name}},
            "template": pod_template(name),
        },
        "status": {
            "observedGeneration": 1,
            "replicas": 1,
            "updatedReplicas": 1,
            "readyReplicas": 1,
            "availableReplicas": 1,
            "conditions": [available, progressing],
        },
    }


def replica_set(
    name: str = "checkout", *, owner: str = "uid-1", tail: str = "7d9f", revision: str | None = "1"
) -> dict[str, Any]:
    """The ReplicaSet of `deployment`."""
    template = pod_template(name)
    template["metadata"]["labels"]["pod-template-hash"] = tail
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name}-{tail}",
            "namespace": "shop",
            "uid": f"uid-of-{name}-{tail}",
            "resourceVersion": "9",
            "creationTimestamp": "2026-11-24T07:54:00Z",
            "labels": {"app": name, "pod-template-hash": tail},
            "annotations": {"deployment.kubernetes.io/revision": revision} if revision else {},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "name": name,
                    "uid": owner,
                    "controller": True,
                }
            ],
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name, "pod-template-hash": tail}},
            "template": template,
        },
        "status": {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "observedGeneration": 1},
    }


def pod_template(name: str = "checkout") -> dict[str, Any]:
    container = {"name": "main", "image": f"registry.example/{name}:1.4.2"}
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
