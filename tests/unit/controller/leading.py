"""What a leader works with, against a fake API server."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.journal import Journal
from rollout_reporter.controller.context import Context
from rollout_reporter.controller.settings import Settings
from rollout_reporter.controller.sightings import Sightings
from rollout_reporter.controller.sites import Sites
from rollout_reporter.jira.wire import utc_now
from unit.controller.fake_jira import Desk

CEILING = 10**12


async def _start_above(_: Iterable[int]) -> None:
    """The numbers of these tests are their own."""


@asynccontextmanager
async def leading(
    api: ApiClient, *, restart_watch: Callable[[], None] = lambda: None, **options: Any
) -> AsyncIterator[Context]:
    """One term of leadership, without JiraSites."""
    settings = Settings(namespace="ops", **options)
    sightings = Sightings()
    sightings.references_known.set()
    async with httpx.AsyncClient() as http:
        yield Context(
            api=api,
            settings=settings,
            identity="pod_1",
            cluster="eu1",
            sightings=sightings,
            is_served=lambda namespace: namespace != "kube-system",
            restart_watch=restart_watch,
            sites=Sites(api, http, settings, cluster="eu1", now=utc_now),
            journal=Journal(api, "ops"),
            now=utc_now,
            is_leader=lambda: True,
            next_number=Desk().next_number,
            start_above=_start_above,
            ceiling=lambda: CEILING,
        )
