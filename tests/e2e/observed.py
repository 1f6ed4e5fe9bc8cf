"""A product of which every request to the API server is noted."""

import base64
import json
import secrets
import ssl
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import yaml

from chaos.gate import Gate
from chaos.passages import kind_at_cluster
from controlplane import Cluster
from e2e.product import Product, ProductApart
from e2e.rights import Grants, Right, right_for
from e2e.workload import SECONDS
from installation import Operator
from installation.installation import RELEASE
from installation.program import until
from rollout_reporter.controller.settings import PATIENCE_WITH_RIGHTS


class ObservedProduct(ProductApart):
    """Its operator, and the command of its hook, ask the API server by way of a gate."""

    def __init__(self, cluster: Cluster, namespace: str, folder: Path, *, selects: bool) -> None:
        super().__init__(cluster, namespace, folder)
        self._selects, self._folder = selects, folder
        self._gate: Gate | None = None
        self._kubeconfig = folder / "kubeconfig"
        self._printed = ""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Install the chart with the rights of its hooks, and have the operator running."""
        try:
            self.shop.open(rights=self.namespace)
            self.jira.start()
            self.install()
            self._grant_what_hooks_need()
            with self._way() as self._gate:
                self._operator = Operator(
                    self._kubeconfig,
                    self.namespace,
                    self._folder / "operator.log",
                    environment=self.installation.environment(),
                )
                self.start()
                yield
                self.operator.kill()
        finally:
            self.close()

    @property
    def gate(self) -> Gate:
        """What its requests pass."""
        assert self._gate is not None
        return self._gate

    def grants(self) -> Grants:
        """The rights of its ServiceAccount."""
        return Grants(self.cluster, self.namespace, RELEASE)

    def clean_up(self) -> None:
        """Call the command that the chart calls before it is uninstalled, while no operator runs."""
        command = [sys.executable, "-m", "rollout_reporter", "cleanup", "--yes"]
        where = ["--namespace", self.namespace, "--kubeconfig", str(self._kubeconfig)]
        environment = self.cluster.environment() | self.installation.environment()
        self.operator.stop()
        done = subprocess.run(
            [*command, *where], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        self._printed += done.stderr
        # A Lease that the command had to leave would hold up the operator.
        self.kubectl("delete", f"lease/{RELEASE}", "--ignore-not-found")
        self.operator.start()

    def used(self) -> set[Right]:
        """The rights by which the API server has answered."""
        return {right for right, status in self._asked() if status != HTTPStatus.FORBIDDEN}

    def refused(self) -> set[Right]:
        """The rights that it was told to lack."""
        return {right for right, status in self._asked() if status == HTTPStatus.FORBIDDEN}

    @property
    def requests(self) -> int:
        """How many requests there were."""
        return len(self.gate.passages)

    def asks_for(self, rights: Iterable[Right], *, since: int) -> None:
        """Wait until it has asked for what needs these rights, in vain or not, `since` so many requests."""
        wanted = set(rights)
        until(
            lambda: wanted <= {right for right, _ in self._asked(since)},
            seconds=SECONDS,
            otherwise=lambda: f"it does not ask for one of {', '.join(map(str, wanted))}",
        )

    def misses(self, right: Right) -> None:
        """Wait until somebody can read that a right is missing: it was refused, or asked for beforehand."""
        until(
            lambda: self._was_refused(right) or right.foreseen in self._said(),
            seconds=SECONDS,
            otherwise=lambda: f"refused: {right in self.refused()}, said: {right.refusal in self._said()}",
        )

    def _was_refused(self, right: Right) -> bool:
        return right in self.refused() and right.refusal in self._said()

    def gives_up(self, right: Right) -> None:
        """Wait until it has missed a right for so long that it asks whether it may see a workload at all."""
        until(
            lambda: self._refusals_after_patience(right) > 1,
            seconds=3 * SECONDS,
            otherwise=lambda: f"it does not ask whether it may still see what it needs to {right} for",
        )

    def _refusals_after_patience(self, right: Right) -> int:
        refused = [each for each in self.gate.passages if each.told == HTTPStatus.FORBIDDEN]
        moments = [each.moment for each in refused if right_for(each) == right]
        patience = PATIENCE_WITH_RIGHTS.total_seconds()
        return sum(each - moments[0] >= patience for each in moments)

    def _asked(self, since: int = 0) -> Iterator[tuple[Right, int]]:
        for each in self.gate.passages[since:]:
            if each.told is not None and (right := right_for(each)):
                yield right, each.told

    def _said(self) -> str:
        return self.log() + self._printed

    @contextmanager
    def _way(self) -> Iterator[Gate]:
        """The way to the API server, and a kubeconfig that leads there."""
        direct = self.cluster.service_account_kubeconfig(self.namespace, RELEASE)
        config = yaml.safe_load(direct.read_text())
        server = config["clusters"][0]["cluster"]
        authority = base64.b64decode(server["certificate-authority-data"]).decode()
        trust = ssl.create_default_context(cadata=authority)
        with Gate(server["server"], kind_at_cluster, trust) as gate:
            config["clusters"][0]["cluster"] = {"server": gate.door("operator")}
            self._kubeconfig.touch(mode=0o600)
            self._kubeconfig.write_text(yaml.safe_dump(config))
            yield gate

    def _grant_what_hooks_need(self) -> None:
        where = f"--namespace={self.namespace}"
        for each in yaml.safe_load_all(self.cluster.helm("get", "hooks", RELEASE, where)):
            if each and each["kind"] in {"Role", "RoleBinding"}:
                self.cluster.kubectl("apply", "--filename=-", stdin=json.dumps(each))

    def _values(self, **values: str) -> dict[str, str]:
        """Watched Namespaces are named, or picked by their labels, which takes rights in the cluster."""
        if not self._selects:
            return super()._values(**values)
        own = {"namespaceSelector": f"rights={self.namespace}", "crds__enabled": "false"}
        return Product._values(self, **own, **values)


@contextmanager
def observed_product(cluster: Cluster, folder: Path, *, selects: bool) -> Iterator[ObservedProduct]:
    """One for the length of a block, whose operator runs."""
    product = ObservedProduct(cluster, f"apart-{secrets.token_hex(3)}", folder, selects=selects)
    with product.running():
        yield product
