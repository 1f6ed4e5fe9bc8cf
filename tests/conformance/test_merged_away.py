"""That the end of a rollout is told rightly even if the lines that showed it were merged away.

Of what happens in quick succession the operator sees the newest only: the line that shows a rollout complete
can be overtaken by the one with the next template.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import recording
from conformance.folding import Step, expect_sound_history, fold, lines_of, losable, plainly
from conformance.objects import Object
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.replay import Line
from rollout_reporter.core.report import State

NOTHING_CAME_LATER: Final = "it was deleted, and nothing newer was asked for that would tell"
NO_DEADLINE: Final = "without a deadline the controller writes no word on the end"
NO_PODS: Final = "without pods everything is complete"
ONLY_LOOK: Final = "no other line shows it at all"
OWN_CLOCK: Final = "no status said that it had failed, but our own clock"
PAUSED: Final = "the word on the end was replaced by the word on the pause"
UNWATCHED: Final = "what came next was not watched"

NO_PROOF_IS_LEFT: Final[Mapping[str, tuple[int, str]]] = {
    "deployment-changed-twice-while-paused": (1, PAUSED),
    "deployment-changed-while-paused-and-resumed": (1, PAUSED),
    "deployment-crashes-once-and-starts": (1, ONLY_LOOK),
    "deployment-deleted-and-created-anew": (2, NOTHING_CAME_LATER),
    "deployment-unpullable-for-a-minute-and-undone": (2, OWN_CLOCK),
    "deployment-updated-and-scaled-in-one-write": (1, ONLY_LOOK),
    "deployment-whose-failure-and-undo-were-missed": (1, UNWATCHED),
    "deployment-whose-hash-collides": (2, NOTHING_CAME_LATER),
    "deployment-whose-next-version-was-missed": (1, UNWATCHED),
    "deployment-whose-undo-was-missed": (2, UNWATCHED),
    "deployment-with-no-replicas-and-a-new-template": (1, NO_PODS),
    "deployment-without-a-deadline": (1, NO_DEADLINE),
    "deployment-without-a-deadline-for-too-long": (1, NO_DEADLINE),
    "deployment-without-its-configuration-for-a-minute": (1, ONLY_LOOK),
    "rollout-crash-looping-canary-for-a-minute": (2, OWN_CLOCK),
    "rollout-crashed-and-then-replaced": (1, ONLY_LOOK),
    "rollout-deleted-and-created-anew": (2, NOTHING_CAME_LATER),
    "rollout-scaled-when-healthy": (1, NO_PODS),
    "rollout-whose-next-version-was-missed": (1, UNWATCHED),
}
"""The revision whose end nothing tells once the lines that showed it are lost, and why."""

UNDONE: Final = "rollout-undone-after-success"
BACK_TO_STABLE: Final = "rollout-back-to-stable-in-mid-canary"
ABORTED: Final = "rollout-aborted-and-stable-applied-again"
NEVER_HEALTHY: Final = "rollout-first-version-never-healthy"
REFUSED: Final = {"phase": "Degraded", "conditions": [{"type": "InvalidSpec", "status": "True"}]}

Key = tuple[str, str | None]
"""Uid of a workload and id of its rollout."""
of_each_recording = pytest.mark.parametrize("name", recording.names())


@of_each_recording
def test_an_end_that_was_merged_away_is_told_all_the_same(name: str) -> None:
    untold = {
        entry.revision
        for key, entry in entries(plainly(name)).items()
        if how_it_ended(entry) != how_it_ended(entries(fold(without_the_end(name, entry))).get(key))
    }

    excused = NO_PROOF_IS_LEFT.get(name)
    assert untold == ({excused[0]} if excused else set())


@of_each_recording
@settings(max_examples=5, deadline=None, derandomize=True)
@given(data=st.data())
def test_whatever_is_merged_away_no_end_is_made_up(name: str, data: st.DataObject) -> None:
    lines = lines_of(name)
    merged = losable(lines)
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(merged) - 1)] * 2), label="merged away"))
    handovers = data.draw(st.sets(st.integers(1, len(lines)), max_size=1), label="handovers")
    steps = fold(without(lines, merged[first : last + 1]), new_process_at=handovers)

    expect_sound_history(steps)
    seen = ends_seen(plainly(name))
    made_up = [
        entry
        for key, entry in entries(steps).items()
        if key in seen and how_it_ended(entry) and how_it_ended(entry) not in seen[key]
    ]
    assert made_up == []


@pytest.mark.parametrize(
    ("name", "seen_up_to", "overtaken", "states"),
    [
        pytest.param(UNDONE, 15, 15, "cancelled", id="first version under way"),
        pytest.param(UNDONE, 15, 16, "successful", id="first version healthy"),
        pytest.param(
            NEVER_HEALTHY, 14, 14, "cancelled", id="first version called stable before it is healthy"
        ),
        pytest.param(NEVER_HEALTHY, 14, 15, "failed", id="first version degraded"),
        pytest.param(UNDONE, 22, 40, "successful cancelled", id="canary under way"),
        pytest.param(UNDONE, 22, 41, "successful successful", id="promoted, old pods still there"),
        pytest.param(UNDONE, 22, 44, "successful successful", id="promoted and healthy"),
        pytest.param(ABORTED, 45, 47, "successful failed", id="aborted"),
        pytest.param(UNDONE, 49, 61, "successful successful cancelled", id="way back under way"),
        pytest.param(UNDONE, 49, 64, "successful rolled_back successful", id="way back promoted"),
        pytest.param(
            BACK_TO_STABLE,
            48,
            57,
            "successful rolled_back cancelled",
            id="way back to what was stable all along",
        ),
    ],
)
def test_what_a_rollouts_status_still_proves_when_the_next_template_is_asked_for(
    name: str, seen_up_to: int, overtaken: int, states: str
) -> None:
    lines = lines_of(name)
    asked = with_the_next_template(lines[overtaken - 1])
    steps = fold([*lines[:seen_up_to], asked])

    *left, waiting = (entry.state for entry in steps[-1].ledger.entries)
    assert " ".join(left) == states
    assert waiting is State.PENDING


@pytest.mark.parametrize(
    ("name", "seen_up_to", "overtaken", "status", "end"),
    [
        pytest.param(UNDONE, 22, 44, {"replicas": 0}, "cancelled", id="promoted without a pod"),
        pytest.param(UNDONE, 22, 40, {"phase": "Degraded"}, "failed", id="degraded"),
        pytest.param(UNDONE, 22, 40, REFUSED, "cancelled", id="spec refused"),
        pytest.param(
            BACK_TO_STABLE,
            48,
            57,
            {"phase": "Degraded"},
            "cancelled",
            id="crash of what was stable all along",
        ),
    ],
)
def test_what_a_rollouts_status_does_not_prove(
    name: str, seen_up_to: int, overtaken: int, status: Object, end: str
) -> None:
    """Statuses that were not recorded at this very moment."""
    lines = lines_of(name)
    asked = with_the_next_template(lines[overtaken - 1])
    asked.body["status"].update(status)

    *_, left, _ = fold([*lines[:seen_up_to], asked])[-1].ledger.entries
    assert left.state == end


def how_it_ended(entry: Entry | None) -> State | None:
    """Success or failure; what was rolled back tells in words which of them it was."""
    if entry is None:
        return None
    was = re.search(r"\(was (successful|failed):", entry.because)
    state = State(was[1]) if was else entry.state
    return state if state in {State.SUCCESSFUL, State.FAILED} else None


def entries(steps: Sequence[Step]) -> dict[Key, Entry]:
    return {(entry.workload_uid, entry.rollout_id): entry for entry in steps[-1].ledger.entries}


def ends_seen(steps: Iterable[Step]) -> dict[Key, set[State | None]]:
    seen = defaultdict(set)
    for step in steps:
        for entry in step.ledger.entries:
            seen[entry.workload_uid, entry.rollout_id].add(how_it_ended(entry))
    return seen


def without_the_end(name: str, entry: Entry) -> list[Line]:
    """The lines of a recording but those at which a rollout was the wanted one and had ended."""
    lines = lines_of(name)
    shown = {
        step.judged.line
        for step in plainly(name)
        if step.entry and step.entry.rollout_id == entry.rollout_id and how_it_ended(step.entry)
    }
    return without(lines, [index for index in losable(lines) if lines[index].number in shown])


def without(lines: Iterable[Line], lost: Sequence[int]) -> list[Line]:
    return [line for index, line in enumerate(lines) if index not in lost]


def with_the_next_template(line: Line) -> Line:
    """The line as it is when somebody changes the image and the controller has not noticed."""
    body: Any = deepcopy(line.body)
    body["metadata"]["generation"] += 1
    body["spec"]["template"]["spec"]["containers"][0]["image"] = "shop:next"
    return replace(line, body=body)
