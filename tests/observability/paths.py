"""Where the files are that people get."""

from pathlib import Path

TREE = Path(__file__).parents[2]
FILES = TREE / "charts" / "rollout-reporter" / "files"
RULES = FILES / "rules.yaml"
RUNBOOKS = TREE / "docs" / "runbooks"
