"""A cluster in containers, where a Docker engine answers."""

import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from controlplane.binaries import assets_folder, binary_path
from controlplane.cluster import Cluster, Flavour
from controlplane.console import say
from controlplane.errors import ControlPlaneError


class KindCluster(Cluster):
    """A real kubelet: images must be pullable, and pods take their time."""

    flavour: ClassVar[Flavour] = "kind"

    def install_argo(self) -> None:
        manifest = assets_folder("argo-rollouts") / "install.yaml"
        self.kubectl("create", "namespace", "argo-rollouts")
        self.kubectl("apply", "--server-side", "--namespace=argo-rollouts", f"--filename={manifest}")
        self.kubectl("wait", "--for=condition=Established", "customresourcedefinition/rollouts.argoproj.io")
        self.kubectl(
            "rollout", "status", "--namespace=argo-rollouts", "deployment/argo-rollouts", "--timeout=5m"
        )


def docker_answers() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        return subprocess.run([docker, "info"], capture_output=True, timeout=10, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


@contextmanager
def kind_cluster(folder: Path) -> Iterator[KindCluster]:
    """A new cluster with a name of its own; the user's kubeconfig is left alone."""
    name = f"rollout-reporter-{secrets.token_hex(3)}"
    kubeconfig = folder / "admin.kubeconfig"
    say(f"creating the kind cluster {name} …")
    try:
        _kind("create", "cluster", "--wait=3m", f"--name={name}", f"--kubeconfig={kubeconfig}")
        yield KindCluster(folder, kubeconfig)
    finally:
        _delete(name, kubeconfig)


def _delete(name: str, kubeconfig: Path) -> None:
    """What could not be removed is said, and does not hide the error that may have brought us here."""
    try:
        _kind("delete", "cluster", f"--name={name}", f"--kubeconfig={kubeconfig}")
    except ControlPlaneError as error:
        say(str(error))


def _kind(*args: str) -> None:
    done = subprocess.run([binary_path("kind"), *args], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ControlPlaneError(
            f"`kind {' '.join(args)}` failed; ROLLOUT_REPORTER_TEST_FLAVOUR=local does without Docker:\n"
            f"{done.stderr.strip()}"
        )
