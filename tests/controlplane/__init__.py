"""A Kubernetes cluster for tests and demo: a named one, kind, or a control plane built from Go modules.

It needs the standard library and PyYAML only, and these variables decide:

ROLLOUT_REPORTER_TEST_KUBECONFIG  a cluster to use as it is (nobody's current context is ever used)
ROLLOUT_REPORTER_TEST_FLAVOUR     kind or local, instead of kind where a Docker engine answers, else local
ROLLOUT_REPORTER_CACHE            where built programs are kept, instead of ~/.cache/rollout-reporter
"""

from controlplane.choose import provide_cluster, provide_local_cluster
from controlplane.cluster import Cluster, Flavour
from controlplane.errors import ControlPlaneError
from controlplane.local import LocalCluster

__all__ = [
    "Cluster",
    "ControlPlaneError",
    "Flavour",
    "LocalCluster",
    "provide_cluster",
    "provide_local_cluster",
]
