"""What a Rollout's status tells in words and of which ReplicaSet, read from recorded ones."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rollout_reporter.core.rollouts import read_rollout

RECORDINGS = Path(__file__).with_name("recordings")


def rollouts(recording: str) -> Iterator[dict[str, Any]]:
    for line in (RECORDINGS / f"{recording}.jsonl").read_text().splitlines():
        found = json.loads(line)
        body = found.get("object", found)
        if body.get("kind") == "Rollout":
            yield body


def words(recording: str) -> set[str]:
    return {read_rollout(each).reading.because for each in rollouts(recording)}


def test_a_blue_green_version_is_there_before_it_is_active_and_then_available() -> None:
    """Its status counts as ready and available the pods of the active version alone."""
    said = words("rollout-preview-superseded")

    assert "paused, 1 of 1 new pod there, not active yet" in said
    last = list(rollouts("rollout-preview-superseded"))[-1]
    assert read_rollout(last).reading.because == "1 of 1 new pod available"


def test_a_status_that_speaks_of_the_next_version_already_does_not_say_that_the_last_one_goes_on() -> None:
    seen = set()
    for each in rollouts("rollout-preview-superseded"):
        conditions = {found["type"]: found for found in each.get("status", {}).get("conditions", [])}
        reason = conditions.get("Progressing", {}).get("reason")
        if reason == "NewReplicaSetCreated":
            assert read_rollout(each).reading.going_on is None
        if reason == "ReplicaSetUpdated":
            assert read_rollout(each).reading.going_on == each["status"]["currentPodHash"]
        seen.add(reason)
    assert {"NewReplicaSetCreated", "ReplicaSetUpdated"} <= seen
