"""Orders to the sandbox to go wrong. It can end all of them only, so those that remain are given anew."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from installation import RunningSandbox

Order = Mapping[str, Any]


class Orders:
    """Those that are in force; threads can share it."""

    def __init__(self, jira: RunningSandbox) -> None:
        self._jira = jira
        self._given: list[Order] = []
        self._lock = threading.Lock()

    @contextmanager
    def given(self, order: Order) -> Iterator[None]:
        """Have a fault for the length of a block."""
        with self._lock:
            self._given.append(order)
            self._give(order)
        try:
            yield
        finally:
            with self._lock:
                self._given = [each for each in self._given if each is not order]
                self._jira.control("DELETE", "/sandbox/faults")
                for each in self._given:
                    self._give(each)

    def _give(self, order: Order) -> None:
        self._jira.control("POST", "/sandbox/faults", order)
