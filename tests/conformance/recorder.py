"""Plays scenarios on a real control plane, several at a time, and keeps what was to be seen."""

import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed

from conformance import truth
from conformance.recording import path_of
from conformance.scenario import Scenario
from conformance.stage import Stage
from conformance.stream import StreamError
from conformance.watching import Watcher, watching
from controlplane import ControlPlaneError, LocalCluster, provide_local_cluster

_AT_A_TIME = 8


def record(scenarios: Iterable[Scenario]) -> bool:
    """Whether all could be recorded."""
    with (
        provide_local_cluster() as cluster,
        watching(cluster.kubeconfig) as watcher,
        ThreadPoolExecutor(_AT_A_TIME) as pool,
    ):
        plays = {pool.submit(_play, each, cluster, watcher): each.name for each in scenarios}
        failed = 0
        for done in as_completed(plays):
            try:
                lines = done.result()
            except (ControlPlaneError, StreamError) as error:
                failed += 1
                _say(f"✗ {plays[done]}: {error}")
            else:
                _say(f"✓ {plays[done]}: {lines} lines")
    return not failed


def _play(scenario: Scenario, cluster: LocalCluster, watcher: Watcher) -> int:
    namespace = scenario.name[:60].strip("-")
    cluster.kubectl("create", "namespace", namespace)
    cluster.kubectl(
        "wait", "--for=create", "serviceaccount/default", "--timeout=30s", f"--namespace={namespace}"
    )
    stage = Stage(cluster, watcher, namespace, watcher.stream_of(namespace))
    try:
        scenario.play(stage)
        stage.stream.until_quiet()
    finally:
        watcher.leave(namespace)
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")
    lines = stage.stream.lines
    path_of(scenario.name).write_text("".join(f"{line}\n" for line in lines))
    truth.keep_actions(scenario.name, stage.actions)
    return len(lines)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
