"""What all tests share."""

import asyncio

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_stray_event_loop() -> None:
    """Keep looptime from making a loop that nobody closes.

    It asks for the current loop before every test; asyncio makes one if none was ever set.
    """
    asyncio.set_event_loop(None)
