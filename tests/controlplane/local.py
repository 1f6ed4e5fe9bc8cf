"""A control plane of processes on this machine: real controllers and scheduler, kwok's fake kubelets."""

import base64
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import ClassVar

from controlplane import components
from controlplane.binaries import assets_folder, binary_path, cache_folder
from controlplane.catalogue import LOCAL_TOOLS
from controlplane.cluster import Cluster, Flavour
from controlplane.components import IDENTITIES, Layout, Ports
from controlplane.errors import ControlPlaneError
from controlplane.kubeconfig import write_kubeconfig
from controlplane.ports import claimed_ports
from controlplane.process import Process
from controlplane.system import system_program
from controlplane.waiting import answers_ok, wait_until

_NODES = Path(__file__).parent / "nodes.yaml"


class LocalCluster(Cluster):
    """Etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok; Argo Rollouts on demand."""

    flavour: ClassVar[Flavour] = "local"

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout.folder, layout.kubeconfig("admin"))
        self._layout = layout
        self._etcd = Process("etcd", components.etcd(layout), layout.folder)
        self._apiserver = Process("kube-apiserver", components.apiserver(layout), layout.folder)
        self._followers = [
            Process("kube-controller-manager", components.controller_manager(layout), layout.folder),
            Process("kube-scheduler", components.scheduler(layout), layout.folder),
            Process("kwok", components.kwok(layout), layout.folder),
        ]
        self._argo = Process("argo-rollouts", components.argo_rollouts(layout), layout.folder)

    def start(self) -> None:
        """Return when pods can be created and become ready."""
        tokens = self._write_credentials()
        self._etcd.start()
        self.start_apiserver()
        self._write_kubeconfigs(tokens)
        with self._explained_by_logs():
            for follower in self._followers:
                follower.start()
            self.kubectl("create", f"--filename={_NODES}")
            self.kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=30s")
            self.kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=30s")
            self._wait_until("kube-scheduler is healthy", self._scheduler_is_healthy)

    def close(self) -> None:
        """Kill all and wait for all: nothing of this cluster is kept, so nothing needs to end well."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.reap()

    def stop_apiserver(self) -> None:
        """As in a crash: asked politely, it would wait long for its watchers to leave. All else goes on."""
        self._apiserver.kill()
        self._apiserver.reap()

    def start_apiserver(self) -> None:
        """On the same port, with the same certificate and data."""
        with self._explained_by_logs():
            self._apiserver.start()
            self._wait_until("kube-apiserver is ready", self._apiserver_is_ready)

    def install_argo(self) -> None:
        crds = sorted(assets_folder("argo-rollouts").glob("*-crd.yaml"))
        self.kubectl("apply", "--server-side", *(f"--filename={crd}" for crd in crds))
        self.kubectl("wait", "--for=condition=Established", *(f"--filename={crd}" for crd in crds))
        self.start_argo()

    def stop_argo(self) -> None:
        """Rollouts stand still; their objects stay."""
        self._argo.kill()
        self._argo.reap()

    def start_argo(self) -> None:
        with self._explained_by_logs():
            self._argo.start()
            self._wait_until(
                "argo-rollouts is healthy", lambda: answers_ok(self._layout.ports.argo_health, "/healthz")
            )

    @property
    def _processes(self) -> list[Process]:
        return [self._argo, *self._followers, self._apiserver, self._etcd]

    def _write_credentials(self) -> dict[str, str]:
        """A token for everybody who connects, and the key that signs ServiceAccount tokens."""
        tokens = {identity: secrets.token_urlsafe(32) for identity in IDENTITIES}
        self._layout.tokens.touch(mode=0o600)
        self._layout.tokens.write_text(
            "".join(f'{tokens[who]},{user},{who},"{group}"\n' for who, (user, group) in IDENTITIES.items())
        )
        openssl = system_program("openssl", "It makes the key that signs ServiceAccount tokens.")
        key = self._layout.service_account_key
        key.touch(mode=0o600)
        subprocess.run(
            [openssl, "ecparam", "-genkey", "-noout", "-name", "prime256v1", "-out", key],
            check=True,
        )
        return tokens

    def _write_kubeconfigs(self, tokens: dict[str, str]) -> None:
        """The server has signed its certificate with a CA of its own, which stands last in the chain."""
        chain = (self._layout.certificates("apiserver") / "apiserver.crt").read_text()
        begin = "-----BEGIN"
        ca = begin + chain.rpartition(begin)[2]
        self._layout.ca.write_text(ca)
        for identity, token in tokens.items():
            write_kubeconfig(
                self._layout.kubeconfig(identity),
                server=self._layout.server,
                ca_base64=base64.b64encode(ca.encode()).decode(),
                token=token,
            )

    def _apiserver_is_ready(self) -> bool:
        certificate = self._layout.certificates("apiserver") / "apiserver.crt"
        return answers_ok(self._layout.ports.apiserver, "/readyz", certificate)

    def _scheduler_is_healthy(self) -> bool:
        certificate = self._layout.certificates("scheduler") / "kube-scheduler.crt"
        return answers_ok(self._layout.ports.scheduler, "/healthz", certificate)

    def _wait_until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait, but not for the dead."""
        wait_until(what, lambda: self._all_live() and holds())

    def _all_live(self) -> bool:
        dead = [process.name for process in self._processes if process.has_died]
        if dead:
            raise ControlPlaneError(f"{', '.join(dead)} ended by itself")
        return True

    @contextmanager
    def _explained_by_logs(self) -> Iterator[None]:
        """Whatever fails while something starts: show what the programs that run, or should, say of it."""
        try:
            yield
        except ControlPlaneError as error:
            started = [process for process in self._processes if process.is_started]
            to_blame = [process for process in started if process.has_died] or started
            logs = "\n".join(process.tail() for process in to_blame)
            raise ControlPlaneError(
                f"The local control plane did not start: {error}.\n{logs}\n"
                "A port in use: try again. A program killed: free some memory, 2 GiB are needed. "
                f"A flag not understood: empty {cache_folder()} to have the programs built anew."
            ) from error


@contextmanager
def local_cluster(folder: Path) -> Iterator[LocalCluster]:
    """A fresh one, without Argo Rollouts; nothing of it is left afterwards."""
    if sys.platform != "linux":
        raise ControlPlaneError(
            "The local control plane needs Linux. Start Docker, and kind is used; "
            "or name a cluster with ROLLOUT_REPORTER_TEST_KUBECONFIG."
        )
    for tool in LOCAL_TOOLS:
        binary_path(tool)
    with claimed_ports(len(fields(Ports))) as ports:
        cluster = LocalCluster(Layout(folder, Ports(*ports)))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.close()
