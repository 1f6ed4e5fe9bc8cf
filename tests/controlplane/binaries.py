"""Builds tools from Go modules, and keeps documents of others, once, in a cache outside the tree.

go.sum is committed, so what is built is what was reviewed, whoever serves the modules.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controlplane.catalogue import Source, Tool, find_tool
from controlplane.console import say
from controlplane.errors import ControlPlaneError
from controlplane.system import system_program

_GO_NEEDED = (1, 26, 1)
_GO_ADVICE = (
    f"Go ≥ {'.'.join(map(str, _GO_NEEDED))} is needed to build the test control plane: https://go.dev/dl/. "
    "Or name a cluster with ROLLOUT_REPORTER_TEST_KUBECONFIG."
)
_GO_ENVIRONMENT = {
    "GOTOOLCHAIN": "local",  # never fetch another Go behind the user's back
    "GOFLAGS": "-mod=readonly",
    "GOWORK": "off",
    "CGO_ENABLED": "0",  # no C compiler needed, and programs that run on any Linux
}


def cache_folder() -> Path:
    chosen = os.environ.get("ROLLOUT_REPORTER_CACHE")
    if chosen:
        return Path(chosen).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rollout-reporter"


def binary_path(name: str) -> Path:
    """The program, built first if the cache lacks it."""
    tool = find_tool(name)
    binary = cache_folder() / "bin" / f"{tool.name}-{tool.version}"
    if not binary.exists():
        with _locked(tool):
            if not binary.exists():  # another process may have built it while we waited
                _build(tool, binary)
    return binary


def assets_folder(name: str) -> Path:
    """The manifests that belong to a tool; copied when it was built, so that a start needs no Go."""
    binary_path(name)
    return _assets(find_tool(name))


def documents_folder(source: Source) -> Path:
    """The files that are wanted of a module from which nothing is built; downloaded first if need be."""
    folder = _assets(source)
    if not folder.exists():
        with _locked(source):
            if not folder.exists():
                _download(source, folder)
    return folder


def _assets(source: Source) -> Path:
    return cache_folder() / "share" / f"{source.name}-{source.version}"


@contextmanager
def _locked(source: Source) -> Iterator[None]:
    """One builder per source at a time, over all processes; the kernel lets go when the holder dies."""
    locks = cache_folder() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / source.name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(tool: Tool, binary: Path) -> None:
    """The binary appears last and whole: where it is, its assets are."""
    _check_go_version()
    say(f"building {tool.name} {tool.version} (once; kept in {binary.parent}) …")
    began = time.monotonic()
    binary.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="build-") as scratch:
        unfinished = Path(scratch) / tool.name
        flags = ("-trimpath", "-tags", ",".join(tool.tags), "-ldflags", tool.ldflags)
        _go(tool, "build", *flags, "-o", str(unfinished), tool.package)
        _copy_assets(tool, _assets(tool))
        unfinished.replace(binary)
    say(f"built {tool.name} {tool.version} in {time.monotonic() - began:.0f} s")


def _download(source: Source, folder: Path) -> None:
    """The folder appears whole."""
    say(f"downloading {source.name} {source.version} (once; kept in {folder.parent}) …")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="download-") as scratch:
        unfinished = Path(scratch) / source.name
        _copy_assets(source, unfinished)
        unfinished.replace(folder)


def _copy_assets(source: Source, target: Path) -> None:
    if not source.assets:
        return
    described = _go(source, "mod", "download", "-json", f"{source.source}@{source.version}")
    module = Path(json.loads(described)["Dir"])
    target.mkdir(parents=True, exist_ok=True)
    for pattern in source.assets:
        for asset in module.glob(pattern):
            shutil.copyfile(asset, target / asset.name)


def _go(source: Source, *args: str) -> str:
    """Runs Go where the module is pinned, on all cores but nice to whatever else goes on."""
    done = subprocess.run(
        [system_program("nice", "It belongs to coreutils."), _go_program(), *args],
        cwd=source.folder,
        env=os.environ | _GO_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ControlPlaneError(
            f"go {args[0]} failed for {source.name} {source.version} (modules come from `go env GOPROXY`):\n"
            f"{done.stderr[-4000:]}"
        )
    return done.stdout


def _go_program() -> str:
    return system_program("go", _GO_ADVICE)


def _check_go_version() -> None:
    version = subprocess.run(
        [_go_program(), "env", "GOVERSION"],
        env=os.environ | _GO_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    if tuple(map(int, re.findall(r"\d+", version)[:3])) < _GO_NEEDED:
        raise ControlPlaneError(f"{version} is too old. {_GO_ADVICE}")
