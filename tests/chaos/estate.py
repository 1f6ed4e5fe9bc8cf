"""What the operator needs in the cluster, in the hands of somebody who may do anything to it."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Final, TypeVar

from controlplane import Cluster, ControlPlaneError
from installation.installation import CHART, RELEASE
from installation.program import until

T = TypeVar("T")

_PATIENCE: Final = 60
"""Seconds within which an API server that is down has to be back."""
_CRDS: Final = f"--filename={CHART / 'files' / 'crds'}"
_SITE: Final = "jirasite/default"
_APPLY: Final = ("apply", "--server-side", "--force-conflicts")


class Estate:
    """The Namespace of an installation, and the CRDs. An API server that is down is waited for."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster, self._namespace = cluster, namespace

    def delete(self, *what: str) -> None:
        """Delete something in the operator's Namespace."""
        self._kubectl("delete", *what, f"--namespace={self._namespace}", "--ignore-not-found")

    def remove_reports_crd(self) -> None:
        """Delete the CRD of the RolloutReports, and all of them with it."""
        self._kubectl("delete", "crd/rolloutreports.rollout-reporter.dev", "--ignore-not-found")

    def put_crds(self) -> None:
        """Install the CRDs of the chart, and wait until they are served."""
        self._kubectl(*_APPLY, _CRDS)
        self._kubectl("wait", "--for=condition=Established", _CRDS)

    def remove_site(self) -> str:
        """Delete the JiraSite; what is returned makes it again."""
        site = (_SITE, f"--namespace={self._namespace}")
        body = json.loads(insistently(lambda: self._cluster.kubectl("get", *site, "--output=json")))
        meta = {key: body["metadata"][key] for key in ("name", "namespace", "labels", "annotations")}
        self.delete(_SITE)
        return json.dumps({**body, "metadata": meta, "status": {}})

    def put_site(self, body: str) -> None:
        """Make a JiraSite that was removed."""
        self._kubectl(*_APPLY, "--filename=-", stdin=body)

    def change_secret(self, client_secret: str) -> None:
        """Give the operator another credential."""
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": f"{RELEASE}-jira", "namespace": self._namespace},
            "stringData": {"clientSecret": client_secret},
        }
        self._kubectl(*_APPLY, "--filename=-", stdin=json.dumps(body))

    def resync(self) -> None:
        """`rollout-reporter resync`: return when Jira has heard all that is known."""
        command = [
            sys.executable,
            "-m",
            "rollout_reporter",
            "resync",
            "--operator-namespace",
            self._namespace,
        ]
        subprocess.run(command, env=self._cluster.environment(), capture_output=True, check=True, timeout=120)

    def _kubectl(self, *arguments: str, stdin: str | None = None) -> None:
        insistently(lambda: self._cluster.kubectl(*arguments, stdin=stdin))


def insistently(work: Callable[[], T]) -> T:
    """Do something for which the API server is needed, again and again until it was done."""
    done: list[T] = []
    refusals: list[ControlPlaneError] = []

    def works() -> bool:
        try:
            done.append(work())
        except ControlPlaneError as refusal:
            refusals.append(refusal)
        return bool(done)

    until(works, seconds=_PATIENCE, otherwise=lambda: str(refusals[-1]))
    return done[0]
