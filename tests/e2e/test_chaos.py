"""A part of the fault laboratory that plays the same each time: `python -m chaos` plays all of it."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chaos.passages import Kind
from chaos.placement import placed
from chaos.plan import Plan, draw
from chaos.rules import Side
from chaos.run import Result, play
from chaos.shift import folder_of
from chaos.telling import told
from controlplane import LocalCluster, provide_local_cluster

pytestmark = pytest.mark.timeout(600, func_only=True)

AT_ONCE = 3
"""So many runs share the cluster: each has Namespaces of its own, and most of its time it waits."""

CRASHES = [
    placed(kind, number, side, frees_lease=frees)
    for kind, number, side, frees in (
        (Kind.WRITE, 2, Side.BEFORE, True),
        (Kind.WRITE, 9, Side.AFTER, False),
        (Kind.WRITE, 17, Side.BEFORE, False),
        (Kind.WRITE, 26, Side.AFTER, True),
        (Kind.WRITE, 35, Side.BEFORE, True),
        (Kind.POST, 2, Side.BEFORE, False),
        (Kind.POST, 5, Side.AFTER, True),
        (Kind.POST, 7, Side.AFTER, False),
    )
]
"""Spread over the requests that the small story makes the operator send."""

SEEDS = (3, 14, 22, 51, 148)
"""Chosen for many different faults, and none that others on the cluster would feel."""
SEEDS_APART = (724, 3092)
"""Chosen for the faults of a whole cluster: one plays after the other."""
KINDS = 15
"""So many different faults come to pass at least: what a fault waits for may not happen."""


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[LocalCluster]:
    """A cluster whose API server may be stopped, and whose CRDs may vanish."""
    with provide_local_cluster() as cluster:
        yield cluster


def test_a_crash_at_any_write_or_post_loses_nothing(own_cluster: LocalCluster, tmp_path: Path) -> None:
    results = play_all(own_cluster, CRASHES, tmp_path)

    assert all(each.deaths for each in results)


def test_faults_drawn_at_random_lose_nothing(own_cluster: LocalCluster, tmp_path: Path) -> None:
    results = play_all(own_cluster, [draw(seed) for seed in SEEDS], tmp_path)

    assert len({name for each in results for name in each.struck}) >= KINDS


@pytest.mark.parametrize("seed", SEEDS_APART)
def test_faults_of_the_whole_cluster_lose_nothing(
    own_cluster: LocalCluster, tmp_path: Path, seed: int
) -> None:
    [result] = play_all(own_cluster, [draw(seed)], tmp_path)

    assert result.struck & {"apiserver-restarted", "crd-removed"}


def play_all(cluster: LocalCluster, plans: Sequence[Plan], folder: Path) -> list[Result]:
    """Play several plans at the same time; nothing may be wrong with any of them."""
    given_up = threading.Event()
    for each in plans:
        folder_of(each, folder).mkdir()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        playing = [pool.submit(play, cluster, each, folder_of(each, folder), given_up) for each in plans]
        results = [each.result() for each in playing]
    wrong = [told(each, "this test", folder) for each in results if not each.is_clean]
    assert not wrong, "\n".join(wrong)
    return results
