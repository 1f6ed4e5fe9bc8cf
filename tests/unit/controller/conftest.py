"""An API server in memory and a client for it."""

from collections.abc import AsyncIterator

import pytest
from kubernetes.aio.client.api_client import ApiClient

from unit.cluster.fake_cluster import FakeCluster, served


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
async def api(cluster: FakeCluster) -> AsyncIterator[ApiClient]:
    async with served(cluster) as api:
        yield api
