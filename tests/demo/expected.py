"""What Jira must hold when the story is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

NOTHING = "nothing"

_EXPECTED = {
    "checkout": (
        "checkout 3.5 SHOP-41 successful",
        "checkout 3.6 SHOP-42 successful",
        "checkout 3.7 SHOP-42 failed",  # and it stays failed: a fix replaced it, not a rollback
        "checkout 3.8 SHOP-42 successful",
        "checkout 3.9 SHOP-42 cancelled",
        "checkout 3.10 SHOP-42 rolled_back",
        "checkout 3.8 SHOP-42 successful",
    ),
    "storefront": (
        "storefront 3.5 SHOP-57 successful",
        "storefront 3.6 SHOP-57 successful",
        "storefront 3.7 SHOP-57 failed",
        "storefront 3.8 SHOP-57 successful",
    ),
}
"""The Jira deployments of each pipeline, which is a workload to Jira, the oldest first."""


@dataclass(frozen=True)
class Row:
    """One Jira deployment, as expected and as it is."""

    expected: str
    actual: str

    @property
    def is_right(self) -> bool:
        return self.expected == self.actual


def compare(records: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Lay what is expected beside what the sandbox holds, in the order of Jira's numbers."""
    in_order = sorted(records, key=lambda each: each["deployment"]["deploymentSequenceNumber"])
    return [
        Row(expected, actual)
        for pipeline, wanted in _EXPECTED.items()
        for expected, actual in zip_longest(wanted, _held(in_order, pipeline), fillvalue=NOTHING)
    ]


def _held(records: Sequence[Mapping[str, Any]], pipeline: str) -> list[str]:
    return [
        f"{each['deployment']['displayName']} {', '.join(each['issues'])} {each['deployment']['state']}"
        for each in records
        if each["deployment"]["pipeline"]["displayName"] == pipeline
    ]
