"""What a person on call sees of the delivery."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from rollout_reporter.controller.post import Post
from rollout_reporter.jira.wire import utc_now
from unit.controller.fake_jira import DOWN, Desk, FakeJira, item

pytestmark = pytest.mark.looptime


@asynccontextmanager
async def delivering(jira: FakeJira, site: str) -> AsyncIterator[Post]:
    desk = Desk()
    post = Post(lambda _: jira, desk.next_number, desk, utc_now)
    task = asyncio.create_task(post.run())
    post.put(site, item(), linger=timedelta(0))
    try:
        yield post
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def value(name: str, site: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"rollout_reporter_{name}", {"site": site, **labels})


async def test_while_jira_is_down_it_shows_what_waits_since_when_and_why() -> None:
    async with delivering(FakeJira(down=DOWN), "down"):
        await asyncio.sleep(16)

        assert value("waiting_deployments", "down") == 1
        assert value("oldest_waiting_seconds", "down") == pytest.approx(16, abs=0.1)
        assert value("site_trouble", "down", reason="JiraUnavailable") == 1
        assert value("site_trouble", "down", reason="Forbidden") == 0
        assert (value("troubles_total", "down", reason="JiraUnavailable") or 0) > 2


async def test_once_it_is_sent_nothing_waits_and_the_whole_delay_is_counted() -> None:
    jira = FakeJira(down=DOWN)
    async with delivering(jira, "up"):
        await asyncio.sleep(16)
        jira.down = None
        await asyncio.sleep(100)

        assert value("waiting_deployments", "up") == 0
        assert value("site_trouble", "up", reason="JiraUnavailable") == 0
        assert value("reports_total", "up", state=item().report.state.value, outcome="accepted") == 1
        assert value("delivery_seconds_count", "up") == 1
        assert (value("delivery_seconds_sum", "up") or 0) > 16


async def test_who_leads_no_more_tells_nothing_of_what_waits() -> None:
    async with delivering(FakeJira(down=DOWN), "former"):
        await asyncio.sleep(16)

    assert value("waiting_deployments", "former") is None
    assert value("site_trouble", "former", reason="JiraUnavailable") is None
