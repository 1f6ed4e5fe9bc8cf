"""Whatever fails, and whoever takes over meanwhile: what may have been sent is listed, and nothing else."""

import asyncio
import random
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster import journal as journals
from rollout_reporter.cluster import journal_pages
from rollout_reporter.cluster.errors import ConflictError, NotFoundError, UnavailableError
from rollout_reporter.cluster.journal import Journal
from rollout_reporter.cluster.journal_pages import Listed, latest_of, read_page
from rollout_reporter.core.report import State
from unit.cluster.fake_cluster import FakeCluster
from unit.core.situations import NOW, entry, ref

CAPACITY: Final = 9000
"""Small, so that pages begin and entries move often."""
STEPS: Final = 40
STATES: Final = (State.IN_PROGRESS, State.FAILED, State.SUCCESSFUL)
WRITES: Final = ("replace_object", "create")

Told = dict[Any, tuple[State, tuple[str, ...]]]


def told(entries: Iterable[Listed]) -> Told:
    """What Jira may have been told."""
    return {each.id: (each.entry.state, each.entry.issue_keys) for each in entries}


@dataclass
class Sender:
    """Draws what is about to be sent: few deployments, again and again, in other states, of other sizes."""

    chance: random.Random
    now: datetime = NOW
    sent: Told = field(default_factory=dict)

    def batch(self) -> list[Listed]:
        numbers = self.chance.sample(range(1, 30), self.chance.randint(1, 10))
        return [self._listed(number) for number in numbers]

    def _listed(self, number: int) -> Listed:
        self.now += timedelta(seconds=1)
        keys = tuple(f"SHOP-{n:04}" for n in range(1, self.chance.choice((3, 3, 3, 60))))
        one = entry(number=number, state=self.chance.choice(STATES), issue_keys=keys)
        return Listed(ref(), one, self.now)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (journals, journal_pages):
        monkeypatch.setattr(module, "CAPACITY", CAPACITY)


def on_pages(cluster: FakeCluster) -> Told:
    """What a leader would find that took over now."""
    pages = [body for path, body in sorted(cluster.objects.items()) if "journal" in path]
    assert all(sum(map(len, page["data"].values())) <= CAPACITY for page in pages)
    return told(latest_of(map(read_page, pages)).values())


@pytest.mark.parametrize("seed", range(20))
async def test_writes_that_fail_lose_nothing_and_bring_nothing_back(
    cluster: FakeCluster, api: ApiClient, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 (repeatable on purpose)
    sender, share = Sender(chance), 0.0
    for name in WRITES:
        write = getattr(journals, name)

        async def unreliable(*asked: Any, write: Any = write, **options: Any) -> Any:
            if chance.random() < share:
                raise UnavailableError("etcd has no leader")
            return await write(*asked, **options)

        monkeypatch.setattr(journals, name, unreliable)
    journal, struck = Journal(api, "ops"), set[Any]()
    await journal.take_over(1000)
    for _ in range(STEPS):
        batch, share = sender.batch(), chance.choice((0.0, 0.0, 0.3))
        try:
            await journal.enlist(batch, 1500)
        except UnavailableError:  # then it is tried again, at another time
            if chance.random() < 0.5:
                with suppress(UnavailableError):
                    await journal.flush(1500)
                assert sender.sent.keys() <= on_pages(cluster).keys()
            share = 0.0
            await journal.enlist([replace(each, at=sender.now) for each in batch], 1500)
        share = 0.0
        sender.sent |= told(batch)
        struck -= told(batch).keys()
        if chance.random() < 0.4:
            over = set(chance.sample(sorted(sender.sent), min(len(sender.sent), 4)))
            journal.strike(over)
            struck |= over
            sender.sent = {id_: what for id_, what in sender.sent.items() if id_ not in over}
        if chance.random() < 0.2:
            await journal.flush(1500)

        found = on_pages(cluster)
        assert found | sender.sent == found
        assert found.keys() <= sender.sent.keys() | struck


@pytest.mark.parametrize("seed", range(40))
async def test_who_takes_over_knows_all_that_was_ever_sent_and_then_the_old_leader_sends_nothing_new(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 (repeatable on purpose)
    for module, name in (*((journals, each) for each in WRITES), (journal_pages, "send")):
        request = getattr(module, name)

        async def slow(*asked: Any, request: Any = request, **options: Any) -> Any:
            await asyncio.sleep(chance.choice((0, 0.001, 0.002)))
            answer = await request(*asked, **options)
            await asyncio.sleep(chance.choice((0, 0.001, 0.002)))
            return answer

        monkeypatch.setattr(module, name, slow)
    sender, old = Sender(chance), Journal(api, "ops")
    await old.take_over(1000)
    found: dict[Any, Listed] = {}
    sent: dict[Any, Listed] = {}
    is_taken_over = asyncio.Event()

    async def send_some() -> None:
        batch = sender.batch()
        is_news = not told(batch).items() <= told(sent.values()).items()
        await old.enlist(batch, 1500)
        assert not (found and is_news)
        sent.update({each.id: each for each in batch})

    async def lead() -> None:
        with suppress(ConflictError):
            for _ in range(chance.randint(1, 8)):
                await send_some()
            await is_taken_over.wait()
            await send_some()

    async def take_over() -> None:
        while not found:
            with suppress(ConflictError, NotFoundError):  # the old leader was faster: once more
                listed, _ = await Journal(api, "ops").take_over(2000)
                found.update({each.id: each for each in listed})
        is_taken_over.set()

    for _ in range(chance.randint(1, 6)):
        await send_some()
    await asyncio.gather(lead(), take_over())

    newest = {id_: found[id_] for id_ in sent if found[id_].at <= sent[id_].at}
    assert told(newest.values()).items() <= told(sent.values()).items()
