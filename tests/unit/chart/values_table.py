"""Writes what is made of values.yaml: the table in the chart's README, and ``files/defaults.yaml``.

A comment that begins with ``# --`` directly above a key of values.yaml is the key's description. Where it is
that of a mapping, this is a piece of Kubernetes, whose keys are none of ours.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

CHART: Final = Path(__file__).parents[3] / "charts" / "rollout-reporter"
README: Final = CHART / "README.md"
DEFAULTS: Final = CHART / "files" / "defaults.yaml"
BEGIN: Final = "<!-- values: generated from values.yaml by `make generate` -->"
HEADING: Final = (
    "# What an empty value means (templates/_values.tpl); made of values.yaml by `make generate`."
)
END: Final = "<!-- end of values -->"

_DESCRIPTION: Final = re.compile(r"\s*# -- (?P<text>.+)")
_CONTINUATION: Final = re.compile(r"\s*# ?(?P<text>.*)")
_KEY: Final = re.compile(r"(?P<indent> *)(?P<name>[A-Za-z0-9_-]+):(?: |$)")


class Row(NamedTuple):
    """One value."""

    key: str
    default: str
    description: str


def rows(values: str) -> list[Row]:
    defaults = yaml.safe_load(values)
    return [Row(".".join(path), _compact(_at(defaults, path)), text) for path, text in _described(values)]


def undescribed(values: str) -> list[str]:
    """Keys that no row speaks of: neither their own, nor that of a mapping which holds them."""
    described = {path for path, _ in _described(values)}
    return [
        ".".join(leaf)
        for leaf in _leaves(yaml.safe_load(values), ())
        if not any(leaf[:length] in described for length in range(1, len(leaf) + 1))
    ]


def table(values: str) -> str:
    lines = ["| Value | Default | What it does |", "| --- | --- | --- |"]
    for row in rows(values):
        default, description = (text.replace("|", "\\|") for text in (row.default, row.description))
        lines.append(f"| `{row.key}` | `{default}` | {description} |")
    return "\n".join(lines)


def renewed(readme: str, values: str) -> str:
    """The README with the table that belongs to these values."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table(values)}\n\n{END}{after}"


def defaults(values: str) -> str:
    """The values as templates can read them; Helm shows them everything of a chart but its values.yaml."""
    found: dict[str, Any] = {}
    everything = yaml.safe_load(values)
    for path, _ in _described(values):
        inner = found
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        default = _at(everything, path)
        inner[path[-1]] = {} if isinstance(default, dict) else default
    return f"{HEADING}\n{yaml.safe_dump(found, sort_keys=False)}"


def _described(values: str) -> Iterator[tuple[tuple[str, ...], str]]:
    path: list[str] = []
    text: list[str] = []
    for line in values.splitlines():
        if found := _DESCRIPTION.fullmatch(line):
            text = [found["text"]]
        elif text and (found := _CONTINUATION.fullmatch(line)):
            text.append(found["text"])
        elif found := _KEY.match(line):
            path = [*path[: len(found["indent"]) // 2], found["name"]]
            if text:
                yield tuple(path), " ".join(text)
            text = []
        else:
            text = []


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if not isinstance(value, dict) or not value:
        yield path
        return
    for name, inner in value.items():
        yield from _leaves(inner, (*path, name))


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value[name]
    return value


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    described = (CHART / "values.yaml").read_text()
    README.write_text(renewed(README.read_text(), described))
    DEFAULTS.write_text(defaults(described))
