"""The bare client-go informer: built once per version of its module, kept with the control plane."""

import hashlib
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controlplane.binaries import cache_folder
from controlplane.console import say
from controlplane.system import system_program
from installation.program import until

_SOURCE = Path(__file__).parent / "informer"
_GO = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off", "CGO_ENABLED": "0"}


@contextmanager
def running_informer(kubeconfig: Path, log: Path, content_type: str) -> Iterator[int]:
    """Run it; the block begins when it holds all Deployments, with its process id."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [_built(), content_type],
            env=os.environ | {"KUBECONFIG": str(kubeconfig)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until(lambda: b"Deployments" in log.read_bytes(), seconds=120, otherwise=log.read_text)
        yield process.pid
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _built() -> Path:
    files = sorted(_SOURCE.iterdir())
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    binary = cache_folder() / "bin" / f"bench-informer-{digest}"
    if not binary.exists():
        say("building the bare informer (once) …")
        unfinished = binary.with_suffix(f".{os.getpid()}")
        go = system_program("go", "It builds the informer to compare with: https://go.dev/dl/.")
        subprocess.run(
            [go, "build", "-trimpath", "-ldflags=-s -w", f"-o={unfinished}", "."],
            cwd=_SOURCE,
            env=os.environ | _GO,
            check=True,
        )
        unfinished.replace(binary)
    return binary
