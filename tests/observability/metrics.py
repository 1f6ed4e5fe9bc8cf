"""The metrics that there are, read off the operator's own objects."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client.metrics import MetricWrapperBase

from rollout_reporter.controller.metrics import METRICS

_ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}


@dataclass(frozen=True)
class Described:
    name: str
    """As people know it: counters end in `_total`."""
    type: str
    labels: tuple[str, ...]
    help: str
    series: tuple[str, ...]
    """Names of the series that a server stores."""


def of_every_process() -> list[Described]:
    return list(_described(vars(METRICS).values()))


def of_the_leader() -> list[Described]:
    return list(_described(vars(METRICS.term).values()))


def series() -> set[str]:
    return {name for each in (*of_every_process(), *of_the_leader()) for name in each.series}


def _described(values: Iterable[object]) -> Iterator[Described]:
    for each in values:
        if isinstance(each, MetricWrapperBase):
            [metric] = each.describe()
            endings = _ENDINGS.get(metric.type, ("",))
            names = tuple(metric.name + ending for ending in endings)
            name = metric.name if metric.type == "histogram" else names[0]
            yield Described(name, metric.type, each._labelnames, metric.documentation, names)
