"""Looking closely at one workload: what the judgement needs beyond a snapshot, looked up only if needed."""

from datetime import datetime

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.lookups import find_pod_troubles, find_reference, find_replica_sets
from rollout_reporter.core.course import Course
from rollout_reporter.core.identity import wants_replica_sets
from rollout_reporter.core.judgement import judge, wants_pods
from rollout_reporter.core.rollouts import with_reference
from rollout_reporter.core.workload import Snapshot


async def examine(api: ApiClient, snapshot: Snapshot, before: Course, now: datetime) -> Course:
    """Judge a workload, with its ReplicaSets and pods where a snapshot alone cannot tell."""
    replica_sets = troubles = None
    if wants_replica_sets(snapshot, before):
        replica_sets = await find_replica_sets(api, snapshot)
    if wants_pods(snapshot, before, now):
        troubles = await find_pod_troubles(api, snapshot)
    return judge(snapshot, before, now, replica_sets=replica_sets, troubles=troubles or ())


async def with_template(api: ApiClient, snapshot: Snapshot) -> Snapshot:
    """A Rollout that refers to a Deployment, with the Deployment's template."""
    if snapshot.workload_ref is None:
        return snapshot
    return with_reference(snapshot, await find_reference(api, snapshot))
