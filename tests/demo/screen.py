"""What a person sees: the same text in colours, without them, and in a file."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.expected import Row

_COLOURS = {
    "pending": "cyan",
    "in_progress": "blue",
    "successful": "green",
    "failed": "red",
    "cancelled": "yellow",
    "rolled_back": "magenta",
}


class Screen:
    """Prints line by line. Nothing is wrapped or interpreted: commands print what they print."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)

    def title(self, text: str) -> None:
        self._line(f"\n━━ {text}", "bold")

    def say(self, text: str) -> None:
        self._line(text)

    def note(self, text: str) -> None:
        self._line(text, "dim")

    def trouble(self, text: str) -> None:
        self._line(f"error: {text}", "bold red")

    def address(self, url: str) -> None:
        self._line(f"\n    {url}\n", "bold cyan")

    def command(self, text: str) -> None:
        self._line(f"\n$ {text}", "bold")

    def output(self, text: str) -> None:
        self._line(text.rstrip())

    def news(self, record: Mapping[str, Any]) -> None:
        """An update that Jira has accepted."""
        deployment = record["deployment"]
        state = deployment["state"]
        subject = f"{', '.join(record['issues'])}  {deployment['displayName']:<15}"
        line = Text(f"  → Jira  {subject} ")
        line.append(f"{state:<12}", _COLOURS.get(state, ""))
        line.append(f" {deployment['description']}")
        self._console.print(line)

    def comparison(self, rows: Sequence[Row]) -> None:
        """What is expected and what there is, one Jira deployment a line."""
        table = Table("EXPECTED", "IN JIRA", "", box=None, padding=(0, 2, 0, 0))  # fits 80 columns
        for row in rows:
            verdict = Text("ok", "green") if row.is_right else Text("WRONG", "bold red")
            table.add_row(Text(row.expected), Text(row.actual), verdict)
        self._console.print(table)

    def _line(self, text: str, style: str = "") -> None:
        self._console.print(Text(text), style=style)
