"""What was measured, beside what was promised."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

HEADS = ("what", "budget", "measured", "met")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    budget: str
    measured: str
    is_met: bool | None
    """`None` where nothing is promised."""

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = {True: "yes", False: "NO", None: ""}[self.is_met]
        return self.what, self.budget, self.measured, verdict


def at_most(what: str, limit: float, measured: float, unit: str = "", *, note: str = "") -> Row:
    """A line with a number that must not be exceeded."""
    shown = f"{measured:.3g}{unit}" + (f" ({note})" if note else "")
    return Row(what, f"≤ {limit:g}{unit}", shown, measured <= limit)


def told(what: str, measured: str) -> Row:
    """A line that only explains others."""
    return Row(what, "", measured, None)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def table(rows: Sequence[Row]) -> str:
    """For a terminal."""
    lines = [HEADS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
