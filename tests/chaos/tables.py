"""What many runs have shown, for people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.table import Column, Table

from chaos.faults import FAULTS, NAMESPACE_DELETED
from chaos.run import Result

HEADS: Final = ("fault", "runs", "rollouts", "violations", "not played to the end")


@dataclass
class Row:
    """All runs in which a fault came to pass."""

    fault: str
    runs: int = 0
    rollouts: int = 0
    violations: int = 0
    faulty: int = 0
    """Runs with violations."""
    failures: int = 0
    """Runs that could not be played to their end."""

    @property
    def cells(self) -> tuple[str, ...]:
        """As text, in the order of `HEADS`."""
        return self.fault, *map(str, (self.runs, self.rollouts, self.violations, self.failures))

    def count(self, result: Result) -> None:
        """Count one of them."""
        self.runs += 1
        self.rollouts += result.rollouts
        self.violations += len(result.violations)
        self.faulty += bool(result.violations)
        self.failures += bool(result.trouble)


def rows(results: Iterable[Result]) -> list[Row]:
    """A row for each fault, and one for all runs; a run counts for each of its faults."""
    found = {name: Row(name) for name in (*FAULTS, NAMESPACE_DELETED)}
    everything = Row("all runs")
    for result in results:
        everything.count(result)
        for name in struck(result):
            found[name].count(result)
    return [*(row for row in found.values() if row.runs), everything]


def struck(result: Result) -> list[str]:
    """Names of the faults of a run, the one that belongs to its script included."""
    return sorted(result.struck | ({NAMESPACE_DELETED} if result.plan.script.deletes_namespace else set()))


def table(of: Sequence[Row]) -> Table:
    """For the terminal."""
    heads, *numbers = HEADS
    made = Table(heads, *(Column(each, justify="right") for each in numbers))
    for row in of:
        made.add_row(*row.cells)
    return made


def markdown(of: Sequence[Row]) -> list[str]:
    """For a page."""
    lines = [f"| {' | '.join(HEADS)} |", "|---" + "|---:" * (len(HEADS) - 1) + "|"]
    return [*lines, *(f"| {' | '.join(row.cells)} |" for row in of)]
