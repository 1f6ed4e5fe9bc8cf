"""How a run is told to whoever waits for it."""

from pathlib import Path

from chaos.run import Result
from chaos.shift import folder_of


def told(result: Result, again: str, folder: Path) -> str:
    """A line, and more if something was wrong: what it was, where the evidence is, how to repeat it."""
    verdict = "ok" if result.is_clean else "WRONG"
    head = f"{verdict} {result.plan} ({result.rollouts} rollouts, {result.seconds:.0f} s)"
    if result.is_clean:
        return head
    wrong = [*map(str, result.violations), *filter(None, [result.trouble.strip()])]
    deaths = [f"killed at: {each}" for each in result.deaths]
    places = [f"evidence: {folder_of(result.plan, folder)}", f"again: {again}"]
    return "\n".join([head, *(f"    {each}" for each in [*wrong, *deaths, *places])])
