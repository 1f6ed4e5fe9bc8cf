"""What a process that leads again knows of its last term."""

import asyncio
from dataclasses import dataclass, field

import httpx
import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.controller.app import Operator
from rollout_reporter.controller.book import Book, Tracked
from rollout_reporter.controller.settings import Settings
from rollout_reporter.core.election import TermId
from rollout_reporter.core.ledger import Ledger
from unit.core.situations import entry, ref


@dataclass
class Lead:
    """A leadership, as far as it matters here."""

    last_term: TermId | None
    own_term: TermId
    lost: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.fixture
def known(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> tuple[Operator, list[int]]:
    """A process that sees one workload in each term, and of how many it knew when each of them began."""
    known: list[int] = []

    async def report(self: Operator, _: object) -> None:
        known.append(len(self._book))
        self._book = Book({ref().place: Tracked(ledger=Ledger(ref(), (entry(),)))})

    monkeypatch.setattr(Operator, "_report", report)
    return Operator(api, httpx.AsyncClient(), Settings(namespace="ops")), known


async def test_a_term_that_ends_while_it_is_prepared_leaves_nothing_running(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would write its own ceiling into the journal of the next leader."""
    has_begun, has_ended = asyncio.Event(), asyncio.Event()

    async def prepare(_: Operator, __: object) -> None:
        has_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            has_ended.set()

    monkeypatch.setattr(Operator, "_prepare", prepare)
    term = Lead(None, ("uid", 0))
    operator = Operator(api, httpx.AsyncClient(), Settings(namespace="ops"))
    leading = asyncio.create_task(lead(operator, term))
    await has_begun.wait()
    term.lost.set()
    await leading

    assert has_ended.is_set()


async def lead(operator: Operator, *terms: Lead) -> None:
    for each in terms:
        await operator._lead(each)  # type: ignore[arg-type]


async def test_it_knows_what_it_could_not_record_if_nobody_has_led_since(
    known: tuple[Operator, list[int]],
) -> None:
    operator, counts = known
    await lead(operator, Lead(None, ("uid", 0)), Lead(("uid", 0), ("uid", 1)))

    assert counts == [0, 1]


@pytest.mark.parametrize("last_term", [("uid", 1), ("another", 0), None])
async def test_it_knows_nothing_if_another_one_may_have_led(
    known: tuple[Operator, list[int]], last_term: TermId | None
) -> None:
    operator, counts = known
    await lead(operator, Lead(None, ("uid", 0)), Lead(last_term, ("uid", 2)))

    assert counts == [0, 0]
