"""Ports that stay ours, also while nothing listens on them."""

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from controlplane.errors import ControlPlaneError

_RANGE = range(20_000, 32_000)
"""Below the ports that Linux gives to outgoing connections: a stopped server's port is not lost to one."""


@contextmanager
def claimed_ports(count: int) -> Iterator[list[int]]:
    """Free ports on 127.0.0.1, which no other test run on this machine claims.

    A claim is a bound abstract Unix socket: the kernel drops it with its process, so nothing needs sweeping.
    """
    with ExitStack() as claims:
        ports: list[int] = []
        for port in random.sample(_RANGE, len(_RANGE)):
            claim = claims.enter_context(socket.socket(socket.AF_UNIX))
            if _binds(claim, f"\0rollout-reporter/port/{port}") and _is_free(port):
                ports.append(port)
            if len(ports) == count:
                break
        else:
            raise ControlPlaneError(f"No {count} free ports between {_RANGE.start} and {_RANGE.stop}.")
        yield ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _binds(probe, ("127.0.0.1", port))


def _binds(sock: socket.socket, address: str | tuple[str, int]) -> bool:
    try:
        sock.bind(address)
    except OSError:
        return False
    return True
