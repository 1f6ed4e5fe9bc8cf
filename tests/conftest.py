"""What all tests share."""

import asyncio
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes depends on what else the machine does.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def no_stray_event_loop() -> None:
    """Keep looptime from making a loop that nobody closes.

    It asks for the current loop before every test; asyncio makes one if none was ever set.
    """
    asyncio.set_event_loop(None)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Heeds Ctrl-C even where the tests are run in the background, whose shell has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
