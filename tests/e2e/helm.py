"""Both Helms, as whoever is named by a kubeconfig."""

import subprocess
from pathlib import Path

from controlplane import Cluster
from installation.installation import CHART, RELEASE

SITE = "https://example.atlassian.net"
NAMESPACE = "reporting"
"""Of a release on a cluster of its own."""


class Helm:
    """One of both Helms, and one release of the chart in one Namespace."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        *,
        program: str = "helm",
        chart: Path = CHART,
        kubeconfig: Path | None = None,
    ) -> None:
        self._cluster, self.namespace = cluster, namespace
        self._program, self.chart = cluster.tool(program), chart
        self._kubeconfig = kubeconfig or cluster.kubeconfig

    def __call__(self, command: str, *arguments: str, stdin: str = "") -> str:
        """What Helm prints."""
        done = subprocess.run(
            [self._program, command, *arguments, f"--namespace={self.namespace}"],
            input=stdin,
            env=self._cluster.environment() | {"KUBECONFIG": str(self._kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command} {arguments}: {done.stderr}"
        return done.stdout

    def install(self, **values: str) -> str:
        """Install; no pod of the operator, as nodes run none. `jira__siteURL` is `jira.siteURL`."""
        return self("install", RELEASE, str(self.chart), *_flags(values))

    def upgrade(self, *arguments: str, **values: str) -> str:
        """Upgrade; values that are not named stay."""
        return self("upgrade", RELEASE, str(self.chart), "--reuse-values", *_flags(values), *arguments)

    def uninstall(self) -> str:
        """Uninstall, and wait until all is gone."""
        return self("uninstall", RELEASE, "--wait", "--timeout=60s")


def _flags(values: dict[str, str]) -> list[str]:
    return [
        f"--set={name.replace('__', '.')}={value}" for name, value in ({"replicaCount": "0"} | values).items()
    ]
