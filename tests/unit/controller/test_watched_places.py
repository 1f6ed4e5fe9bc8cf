"""What is watched where the operator has rights in some Namespaces only."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.errors import UnavailableError
from rollout_reporter.controller import watch as watching
from rollout_reporter.controller.backoff import Backoff
from rollout_reporter.controller.settings import BACKOFF_FIRST, Settings
from rollout_reporter.controller.sightings import Sightings
from rollout_reporter.controller.watch import Watch
from unit.controller.awaiting import until


class Authority:
    """Says what may be watched, and keeps which places kopf was given, watch by watch."""

    def __init__(self) -> None:
        self.forbidden: set[str] = set()
        self.is_silent = False
        self.asked = 0
        self.watched: list[list[str]] = []

    async def watching_is_forbidden(self, _: ApiClient, __: object, place: str) -> str | None:
        self.asked += 1
        if self.is_silent:
            raise UnavailableError("no answer")
        where = f"in namespace {place}" if place else "in all namespaces"
        return f"the operator may not list deployments.apps {where}" if place in self.forbidden else None

    def kopf(self, _: object, places: Sequence[str], stop: threading.Event, *rest: object) -> None:
        self.watched.append(list(places))
        stop.wait()
        ended = rest[0]
        assert callable(ended)
        ended()


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> Authority:
    authority = Authority()
    monkeypatch.setattr(watching, "watching_is_forbidden", authority.watching_is_forbidden)
    monkeypatch.setattr(watching, "_kopf_thread", authority.kopf)
    monkeypatch.setattr(watching, "DISCOVERY_PERIOD", timedelta(milliseconds=10))
    return authority


@asynccontextmanager
async def running(api: ApiClient, *places: str) -> AsyncIterator[Watch]:
    watch = Watch(api, Settings(namespace="ops", watch_namespaces=places), Sightings())
    task = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_without_any_right_it_is_not_ready_and_says_which_is_missing(
    api: ApiClient, authority: Authority
) -> None:
    authority.forbidden = {""}
    async with running(api) as watch:
        await until(lambda: "may not list deployments.apps in all" in str(watch.why_unready()))

    assert authority.watched == []


async def test_what_may_be_watched_is_though_another_namespace_may_not(
    api: ApiClient, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    authority.forbidden = {"cart"}
    async with running(api, "cart", "shop") as watch:
        await until(lambda: watch.why_unready() is None)
        assert [watch.is_served(each) for each in ("cart", "shop")] == [False, True]

    assert authority.watched == [["shop"]]
    assert "the operator may not list deployments.apps in namespace cart" in caplog.text


async def test_once_another_namespace_may_be_watched_too_it_is(api: ApiClient, authority: Authority) -> None:
    authority.forbidden = {"cart"}
    async with running(api, "cart", "shop"):
        await until(lambda: bool(authority.watched))
        authority.forbidden.clear()
        await until(lambda: len(authority.watched) > 1)

    assert authority.watched == [["shop"], ["cart", "shop"]]


async def test_rights_that_arrive_one_after_the_other_are_no_series_of_failures(
    api: ApiClient, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each would leave all namespaces unwatched for twice as long."""
    pauses: list[timedelta] = []

    class Noted(Backoff):
        def next(self, at_least: timedelta = timedelta(0)) -> timedelta:
            pauses.append(super().next(at_least))
            return timedelta(0)

    monkeypatch.setattr(watching, "Backoff", Noted)
    authority.forbidden = {"cart", "shop", "search"}
    async with running(api, "cart", "shop", "search", "mail"):
        for place in ("cart", "shop", "search"):
            await until(lambda: bool(authority.watched) and place not in authority.watched[-1])  # noqa: B023
            authority.forbidden.discard(place)
            await until(lambda: place in authority.watched[-1])  # noqa: B023

    assert len(pauses) == 3
    assert max(pauses) < 2 * BACKOFF_FIRST


async def test_an_api_server_that_does_not_tell_changes_nothing(api: ApiClient, authority: Authority) -> None:
    authority.forbidden = {"cart"}
    async with running(api, "cart", "shop"):
        await until(lambda: bool(authority.watched))
        authority.is_silent, asked = True, authority.asked
        await until(lambda: authority.asked > asked + 3)

    assert authority.watched == [["shop"]]


async def test_an_api_server_that_does_not_tell_is_not_believed_to_forbid_anything(
    api: ApiClient, authority: Authority
) -> None:
    authority.is_silent = True
    async with running(api):
        await until(lambda: bool(authority.watched))

    assert authority.watched == [[""]]
