"""Whether kopf's thread lives is seen from the other thread."""

import asyncio
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.controller import watch as watching
from rollout_reporter.controller.pulse import PERIOD, Pulse
from rollout_reporter.controller.settings import Settings
from rollout_reporter.controller.sightings import Sightings
from rollout_reporter.controller.watch import Watch
from unit.controller.awaiting import until

in_no_time = pytest.mark.looptime


def now() -> float:
    return asyncio.get_running_loop().time()


def never() -> bool:
    return False


@in_no_time
async def test_a_loop_that_turns_is_never_silent_for_longer_than_a_period() -> None:
    pulse = Pulse(now)
    beating = asyncio.create_task(pulse.beat(never))
    await asyncio.sleep(1000.5)
    beating.cancel()

    assert pulse.silence <= PERIOD


@in_no_time
async def test_a_loop_that_has_stopped_becomes_ever_more_silent() -> None:
    pulse = Pulse(now)
    beating = asyncio.create_task(pulse.beat(never))
    await asyncio.sleep(0)
    beating.cancel()
    await asyncio.sleep(100)

    assert pulse.silence == timedelta(seconds=100)


@in_no_time
async def test_nobody_beats_for_what_is_over() -> None:
    pulse = Pulse(now)
    over = asyncio.Event()
    beating = asyncio.create_task(pulse.beat(over.is_set))
    await asyncio.sleep(1)
    over.set()
    await asyncio.wait_for(beating, 2 * PERIOD.total_seconds())

    await asyncio.sleep(100)
    assert pulse.silence > timedelta(seconds=100)


def hang(*arguments: object) -> None:
    """Does nothing, until the watch is to end."""
    _, _, stop, ended, _ = arguments
    assert isinstance(stop, threading.Event)
    assert callable(ended)
    stop.wait()
    ended()


async def test_a_watch_whose_thread_hangs_is_unhealthy_until_it_has_ended(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_kopf_thread", hang)
    monkeypatch.setattr(watching, "SILENCE", timedelta(milliseconds=100))
    watch = Watch(api, Settings(namespace="ops"), Sightings())
    assert watch.why_unhealthy() is None

    running = asyncio.create_task(watch.run())
    await until(lambda: watch.why_unhealthy() is not None)
    assert "thread of the watch" in str(watch.why_unhealthy())
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    assert watch.why_unhealthy() is None


async def test_a_watch_is_ready_once_it_runs_and_knows_who_refers_to_whom(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_kopf_thread", hang)
    watch = Watch(api, Settings(namespace="ops"), Sightings())
    assert "has not told yet" in str(watch.why_unready())

    running = asyncio.create_task(watch.run())
    await until(lambda: watch.why_unready() is None)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    assert "does not run" in str(watch.why_unready())
