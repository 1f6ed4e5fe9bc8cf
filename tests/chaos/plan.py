"""What shall break, and when: drawn from a seed, so that the same seed breaks the same."""

import random
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, Self

from chaos.faults import FAULTS, Fault
from chaos.script import Script, draw_script

MOST: Final = 4
"""Faults in one run."""


@dataclass(frozen=True)
class Strike:
    """A fault, and the progress of the story, 0 to 1, at which it begins."""

    at: float
    fault: Fault

    def __str__(self) -> str:
        """As a person would note it."""
        return f"{self.at:.0%} {self.fault.name} {_details(self.fault)}".rstrip()


@dataclass(frozen=True)
class Plan:
    """What is played in a run, and what breaks meanwhile."""

    name: str
    script: Script
    strikes: tuple[Strike, ...]
    names_namespaces: bool = False
    """Whether the chart is told which Namespaces to watch, rather than by which label to pick them."""

    @property
    def needs_own_clock(self) -> bool:
        """Whether the operator has to live by a clock that can be moved."""
        return any(each.fault.needs_own_clock for each in self.strikes)

    @property
    def undisturbed(self) -> Self:
        """The same, and nothing breaks."""
        return replace(self, name=f"{self.name} undisturbed", strikes=())

    def __str__(self) -> str:
        """One line."""
        watched = "named Namespaces" if self.names_namespaces else "whole cluster"
        return f"{self.name} ({watched}): {'; '.join(map(str, self.strikes)) or 'nothing breaks'}"


def draw(seed: int, names: Collection[str] = ()) -> Plan:
    """Draw a script and one to four different faults, all of them or only those with these names."""
    chance = random.Random(seed)  # noqa: S311 (repeatable on purpose)
    script = draw_script(chance)
    among = sorted(names or FAULTS)
    drawn = chance.sample(among, min(chance.randint(1, MOST), len(among)))
    strikes = [_strike(FAULTS[each], chance) for each in drawn]
    ordered = tuple(sorted(strikes, key=lambda strike: strike.at))
    return Plan(f"seed {seed}", script, ordered, names_namespaces=chance.random() < 0.5)


def _strike(kind: type[Fault], chance: random.Random) -> Strike:
    return Strike(round(chance.uniform(0, kind.latest), 2), kind.draw(chance))


def _details(fault: Fault) -> str:
    return ", ".join(f"{name.strip('_')} {_short(value)}" for name, value in vars(fault).items())


def _short(value: object) -> str:
    return getattr(value, "name", str(value)).lower()
