"""Reading recordings."""

import json
from pathlib import Path
from typing import NamedTuple

from conformance.objects import Object

RECORDINGS = Path(__file__).parent / "recordings"
WORKLOADS = ("Deployment", "Rollout")


class Line(NamedTuple):
    number: int
    """Counted from 1, as editors do."""
    at: str
    event: str
    body: Object

    @property
    def kind(self) -> str:
        kind: str = self.body["kind"]
        return kind

    @property
    def is_of_workload(self) -> bool:
        return self.kind in WORKLOADS


def path_of(name: str) -> Path:
    return RECORDINGS / f"{name}.jsonl"


def names() -> list[str]:
    return sorted(path.stem for path in RECORDINGS.glob("*.jsonl"))


def read(name: str) -> list[Line]:
    lines = map(json.loads, path_of(name).read_text().splitlines())
    return [Line(number, line["at"], line["type"], line["object"]) for number, line in enumerate(lines, 1)]
