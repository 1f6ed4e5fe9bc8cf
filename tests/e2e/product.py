"""The whole product on a cluster: a stand-in for Jira, the chart, an operator."""

import json
from pathlib import Path

from controlplane import Cluster, ControlPlaneError
from e2e.shop import Shop
from e2e.workload import SECONDS, Object
from installation import Installation, Operator, RunningSandbox
from installation.installation import RELEASE
from installation.program import until

SECRET = "rollout-reporter-jira"
CREDENTIAL = {"clientId": "demo", "clientSecret": "demo-secret"}


class Product:
    """Jira, chart and operator; each is started by whoever needs it, and ended by `close`."""

    def __init__(self, cluster: Cluster, namespace: str, folder: Path) -> None:
        self.cluster, self.namespace = cluster, namespace
        self.jira = RunningSandbox(folder)
        self.installation = Installation(cluster, namespace, folder)
        self._operator: Operator | None = None

    @property
    def operator(self) -> Operator:
        """The one operator of this installation."""
        if self._operator is None:
            self._operator = self.installation.operator()
        return self._operator

    def install(self, **values: str) -> None:
        """Install the chart with the credential of the stand-in."""
        self.installation.install_for(self.jira.url, **self._values(**values))

    def install_without_credential(self, **values: str) -> None:
        """Install the chart for a Secret that somebody creates later."""
        self.installation.install(**self.jira_values, **self._values(**values))

    @property
    def jira_values(self) -> dict[str, str]:
        """The chart's values for the stand-in, with its credential in a Secret of somebody else's."""
        url = self.jira.url
        return {"jira__siteURL": url, "jira__apiURL": url, "jira__existingSecret": SECRET}

    def start(self, *arguments: str) -> None:
        """Start the operator, and wait until it watches; its first start decides on more flags than usual."""
        if self._operator is None:
            self._operator = self.installation.operator(*arguments)
        self._operator.start_and_watch()

    def recover(self) -> None:
        """See to it that both run, and that Jira makes no trouble, whatever an earlier test has left."""
        if not self.jira.program.is_running:
            self.jira.start()
        if self.jira.control("GET", "/sandbox/faults"):
            self.jira.control("DELETE", "/sandbox/faults")
            self.operator.stop()  # or it might wait a minute before it tries again
        self.jira.control("PUT", "/sandbox/config", {"unknownKeys": [], "projects": []})
        if not self.operator.is_running:
            self.start()

    def close(self) -> None:
        """End all; what the cluster keeps goes with its Namespace."""
        try:
            if self._operator:
                self._operator.kill()
        finally:
            self.jira.program.kill()
            if self.cluster.flavour == "given":
                self._clear_away()

    def log(self) -> str:
        """What the operator has logged over all its starts."""
        return self._operator.log() if self._operator else ""

    def create_secret(self, name: str, **fields: str) -> None:
        """Create a Secret in the operator's Namespace, or correct it."""
        self._apply({"apiVersion": "v1", "kind": "Secret", "stringData": fields}, name)

    def create_site(self, name: str, *, secret: str = SECRET) -> None:
        """Create a JiraSite that leads to the stand-in."""
        spec = {
            "siteURL": self.jira.url,
            "apiURL": self.jira.url,
            "credentialsSecretRef": {"name": secret},
        }
        self._apply({"apiVersion": "rollout-reporter.dev/v1alpha1", "kind": "JiraSite", "spec": spec}, name)

    def site_is(self, name: str, status: str, reason: str) -> str:
        """Wait until the condition `Ready` of a JiraSite says this; return its message."""
        until(
            lambda: self._ready(name)[:2] == (status, reason),
            seconds=SECONDS,
            otherwise=lambda: f"JiraSite {name} is {self._ready(name)}",
        )
        return self._ready(name)[2]

    def lease_holder(self) -> str:
        """Who leads, empty for nobody."""
        path = "jsonpath={.spec.holderIdentity}"
        return self.kubectl("get", "lease/rollout-reporter", f"--output={path}")

    def kubectl(self, *arguments: str) -> str:
        """Kubectl in the operator's Namespace."""
        return self.cluster.kubectl(*arguments, f"--namespace={self.namespace}")

    def requests_about(self, issue: str) -> list[Object]:
        """Submissions that name an issue, the oldest first."""
        return [each for each in self.jira.requests("bulk") if issue in json.dumps(each["request"])]

    def described(self, namespaces: list[str]) -> str:
        """How things stand, for people who look into a failure."""
        kinds = "deployments,replicasets,rolloutreports,jirasites"
        parts = []
        for namespace in namespaces:
            for what in (kinds, "rollouts", "events"):
                output = "--output=yaml" if what != "events" else "--output=wide"
                try:
                    parts.append(self.cluster.kubectl("get", what, f"--namespace={namespace}", output))
                except ControlPlaneError as error:
                    parts.append(str(error))
        return "\n---\n".join(parts)

    def _clear_away(self) -> None:
        """Leave a cluster that lives on as it was found, but for the CRDs."""
        self.cluster.helm(
            "uninstall", RELEASE, f"--namespace={self.namespace}", "--ignore-not-found", "--no-hooks"
        )
        Shop(self.cluster, self.namespace).close(wait=True)

    def _values(self, **values: str) -> dict[str, str]:
        """The chart's values, with those that such a product always has."""
        return values

    def _apply(self, body: Object, name: str) -> None:
        body = {**body, "metadata": {"name": name, "namespace": self.namespace}}
        self.cluster.kubectl("apply", "--filename=-", stdin=json.dumps(body))

    def _ready(self, name: str) -> tuple[str, str, str]:
        body = json.loads(self.kubectl("get", f"jirasite/{name}", "--output=json"))
        for each in body.get("status", {}).get("conditions", []):
            if each["type"] == "Ready":
                return each["status"], each["reason"], each["message"]
        return "", "", ""


class ProductApart(Product):
    """A product that watches one Namespace of its own, beside the one that watches all others."""

    def __init__(self, cluster: Cluster, namespace: str, folder: Path) -> None:
        super().__init__(cluster, namespace, folder)
        self.shop = Shop(cluster, f"{namespace}-shop")

    def _values(self, **values: str) -> dict[str, str]:
        own = {
            "watchNamespaces": f"{{{self.shop.namespace}}}",
            "clusterName": "apart",
            "crds__enabled": "false",
        }
        return super()._values(**own, **values)

    def close(self) -> None:
        """End all and clear away both Namespaces."""
        try:
            super().close()
        finally:
            self.shop.close()
            Shop(self.cluster, self.namespace).close()
