"""A cluster that somebody named for the tests; it is used as it is."""

from pathlib import Path
from typing import ClassVar

from controlplane.cluster import Cluster, Flavour
from controlplane.errors import ControlPlaneError

VARIABLE = "ROLLOUT_REPORTER_TEST_KUBECONFIG"


class GivenCluster(Cluster):
    """Nothing is installed into it: whoever named it decides what it has."""

    flavour: ClassVar[Flavour] = "given"

    def __init__(self, folder: Path, kubeconfig: Path) -> None:
        if not kubeconfig.is_file():
            raise ControlPlaneError(f"{VARIABLE} names {kubeconfig}, and there is no such file.")
        super().__init__(folder, kubeconfig)

    def install_argo(self) -> None:
        if not self.kubectl("get", "customresourcedefinition", "rollouts.argoproj.io", "--ignore-not-found"):
            raise ControlPlaneError(
                f"The cluster of {VARIABLE} has no Argo Rollouts: "
                "https://argo-rollouts.readthedocs.io/en/stable/installation/"
            )
