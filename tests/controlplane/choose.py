"""Which cluster: the one that was named, else kind, else the local one; never the user's current context."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from controlplane.cluster import Cluster, Flavour
from controlplane.errors import ControlPlaneError
from controlplane.given import VARIABLE, GivenCluster
from controlplane.kind import docker_answers, kind_cluster
from controlplane.local import LocalCluster, local_cluster
from controlplane.scratch import scratch_folder


@contextmanager
def provide_cluster(*, argo: bool = True) -> Iterator[Cluster]:
    """A cluster to test with, gone afterwards unless it was named.

    Without ``argo`` it has no Argo Rollouts, until `install_argo`.
    """
    with _interrupted_by_sigterm(), scratch_folder() as folder, _chosen(folder) as cluster:
        if argo:
            cluster.install_argo()
        yield cluster


@contextmanager
def provide_local_cluster(*, argo: bool = True) -> Iterator[LocalCluster]:
    """A local one whatever else there is: for tests that stop and start its parts."""
    with _interrupted_by_sigterm(), scratch_folder() as folder, local_cluster(folder) as cluster:
        if argo:
            cluster.install_argo()
        yield cluster


def choose_flavour() -> Flavour:
    if os.environ.get(VARIABLE):
        return "given"
    forced = os.environ.get("ROLLOUT_REPORTER_TEST_FLAVOUR")
    match forced:
        case "kind" | "local":
            return forced
        case None | "":
            return "kind" if docker_answers() else "local"
        case _:
            raise ControlPlaneError(f"ROLLOUT_REPORTER_TEST_FLAVOUR is {forced!r}; there are kind and local.")


def _chosen(folder: Path) -> AbstractContextManager[Cluster]:
    match choose_flavour():
        case "given":
            return nullcontext(GivenCluster(folder, Path(os.environ[VARIABLE])))
        case "kind":
            return kind_cluster(folder)
        case "local":
            return local_cluster(folder)


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """While a cluster lives SIGTERM acts as Ctrl-C does, since by default it would skip every clean-up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
