"""How each program of the local control plane is called.

Every server listens on ports of this cluster's own, and on 127.0.0.1 only. The exception is
Argo Rollouts: its metrics and health ports are open to all interfaces, and it has no flag against that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from controlplane.binaries import assets_folder, binary_path

_STAGES = Path(__file__).parent / "stages"

_CONTROLLERS = (
    "deployment-controller",
    "replicaset-controller",
    "job-controller",
    "namespace-controller",
    "garbage-collector-controller",
    "disruption-controller",
    "resourcequota-controller",
    "clusterrole-aggregation-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "root-ca-certificate-publisher-controller",
    "validatingadmissionpolicy-status-controller",
)
"""What workloads, charts and policies need, and nothing that would only cost time."""

IDENTITIES = {
    "admin": ("admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-scheduler": ("system:kube-scheduler", ""),
    "kwok": ("kwok", "system:masters"),
    "argo-rollouts": ("argo-rollouts", "system:masters"),
}
"""Who connects: user and group. Kubernetes brings roles for its own programs."""


@dataclass(frozen=True)
class Ports:
    etcd: int
    etcd_peer: int
    apiserver: int
    controller_manager: int
    scheduler: int
    kwok: int
    argo_metrics: int
    argo_health: int


@dataclass(frozen=True)
class Layout:
    """Where things are in a cluster's folder, and on which ports."""

    folder: Path
    ports: Ports

    @property
    def server(self) -> str:
        return f"https://127.0.0.1:{self.ports.apiserver}"

    @property
    def tokens(self) -> Path:
        return self.folder / "tokens.csv"

    @property
    def service_account_key(self) -> Path:
        return self.folder / "service-accounts.key"

    def certificates(self, component: str) -> Path:
        """Where a server puts the certificate that it signs for itself."""
        return self.folder / f"{component}-tls"

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    def kubeconfig(self, identity: str) -> Path:
        return self.folder / f"{identity}.kubeconfig"


Command = Sequence[str | Path]


def etcd(layout: Layout) -> Command:
    """No fsync: the data lives no longer than the processes."""
    client = f"http://127.0.0.1:{layout.ports.etcd}"
    peer = f"http://127.0.0.1:{layout.ports.etcd_peer}"
    return [
        binary_path("etcd"),
        f"--data-dir={layout.folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--quota-backend-bytes=4294967296",
        "--log-level=warn",
    ]


def apiserver(layout: Layout) -> Command:
    """RBAC on, real ServiceAccount tokens, limits raised for load tests.

    Nobody removes the not-ready taint from kwok's nodes here, so the plug-in that puts it there is off.
    There is no kubelet network, hence no endpoints of the API server itself to keep.
    """
    return [
        binary_path("kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{layout.ports.etcd}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={layout.ports.apiserver}",
        f"--cert-dir={layout.certificates('apiserver')}",
        f"--token-auth-file={layout.tokens}",
        "--authorization-mode=RBAC",
        "--disable-admission-plugins=TaintNodesByCondition",
        "--allow-privileged",
        f"--service-account-key-file={layout.service_account_key}",
        f"--service-account-signing-key-file={layout.service_account_key}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--endpoint-reconciler-type=none",
        "--max-requests-inflight=4000",
        "--max-mutating-requests-inflight=2000",
        "--profiling=false",
    ]


def controller_manager(layout: Layout) -> Command:
    return [
        binary_path("kube-controller-manager"),
        f"--kubeconfig={layout.kubeconfig('kube-controller-manager')}",
        f"--controllers={','.join(_CONTROLLERS)}",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={layout.service_account_key}",
        f"--root-ca-file={layout.ca}",
        "--bind-address=127.0.0.1",
        f"--secure-port={layout.ports.controller_manager}",
        f"--cert-dir={layout.certificates('controller-manager')}",
        "--leader-elect=false",
        "--kube-api-qps=1000",
        "--kube-api-burst=2000",
        "--concurrent-deployment-syncs=20",
        "--concurrent-replicaset-syncs=20",
    ]


def scheduler(layout: Layout) -> Command:
    return [
        binary_path("kube-scheduler"),
        f"--kubeconfig={layout.kubeconfig('kube-scheduler')}",
        "--bind-address=127.0.0.1",
        f"--secure-port={layout.ports.scheduler}",
        f"--cert-dir={layout.certificates('scheduler')}",
        "--leader-elect=false",
        "--kube-api-qps=1000",
        "--kube-api-burst=2000",
    ]


def kwok(layout: Layout) -> Command:
    """The kubelets: kwok's own fast stages, and ours which make trouble."""
    stages = sorted([*assets_folder("kwok").glob("*.yaml"), *_STAGES.glob("*.yaml")])
    return [
        binary_path("kwok"),
        f"--kubeconfig={layout.kubeconfig('kwok')}",
        *(f"--config={stage}" for stage in stages),
        "--manage-all-nodes",
        "--cidr=10.128.0.0/12",
        f"--server-address=127.0.0.1:{layout.ports.kwok}",
        f"--node-port={layout.ports.kwok}",
    ]


def argo_rollouts(layout: Layout) -> Command:
    """One instance, so no election: after a restart it works at once."""
    return [
        binary_path("argo-rollouts"),
        f"--kubeconfig={layout.kubeconfig('argo-rollouts')}",
        f"--metricsPort={layout.ports.argo_metrics}",
        f"--healthzPort={layout.ports.argo_health}",
        "--leader-elect=false",
        "--qps=1000",
        "--burst=2000",
    ]
