"""The chart installed on a cluster, and the operator run with its ServiceAccount."""

import json
from collections.abc import Mapping
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from controlplane import Cluster
from installation.program import Program, free_port, until

RELEASE = "rollout-reporter"
CHART = Path(__file__).parents[2] / "charts" / "rollout-reporter"


class Operator(Program):
    """`rollout-reporter run`, outside the cluster, as in a pod."""

    def __init__(
        self,
        kubeconfig: Path,
        namespace: str,
        log: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.probe_port, self.metrics_port = free_port(), free_port()
        own = ["--kubeconfig", str(kubeconfig), "--namespace", namespace, "--host", "127.0.0.1"]
        ports = ["--probe-port", str(self.probe_port), "--metrics-port", str(self.metrics_port)]
        command = ["run", *own, *ports, "--log-format", "text", *arguments]
        super().__init__(command, log, {**(environment or {}), "POD_NAME": "operator"})

    def start_and_watch(self) -> None:
        """Start it and wait until it watches."""
        self.start()
        until(self._is_ready_or_fails, seconds=60, otherwise=self.log)

    def _is_ready_or_fails(self) -> bool:
        if not self.is_running:
            raise RuntimeError(f"the operator ended:\n{self.log()[-3000:]}")
        return self.is_ready

    @property
    def is_ready(self) -> bool:
        """Whether it runs and watches."""
        if not self.is_running:
            return False
        try:
            return httpx.get(f"http://127.0.0.1:{self.probe_port}/readyz").is_success
        except httpx.TransportError:
            return False

    def metric(self, name: str, /, **labels: str) -> float | None:
        """Sum of a metric over all other labels; `None` if the operator does not answer."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=2)
        except httpx.TransportError:
            return None
        families = text_string_to_metric_families(answer.raise_for_status().text)
        found = (each for family in families for each in family.samples if each.name == name)
        return sum(each.value for each in found if labels.items() <= each.labels.items())


class Installation:
    """A release of the chart in a Namespace of its own."""

    def __init__(self, cluster: Cluster, namespace: str, folder: Path) -> None:
        self.cluster, self.namespace, self.folder = cluster, namespace, folder

    def install(self, **values: str) -> str:
        """Install or upgrade the chart; return what Helm prints. `jira__siteURL` is `jira.siteURL`."""
        settings = {"replicaCount": "0", **self._without_jobs(), **values}
        flags = [f"--set={name.replace('__', '.')}={value}" for name, value in settings.items()]
        arguments = ["upgrade", "--install", RELEASE, str(CHART), "--namespace", self.namespace]
        return self.cluster.helm(*arguments, "--create-namespace", *flags)

    def _without_jobs(self) -> dict[str, str]:
        """On nodes that run real containers, hooks would wait for an image that is not published."""
        return {} if self.cluster.flavour == "local" else {"crds__wait": "false", "cleanup__enabled": "false"}

    def install_for(self, site_url: str, **values: str) -> str:
        """Install the chart for a stand-in of Jira with the sandbox's credential."""
        jira = {"jira__siteURL": site_url, "jira__apiURL": site_url}
        credential = {"jira__clientId": "demo", "jira__clientSecret": "demo-secret"}
        return self.install(**jira, **credential, **values)

    def uninstall(self) -> None:
        """Remove the release."""
        self.cluster.helm("uninstall", RELEASE, "--namespace", self.namespace, "--wait")

    def operator(self, *arguments: str, name: str = "operator") -> Operator:
        """An operator with the rights of the chart; it is not started yet."""
        kubeconfig = self.cluster.service_account_kubeconfig(self.namespace, RELEASE)
        log = self.folder / f"{name}.log"
        return Operator(kubeconfig, self.namespace, log, *arguments, environment=self.environment())

    def environment(self) -> dict[str, str]:
        """What the chart tells the operator's container, but for what only a pod can know."""
        where = f"--namespace={self.namespace}"
        body = json.loads(self.cluster.kubectl("get", "deployment", RELEASE, where, "--output=json"))
        [container] = body["spec"]["template"]["spec"]["containers"]
        return {each["name"]: each["value"] for each in container.get("env", []) if "value" in each}
