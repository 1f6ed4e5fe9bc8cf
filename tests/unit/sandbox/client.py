"""A client of the sandbox, a clock, and one ordinary deployment that tests vary."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from rollout_reporter.sandbox import SandboxConfig

SENT = "2026-11-24T08:00:00.000Z"


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 8, 0, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def deployment(*issues: str, number: int = 1, update: int = 1, **fields: Any) -> dict[str, Any]:
    """Make one deployment as it goes over the wire; a field of None is left out."""
    body = {
        "deploymentSequenceNumber": number,
        "updateSequenceNumber": update,
        "associations": [{"associationType": "issueIdOrKeys", "values": list(issues) or ["SHOP-1"]}],
        "displayName": "checkout 1.4.2",
        "url": "https://cd.example.com/apps/checkout",
        "description": "Rollout of checkout",
        "lastUpdated": SENT,
        "state": "in_progress",
        "pipeline": {
            "id": "eu1.checkout",
            "displayName": "checkout",
            "url": "https://cd.example.com/checkout",
        },
        "environment": {"id": "eu1", "displayName": "eu1 / shop", "type": "production"},
        "schemaVersion": "1.0",
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}


class Jira:
    """Speaks with the sandbox as a client does."""

    def __init__(self, http: httpx.AsyncClient, config: SandboxConfig) -> None:
        self.http = http
        self.base = f"/jira/deployments/0.1/cloud/{config.cloud_id}"
        self.headers: dict[str, str] = {}

    async def ask_token(self, **fields: Any) -> httpx.Response:
        body = {
            "audience": "api.atlassian.com",
            "grant_type": "client_credentials",
            "client_id": "demo",
            "client_secret": "demo-secret",
            **fields,
        }
        return await self.http.post(
            "/oauth/token", json={name: value for name, value in body.items() if value is not None}
        )

    async def log_in(self, **fields: Any) -> None:
        token = (await self.ask_token(**fields)).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    async def submit(self, *deployments: Any, **fields: Any) -> httpx.Response:
        return await self.post({"deployments": list(deployments), **fields})

    async def post(self, content: Any) -> httpx.Response:
        return await self.http.post(f"{self.base}/bulk", json=content, headers=self.headers)

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(f"{self.base}/{path}", headers=self.headers)

    async def delete(self, path: str, **query: str) -> httpx.Response:
        return await self.http.delete(f"{self.base}/{path}", headers=self.headers, params=query)

    async def state(self) -> dict[str, Any]:
        state: dict[str, Any] = (await self.http.get("/sandbox/state")).json()
        return state

    async def stored(self) -> list[dict[str, Any]]:
        return [record["deployment"] for record in (await self.state())["deployments"]]

    async def requests(self) -> list[dict[str, Any]]:
        requests: list[dict[str, Any]] = (await self.http.get("/sandbox/requests")).json()
        return requests

    async def configure(self, **fields: Any) -> None:
        assert (await self.http.put("/sandbox/config", json=fields)).status_code == 200

    async def break_(self, kind: str | int, **fields: Any) -> None:
        response = await self.http.post("/sandbox/faults", json={"kind": kind, **fields})
        assert response.status_code == 201, response.text


KEY = "pipelines/eu1.checkout/environments/eu1/deployments/1"
