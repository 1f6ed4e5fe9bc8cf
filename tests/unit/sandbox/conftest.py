"""A sandbox in the same process."""

from collections.abc import AsyncIterator

import httpx
import pytest

from rollout_reporter.sandbox import SandboxConfig, create_app
from unit.sandbox.client import Clock, Jira


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def jira(clock: Clock) -> AsyncIterator[Jira]:
    config = SandboxConfig()
    transport = httpx.ASGITransport(create_app(config, clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
        jira = Jira(http, config)
        await jira.log_in()
        yield jira
