"""Memory, beside that of a bare client-go informer of the same Deployments."""

import time
from typing import Final

from bench import workloads
from bench.informer import running_informer
from bench.processes import memory
from bench.rows import Row, at_most, told
from bench.stage import OTHERS, SHOP, Stage
from controlplane.console import say

REST_SECONDS: Final = 20
"""Time to give memory back after the first list."""
_SHARE: Final = 0.7


def measure(stage: Stage) -> list[Row]:
    json_now, json_peak = _of_informer(stage, "application/json")
    binary_now, binary_peak = _of_informer(stage, "application/vnd.kubernetes.protobuf")
    pid = stage.operator.pid
    assert pid is not None
    time.sleep(REST_SECONDS)
    now, peak = memory(pid)
    small = workloads.size_of(stage.api, OTHERS, workloads.names(1)[0]) / 1024
    large = workloads.size_of(stage.api, SHOP, workloads.names(1)[0]) / 1024
    return [
        at_most("memory, peak: share of a bare informer's", _SHARE, peak / json_peak),
        at_most("memory, at rest: share of a bare informer's", _SHARE, now / json_now),
        told("… of the operator", f"peak {peak:.0f} MiB, at rest {now:.0f} MiB"),
        told("… of a bare informer, JSON", f"peak {json_peak:.0f} MiB, at rest {json_now:.0f} MiB"),
        told("… of a bare informer, protobuf", f"peak {binary_peak:.0f} MiB, at rest {binary_now:.0f} MiB"),
        told("… a Deployment as JSON", f"{small:.1f} KiB, {large:.1f} KiB if it is annotated and reported"),
    ]


def _of_informer(stage: Stage, content_type: str) -> tuple[float, float]:
    say(f"measuring a bare informer ({content_type}) …")
    log = stage.cluster.folder / "informer.log"
    with running_informer(stage.cluster.kubeconfig, log, content_type) as pid:
        time.sleep(REST_SECONDS)
        return memory(pid)
