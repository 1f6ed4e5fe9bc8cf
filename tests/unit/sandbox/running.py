"""A sandbox on a free loopback port, for tests that need a real connection."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

from rollout_reporter.sandbox import SandboxConfig
from rollout_reporter.sandbox.server import Server


@contextmanager
def running_sandbox(config: SandboxConfig | None = None) -> Iterator[str]:
    """Serve in a thread, and yield the base URL."""
    addresses: Queue[str] = Queue()
    server = Server(config or SandboxConfig(), host="127.0.0.1", port=0, announce=addresses.put)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield addresses.get(timeout=10)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        assert not thread.is_alive()
