"""The page for when something is wrong knows all that people can read on a workload."""

import re
from pathlib import Path

from rollout_reporter.core import conditions
from rollout_reporter.core.outcome import OF_CONTENT, TroubleReason
from rollout_reporter.core.report import State

TREE = Path(__file__).parents[3]
PAGE = (TREE / "docs" / "troubleshooting.md").read_text()
OF_STATES = {"".join(word.capitalize() for word in each.split("_")) for each in State}
OTHERS = {text for name, text in vars(conditions).items() if name.isupper() and isinstance(text, str)}


def words(after: str, before: str) -> set[str]:
    """What the first column of the table between two texts has in backticks."""
    section = PAGE.partition(after)[2].partition(before)[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`(\w+)`", cell)}


def test_it_names_each_reason_for_which_jira_does_not_hold_the_state() -> None:
    told = words("What is in the way", "What Jira holds")

    assert told == OTHERS | {each.value for each in set(TroubleReason) - OF_CONTENT}


def test_it_says_what_each_reported_state_means() -> None:
    assert words("What Jira holds", "## By Event") == OF_STATES


def test_it_names_each_event() -> None:
    code = (TREE / "operator").rglob("*.py")
    posted = {name for file in code for name in re.findall(r'reason="(\w+)"', file.read_text())}

    told = words("| Event |", "## By what the log says")
    assert told == posted | {f"Reported{each}" for each in OF_STATES}
