"""A cluster in memory and a Jira in this process, for commands that speak with both."""

import asyncio
import base64
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import httpx
from kubernetes.aio.client.api_client import ApiClient
from pydantic import SecretStr
from starlette.applications import Starlette

from rollout_reporter.cluster.reports import from_entry, report_name
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.outcome import Judged
from rollout_reporter.core.report import Update
from rollout_reporter.core.workload import WorkloadRef
from rollout_reporter.jira.client import JiraClient, SiteSettings
from rollout_reporter.jira.token import Credentials
from rollout_reporter.sandbox import SandboxConfig, create_app
from unit.cluster.fake_cluster import OURS, FakeCluster, served

URL = "http://127.0.0.1:8088"
NAMESPACE = "rollout-reporter"
SITES = f"{OURS}/{NAMESPACE}/jirasites"
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/jira"


@dataclass
class Surroundings:
    """Each call of a command has an event loop of its own, and so has each method here."""

    cluster: FakeCluster = field(default_factory=FakeCluster)
    sandbox: Starlette = field(default_factory=lambda: create_app(SandboxConfig()))

    async def connect(self, _: str = "") -> AbstractAsyncContextManager[ApiClient]:
        """Stand in for the function of this name."""
        return served(self.cluster)

    def http_client(self) -> httpx.AsyncClient:
        """Stand in for the function of this name."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.sandbox))

    def hold_site(self, name: str = "default", **spec: Any) -> None:
        """Have a JiraSite that leads to the sandbox."""
        usual = {"siteURL": URL, "apiURL": URL, "credentialsSecretRef": {"name": "jira"}}
        self.cluster.hold(f"{SITES}/{name}", {"spec": usual | spec})

    def hold_secret(self, **texts: str) -> None:
        """Have the Secret of the JiraSites, by default with the sandbox's credential."""
        given = texts or {"clientId": "demo", "clientSecret": "demo-secret"}
        data = {key: base64.b64encode(text.encode()).decode() for key, text in given.items()}
        self.cluster.hold(SECRET, {"data": data})

    def remember(self, ref: WorkloadRef, *entries: Entry, installation: str = NAMESPACE) -> None:
        """Have a RolloutReport."""
        workload = {"kind": ref.kind.value, "name": ref.name, "uid": ref.uid}
        newest_first = [from_entry(each).model_dump(mode="json", by_alias=True) for each in reversed(entries)]
        current, *history = newest_first
        self.cluster.hold(
            f"{OURS}/{ref.namespace}/rolloutreports/{report_name(ref)}",
            {
                "metadata": {"namespace": ref.namespace},
                "spec": {"workload": workload, "installation": installation},
                "status": {"current": current, "history": history},
            },
        )

    def tell(self, *entries: Entry, properties: Mapping[str, str] | None = None) -> None:
        """Have Jira hold what the operator would have sent."""

        async def submit() -> None:
            where = SiteSettings(URL, URL, properties=properties or {})
            async with self.http_client() as http:
                client = JiraClient(where, Credentials("demo", SecretStr("demo-secret")), http)
                assert isinstance(await client.submit([Update(each.report, 1) for each in entries]), Judged)

        asyncio.run(submit())

    def held(self) -> list[int]:
        """The numbers of the Jira deployments that Jira holds."""
        deployments = self.control("GET", "/sandbox/state")["deployments"]
        return sorted(each["deployment"]["deploymentSequenceNumber"] for each in deployments)

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Call the control API of the sandbox."""

        async def ask() -> Any:
            async with self.http_client() as http:
                response = await http.request(method, f"{URL}{path}", json=body)
                response.raise_for_status()
                return response.json() if response.content else None

        return asyncio.run(ask())
