"""Which tools there are, how each is built, and whose documents are read.

The versions stand in ``modules/*/go.mod`` and nowhere else, so that the bots which raise versions find them.
Tools whose dependencies agree share a module; the others need one each.
"""

import os
import re
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path

from controlplane.errors import ControlPlaneError

MODULES = Path(__file__).parent / "modules"
KUBERNETES_VARIABLE = "ROLLOUT_REPORTER_TEST_KUBERNETES"
"""Which Kubernetes the control plane has, such as 1.32: one of those that have a module of their own."""
ROLLOUTS_VARIABLE = "ROLLOUT_REPORTER_TEST_ROLLOUTS"
"""Which Argo Rollouts runs there, such as 1.9, likewise."""


def _module(name: str, variable: str) -> str:
    return "-".join(filter(None, [name, os.environ.get(variable)]))


_KUBERNETES = _module("kubernetes", KUBERNETES_VARIABLE)


@dataclass(frozen=True)
class Source:
    """A Go module, and the files of it that are kept."""

    name: str
    _: KW_ONLY
    module: str
    """The folder in ``modules/`` whose go.mod pins it."""
    source: str
    """The Go module that it comes from."""
    assets: tuple[str, ...] = ()
    """Globs, inside the source module, of files to keep."""

    @property
    def folder(self) -> Path:
        return MODULES / self.module

    @cached_property
    def version(self) -> str:
        if not self.folder.is_dir():
            there = ", ".join(sorted(each.name for each in MODULES.glob("kubernetes*")))
            raise ControlPlaneError(f"there is no {self.folder}; of Kubernetes there are {there}")
        go_mod = (self.folder / "go.mod").read_text()
        pinned = re.search(rf"^\s*(?:require )?{re.escape(self.source)} (v\S+)", go_mod, re.MULTILINE)
        if pinned is None:
            raise ControlPlaneError(f"{self.folder}/go.mod requires no {self.source}")
        return pinned[1]


@dataclass(frozen=True)
class Tool(Source):
    """A program, and the files of its module that go with it."""

    _: KW_ONLY
    package: str
    """Its main package."""
    stamps: tuple[str, ...] = ()
    """``-X`` assignments: without them several of these programs call themselves v0.0.0."""
    tags: tuple[str, ...] = ()
    """Build tags."""

    @property
    def ldflags(self) -> str:
        major, minor, _ = self.version.removeprefix("v").split(".", 2)
        stamps = (
            f"-X {stamp.format(version=self.version, major=major, minor=minor)}" for stamp in self.stamps
        )
        return " ".join(["-s -w", *stamps])


def _kubernetes(name: str) -> Tool:
    """A program of Kubernetes, told its version: charts with a ``kubeVersion`` refuse a v0.0.0."""
    return Tool(
        name,
        module=_KUBERNETES,
        source="k8s.io/kubernetes",
        package=f"k8s.io/kubernetes/cmd/{name}",
        stamps=tuple(
            f"{package}.{assignment}"
            for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
            for assignment in ("gitVersion={version}", "gitMajor={major}", "gitMinor={minor}")
        ),
    )


def _prometheus(name: str) -> Tool:
    """A program of Prometheus, without its pages and without the clouds that it could find targets in."""
    return Tool(
        name,
        module="prometheus",
        source="github.com/prometheus/prometheus",
        package=f"github.com/prometheus/prometheus/cmd/{name}",
        tags=("remove_all_sd",),
    )


_HELM = Tool(
    "helm",
    module="helm",
    source="helm.sh/helm/v4",
    package="helm.sh/helm/v4/cmd/helm",
    stamps=("helm.sh/helm/v4/internal/version.version={version}",),
)
_HELM3 = Tool(
    "helm3",
    module="helm3",
    source="helm.sh/helm/v3",
    package="helm.sh/helm/v3/cmd/helm",
    stamps=("helm.sh/helm/v3/internal/version.version={version}",),
)
_ETCD = Tool(
    "etcd",
    module="etcd",
    source="go.etcd.io/etcd/server/v3",
    package="go.etcd.io/etcd/server/v3",
)
_KWOK = Tool(
    "kwok",
    module="kwok",
    source="sigs.k8s.io/kwok",
    package="sigs.k8s.io/kwok/cmd/kwok",
    assets=(
        "kustomize/stage/node/fast/node-*.yaml",
        "kustomize/stage/node/heartbeat-with-lease/node-*.yaml",
        "kustomize/stage/pod/fast/pod-*.yaml",
    ),
)
_ARGO_ROLLOUTS = Tool(
    "argo-rollouts",
    module=_module("argo-rollouts", ROLLOUTS_VARIABLE),
    source="github.com/argoproj/argo-rollouts",
    package="github.com/argoproj/argo-rollouts/cmd/rollouts-controller",
    assets=("manifests/crds/*-crd.yaml", "manifests/install.yaml"),
)
_KIND = Tool("kind", module="kind", source="sigs.k8s.io/kind", package="sigs.k8s.io/kind")
_ACTIONLINT = Tool(
    "actionlint",
    module="actionlint",
    source="github.com/rhysd/actionlint",
    package="github.com/rhysd/actionlint/cmd/actionlint",
)
_KUBECONFORM = Tool(
    "kubeconform",
    module="kubeconform",
    source="github.com/yannh/kubeconform",
    package="github.com/yannh/kubeconform/cmd/kubeconform",
)

TOOLS = {
    tool.name: tool
    for tool in (
        _HELM,
        _kubernetes("kubectl"),
        _ETCD,
        _kubernetes("kube-apiserver"),
        _kubernetes("kube-controller-manager"),
        _kubernetes("kube-scheduler"),
        _KWOK,
        _ARGO_ROLLOUTS,
        _HELM3,
        _KIND,
        _prometheus("promtool"),
        _prometheus("prometheus"),
        _KUBECONFORM,
        _ACTIONLINT,
    )
}

_FOR_SOME_TESTS = {"helm3", "kind", "promtool", "prometheus", "kubeconform", "actionlint"}
LOCAL_TOOLS = tuple(name for name in TOOLS if name not in _FOR_SOME_TESTS)
"""What a local cluster and its users need."""

PROMETHEUS_OPERATOR = Source(
    "prometheus-operator",
    module="prometheus-operator",
    source="github.com/prometheus-operator/prometheus-operator",
    assets=tuple(
        f"example/prometheus-operator-crd/monitoring.coreos.com_{plural}.yaml"
        for plural in ("podmonitors", "prometheusrules", "servicemonitors")
    ),
)
"""The CRDs of what the chart makes for it."""

OPENAPI = tuple(
    Source(
        folder.name,
        module=folder.name,
        source="k8s.io/kubernetes",
        assets=("api/openapi-spec/v3/*__v[0-9]_openapi.json",),
    )
    for folder in sorted(MODULES.glob("openapi-*"))
)
"""What each Kubernetes says of its stable kinds; a minor version joins by a folder in ``modules/``."""


def find_tool(name: str) -> Tool:
    if name not in TOOLS:
        raise ControlPlaneError(f"There is no tool {name!r}; there are: {', '.join(TOOLS)}")
    return TOOLS[name]
