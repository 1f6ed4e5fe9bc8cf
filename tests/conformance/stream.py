"""What was observed in one namespace, in order, and waiting for what will be."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from conformance.objects import Object, name_of, without_noise


class StreamError(RuntimeError):
    """What was waited for did not come."""


class Stream:
    """One merged stream of watch events, written by the watches and read by a scenario."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._lines: list[str] = []
        self._present: dict[tuple[str, str], Object] = {}
        self._last = time.monotonic()
        self._watched = True

    def append(self, event: str, body: Object) -> None:
        body = without_noise(body)
        with self._changed:
            self._last = time.monotonic()
            if self._watched:
                self._write(event, body)
            if event == "DELETED":
                self._present.pop((body["kind"], name_of(body)), None)
            else:
                self._present[body["kind"], name_of(body)] = body
            self._changed.notify_all()

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """As while no operator runs: what happens is not recorded, and at the end a list shows what is there.

        Workloads stand last in it, so that whoever judges one has all that belongs to it.
        """
        self._watched = False
        yield
        with self._changed:
            for kind in ("ReplicaSet", "Pod", "Deployment", "Rollout"):
                for body in self.all(kind):
                    self._write("ADDED", body)
            self._watched = True

    @property
    def lines(self) -> list[str]:
        with self._changed:
            return list(self._lines)

    def find(self, kind: str, name: str) -> Object | None:
        with self._changed:
            return self._present.get((kind, name))

    def all(self, kind: str) -> list[Object]:
        with self._changed:
            return [body for (its_kind, _), body in self._present.items() if its_kind == kind]

    def until(self, what: str, holds: Callable[[], bool], *, seconds: float = 90) -> None:
        with self._changed:
            if not self._changed.wait_for(holds, seconds):
                raise StreamError(f"waited {seconds:.0f} s in vain until {what}")

    def until_quiet(self, quiet: float = 1.5, *, at_most: float = 6) -> None:
        """Wait until nothing has come for a while; what crashes for ever is never quiet."""
        deadline = time.monotonic() + at_most
        while (age := time.monotonic() - self._last) < quiet and time.monotonic() < deadline:
            time.sleep(quiet - age)

    def _write(self, event: str, body: Object) -> None:
        line = {"at": now(), "type": event, "object": body}
        self._lines.append(json.dumps(line, separators=(",", ":")))


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
