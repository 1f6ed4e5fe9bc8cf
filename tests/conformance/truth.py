"""The truth about a recording: written by hand, apart from the list of what was done."""

import re
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, field_validator

TRUTHS = Path(__file__).parent / "truths"
State = Literal[
    "none", "pending", "in_progress", "successful", "failed", "cancelled", "rolled_back", "unknown"
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Claim(_Strict):
    """What is true; several words where more than one is right at that moment."""

    state: list[State]
    revision: list[int | None]

    @field_validator("state", "revision", mode="before")
    @classmethod
    def _as_list(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]


class Verdict(Claim):
    """What is true while a range of lines comes by."""

    lines: range
    of: Literal["Deployment", "Rollout"] | None = None
    """Said only where there are workloads of both kinds."""
    because: str

    model_config = ConfigDict(arbitrary_types_allowed=True)

    @field_validator("lines", mode="before")
    @classmethod
    def _as_range(cls, value: Any) -> range:
        first, _, last = str(value).partition("-")
        return range(int(first), int(last or first) + 1)


class Action(_Strict):
    at: str
    action: str


class Truth(_Strict):
    story: str
    rows: list[str]
    reported: bool
    verdicts: list[Verdict]
    final: Claim
    actions: list[Action]


def path_of(name: str) -> Path:
    return TRUTHS / f"{name}.yaml"


def read(name: str) -> Truth:
    return Truth.model_validate(yaml.safe_load(path_of(name).read_text()))


def keep_actions(name: str, actions: list[dict[str, str]]) -> None:
    """Write down what was done; what a person wrote stays, under the mark that it has to be read again."""
    path = path_of(name)
    written = path.read_text() if path.exists() else ""
    by_hand = re.split(r"^actions:", written, flags=re.MULTILINE)[0].removeprefix(UNREAD)
    listed = yaml.safe_dump({"actions": actions}, width=110, allow_unicode=True, sort_keys=False)
    path.write_text(f"{UNREAD}{by_hand}{listed}")


UNREAD = "# UNREAD: recorded anew. Read the recording, put the verdicts right, then remove this line.\n"
