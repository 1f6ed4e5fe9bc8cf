"""What a test can do with a cluster, whichever it is."""

import json
import os
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Literal

from controlplane.binaries import binary_path
from controlplane.errors import ControlPlaneError
from controlplane.kubeconfig import write_kubeconfig

Flavour = Literal["given", "kind", "local"]


class Cluster(ABC):
    """A Kubernetes cluster, and the tools pointed at it and at nothing else."""

    flavour: ClassVar[Flavour]

    def __init__(self, folder: Path, kubeconfig: Path) -> None:
        self.folder = folder
        self.kubeconfig = kubeconfig
        """The administrator's."""

    @abstractmethod
    def install_argo(self) -> None:
        """See to it that Rollouts are served, and progress."""

    def tool(self, name: str) -> Path:
        """A program of the catalogue, built first if need be."""
        return binary_path(name)

    def kubectl(self, *args: str, stdin: str | None = None) -> str:
        """What kubectl prints; raises with what it complains about."""
        return self._run("kubectl", args, stdin)

    def helm(self, *args: str) -> str:
        """What Helm 4 prints; raises with what it complains about."""
        return self._run("helm", args, None)

    def environment(self) -> dict[str, str]:
        """Environment for kubectl and helm: this cluster, and neither caches nor settings of the user's."""
        return os.environ | {
            "KUBECONFIG": str(self.kubeconfig),
            "KUBECACHEDIR": str(self.folder / "kube-cache"),
            "HELM_CACHE_HOME": str(self.folder / "helm" / "cache"),
            "HELM_CONFIG_HOME": str(self.folder / "helm" / "config"),
            "HELM_DATA_HOME": str(self.folder / "helm" / "data"),
        }

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """Access as a pod with this ServiceAccount has it; the token lives for a day."""
        view = json.loads(self.kubectl("config", "view", "--raw", "--flatten", "--minify", "--output=json"))
        [entry] = view["clusters"]
        return write_kubeconfig(
            self.folder / f"{namespace}-{name}.kubeconfig",
            server=entry["cluster"]["server"],
            ca_base64=entry["cluster"]["certificate-authority-data"],
            token=self.kubectl("create", "token", name, f"--namespace={namespace}", "--duration=24h").strip(),
        )

    def _run(self, name: str, args: tuple[str, ...], stdin: str | None) -> str:
        done = subprocess.run(
            [self.tool(name), *args],
            input=stdin or "",
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ControlPlaneError(f"`{name} {' '.join(args)}` failed: {done.stderr.strip()}")
        return done.stdout
