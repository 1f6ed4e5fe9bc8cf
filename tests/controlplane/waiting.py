"""Waiting for conditions, never for time."""

import http.client
import ssl
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from controlplane.errors import ControlPlaneError

_PAUSE = 0.05


def wait_until(what: str, holds: Callable[[], bool], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise ControlPlaneError(f"waited {seconds:.0f} s in vain until {what}")
        time.sleep(_PAUSE)


def answers_ok(port: int, path: str, certificate: Path | None = None) -> bool:
    """Whether a server on this machine says 200; given a certificate, over TLS once that file is there."""
    try:
        connection = _connect(port, certificate)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
    except (OSError, http.client.HTTPException):
        return False
    return status == HTTPStatus.OK


def _connect(port: int, certificate: Path | None) -> http.client.HTTPConnection:
    if certificate is None:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    tls = ssl.create_default_context(cafile=certificate)
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=2, context=tls)
