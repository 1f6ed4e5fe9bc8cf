"""Which reader is for which kind of workload."""

from collections.abc import Callable, Mapping
from typing import Final

from . import deployments, rollouts
from .objects import Object
from .workload import Kind, ReplicaSetFacts, Snapshot, WorkloadRef

READERS: Final[Mapping[Kind, Callable[[Object], Snapshot]]] = {
    Kind.DEPLOYMENT: deployments.read_deployment,
    Kind.ROLLOUT: rollouts.read_rollout,
}
REPLICA_SET_READERS: Final[Mapping[Kind, Callable[[Object, WorkloadRef], ReplicaSetFacts | None]]] = {
    Kind.DEPLOYMENT: deployments.read_replica_set,
    Kind.ROLLOUT: rollouts.read_replica_set,
}
