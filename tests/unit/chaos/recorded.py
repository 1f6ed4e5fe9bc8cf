"""The evidence of a true run of `SMALL` without faults, on a real control plane.

Of each object it holds what can matter to a checker; the rest was left out to keep it small.
"""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

from chaos.evidence import Evidence
from chaos.script import SMALL
from chaos.truth import Truth

Object = dict[str, Any]

_FILE = Path(__file__).with_name("fault-free.json")


class Recorded:
    """A copy of it that can be changed."""

    def __init__(self) -> None:
        content = copy.deepcopy(_content())
        self.truth: list[Object] = content["truth"]
        self.jira: Object = content["jira"]
        self.requests: list[Object] = content["requests"]

    def evidence(self, **more: Any) -> Evidence:
        """What it has become."""
        return Evidence(SMALL, Truth.from_json(self.truth), self.jira, self.requests, **more)

    def held(self, tag: str) -> Object:
        """The Jira deployment of a version, the newest if it has several."""
        found = [each["deployment"] for each in self.jira["deployments"]]
        newest: Object = max(
            (each for each in found if each["label"] == tag),
            key=lambda each: int(each["deploymentSequenceNumber"]),
        )
        return newest

    def stored(self, tag: str) -> list[Object]:
        """All updates of a version that were stored, with what is noted of them."""
        return [each for each in self.jira["history"] if each["deployment"]["label"] == tag]

    @property
    def submissions(self) -> list[Object]:
        """Requests with deployments."""
        return [each for each in self.requests if each["operation"] == "bulk"]


@cache
def _content() -> Object:
    content: Object = json.loads(_FILE.read_text())
    return content
