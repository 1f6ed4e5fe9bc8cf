"""The scenarios by their names."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

from conformance.stage import Stage
from conformance.workloads import Deployment, Rollout, Workload

W = TypeVar("W", bound=Workload)


@dataclass(frozen=True)
class Scenario:
    name: str
    play: Callable[[Stage], None]


_SCENARIOS: dict[str, Scenario] = {}


def of_deployment(play: Callable[[Deployment], None]) -> Callable[[Deployment], None]:
    """Register the story of a Deployment."""
    return _register(Deployment, play)


def of_rollout(play: Callable[[Rollout], None]) -> Callable[[Rollout], None]:
    """Register the story of a Rollout."""
    return _register(Rollout, play)


def all_scenarios() -> dict[str, Scenario]:
    package = import_module("conformance.scenarios")
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        import_module(module.name)
    return dict(_SCENARIOS)


def _register(kind: type[W], play: Callable[[W], None]) -> Callable[[W], None]:
    name = f"{kind.kind.lower()}-{play.__name__.replace('_', '-')}"
    _SCENARIOS[name] = Scenario(name, lambda stage: play(kind(stage)))
    return play
