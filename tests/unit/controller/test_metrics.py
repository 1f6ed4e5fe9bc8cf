"""What a person on call sees of the delivery."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from rollout_reporter.cluster.errors import ConflictError
from rollout_reporter.controller.book import Book
from rollout_reporter.controller.metrics import METRICS
from rollout_reporter.controller.post import Post
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.outcome import Trouble
from rollout_reporter.core.report import State
from rollout_reporter.jira.wire import utc_now
from unit.controller.fake_jira import DOWN, Desk, FakeJira, item
from unit.core.situations import entry, ref

pytestmark = pytest.mark.looptime


@pytest.fixture
def term() -> Iterator[None]:
    """Leadership for the length of a test."""
    METRICS.begin_term()
    yield
    METRICS.end_term()


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


@pytest.mark.usefixtures("term")
async def test_while_jira_is_down_it_shows_what_waits_since_when_and_why() -> None:
    async with delivering(FakeJira(down=DOWN), "down"):
        await asyncio.sleep(16)

        assert value("waiting_deployments", "down") == 1
        assert value("oldest_waiting_seconds", "down") == pytest.approx(16, abs=0.1)
        assert value("site_trouble", "down", reason="JiraUnavailable") == 1
        assert value("site_trouble", "down", reason="Forbidden") == 0
        assert (value("troubles_total", "down", reason="JiraUnavailable") or 0) > 2


@pytest.mark.usefixtures("term")
async def test_what_hangs_in_a_request_waits_too() -> None:
    async with delivering(FakeJira(seconds=60), "hanging"):
        await asyncio.sleep(16)

        assert value("waiting_deployments", "hanging") == 1
        assert value("oldest_waiting_seconds", "hanging") == pytest.approx(16, abs=0.1)


@pytest.mark.usefixtures("term")
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
    METRICS.begin_term()
    async with delivering(FakeJira(down=DOWN), "former"):
        await asyncio.sleep(16)
    METRICS.end_term()

    assert value("waiting_deployments", "former") is None
    assert value("site_trouble", "former", reason="JiraUnavailable") is None
    assert REGISTRY.get_sample_value("rollout_reporter_tracked_workloads") is None
    assert REGISTRY.get_sample_value("rollout_reporter_leader") == 0


def test_a_new_term_begins_without_the_troubles_of_the_one_before() -> None:
    METRICS.begin_term()
    METRICS.troubled("again", DOWN)
    METRICS.end_term()
    METRICS.begin_term()
    try:
        assert value("site_trouble", "again", reason="JiraUnavailable") is None
        assert value("troubles_total", "again", reason="JiraUnavailable") == 1
    finally:
        METRICS.end_term()


@pytest.mark.usefixtures("term")
def test_what_is_reported_and_open_is_counted_when_somebody_asks() -> None:
    book = Book()
    METRICS.term.open_book(
        tracked=book.__len__,
        journal=lambda: 7,
        open_in=book.count_in,
        unreported=book.count_unreported,
    )
    place = book.place_for(ref())
    place.unreported = "UnknownIssueKeys"
    place.ledger = Ledger(ref(), (entry(state=State.SUCCESSFUL), entry(state=State.IN_PROGRESS)))

    assert REGISTRY.get_sample_value("rollout_reporter_tracked_workloads") == 1
    assert REGISTRY.get_sample_value("rollout_reporter_journal_entries") == 7
    assert unreported("UnknownIssueKeys") == 1
    assert unreported("JiraUnavailable") == 0
    assert open_in(State.IN_PROGRESS) == 1
    assert open_in(State.PENDING) == 0
    assert open_in(State.SUCCESSFUL) is None


def unreported(reason: str) -> float | None:
    return REGISTRY.get_sample_value("rollout_reporter_unreported_workloads", {"reason": reason})


def open_in(state: State) -> float | None:
    return REGISTRY.get_sample_value("rollout_reporter_open_deployments", {"state": state.value})


@pytest.mark.parametrize(("trouble", "result"), [(None, "granted"), (DOWN, "JiraUnavailable")])
def test_tokens_are_counted_by_what_came_of_asking_for_them(trouble: Trouble | None, result: str) -> None:
    METRICS.token_renewed("tokens", trouble)

    assert value("token_renewals_total", "tokens", result=result) == 1


def test_errors_of_the_api_server_are_counted_by_their_kind() -> None:
    def conflicts() -> float:
        return REGISTRY.get_sample_value("rollout_reporter_api_errors_total", {"error": "conflict"}) or 0

    before = conflicts()
    METRICS.api_error(ConflictError("somebody was faster"))

    assert conflicts() == before + 1
