import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from rollout_reporter.controller.post import Post
from rollout_reporter.controller.site_status import IDLE
from rollout_reporter.core.outcome import Trouble
from rollout_reporter.core.report import State
from rollout_reporter.jira.wire import utc_now
from unit.controller.fake_jira import DOWN, Desk, FakeJira, item

pytestmark = pytest.mark.looptime

AT_ONCE = timedelta(0)


@asynccontextmanager
async def delivering(**sites: FakeJira | Trouble) -> AsyncIterator[Post]:
    desk = Desk()
    post = Post(lambda name: sites[name], desk.next_number, desk, utc_now)
    task = asyncio.create_task(post.run())
    try:
        yield post
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_each_site_gets_what_is_addressed_to_it() -> None:
    one, other = FakeJira(), FakeJira()
    async with delivering(one=one, other=other) as post:
        post.put("one", item("a"), linger=AT_ONCE)
        post.put("other", item("b"), linger=AT_ONCE)
        await asyncio.sleep(1)

    assert set(one.held) == {item("a").report.key}
    assert set(other.held) == {item("b").report.key}


async def test_a_site_in_trouble_keeps_no_other_waiting() -> None:
    jira = FakeJira()
    async with delivering(one=DOWN, other=jira) as post:
        post.put("one", item("a"), linger=AT_ONCE)
        post.put("other", item("b"), linger=AT_ONCE)
        await asyncio.sleep(0.5)

        assert post.standing("one").trouble == DOWN
        assert not post.standing("other").is_stuck
    assert len(jira.held) == 1


async def test_a_site_that_nothing_was_addressed_to_is_in_no_trouble_and_needs_no_hurry() -> None:
    async with delivering() as post:
        post.hurry("one")

        assert post.standing("one") == IDLE
        assert post.is_idle


async def test_it_is_idle_once_nothing_can_be_sent() -> None:
    jira = FakeJira(seconds=2)
    async with delivering(one=jira, other=DOWN) as post:
        post.put("one", item("a"), linger=AT_ONCE)
        post.put("other", item("b"), linger=AT_ONCE)
        await asyncio.sleep(1)
        assert not post.is_idle
        await asyncio.sleep(2)

        assert post.is_idle


async def test_hurry_reaches_the_site_that_it_is_meant_for() -> None:
    jira = FakeJira()
    jira.next.append(DOWN)
    async with delivering(one=jira) as post:
        post.put("one", item("a"), linger=AT_ONCE)
        await asyncio.sleep(0.1)
        post.hurry("one")
        await asyncio.sleep(0.1)

    assert len(jira.held) == 1


async def test_at_the_end_mere_descriptions_need_not_linger() -> None:
    jira = FakeJira()
    async with delivering(one=jira) as post:
        post.put("one", item("a", state=State.SUCCESSFUL), linger=timedelta(seconds=5))
        await asyncio.sleep(0)
        post.flush()
        await asyncio.sleep(0.1)

    assert len(jira.held) == 1
