"""Folding the operator's own code over the lines of a recording, as `rollout-reporter verdict` does.

At the end every workload that is left is looked at once more, at once and a while later, as the operator does
for what waits.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Final

from conformance import recording
from conformance.recording import WORKLOADS
from rollout_reporter.core import replay as subject
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.replay import Judged, Line, read_lines
from rollout_reporter.core.report import State

A_WHILE: Final = timedelta(minutes=2)

MAY_FOLLOW: Final[Mapping[State, set[State]]] = {
    State.PENDING: set(State) - {State.PENDING},
    State.IN_PROGRESS: set(State) - {State.PENDING, State.IN_PROGRESS},
    State.FAILED: {State.IN_PROGRESS, State.SUCCESSFUL, State.ROLLED_BACK},
    State.SUCCESSFUL: {State.ROLLED_BACK},
    # Given up for a newer template that turns out to be a way back, or is withdrawn before it begins.
    State.CANCELLED: {State.IN_PROGRESS, State.SUCCESSFUL, State.FAILED, State.ROLLED_BACK},
    State.ROLLED_BACK: set(),
    State.UNKNOWN: set(),
}


@dataclass(frozen=True)
class Step:
    """What was said at one line of a workload, and the ledger that it led to."""

    judged: Judged
    ledger: Ledger
    is_deletion: bool

    @property
    def entry(self) -> Entry | None:
        """The Jira deployment that was spoken of."""
        return next((each for each in self.ledger.entries if each.number == self.judged.number), None)


@cache
def lines_of(name: str) -> tuple[Line, ...]:
    documents = [{"at": each.at, "type": each.event, "object": each.body} for each in recording.read(name)]
    return tuple(read_lines(documents))


def fold(lines: Sequence[Line], *, new_process_at: Iterable[int] = ()) -> list[Step]:
    """Judge lines; at some of them, counted from 0, a new process begins that has the ledgers only."""
    operator, handovers = subject._Replay(subject._references(lines)), frozenset(new_process_at)
    steps = []
    for index, line in enumerate([*lines, *looked_at_later(lines)]):
        if index in handovers:
            for place in operator._places.values():
                place.course, place.keys_since = place.ledger.course, line.at
        for judged in operator.judge([line]):
            ledger = operator._places[judged.ref.place].ledger
            steps.append(Step(judged, ledger, is_end(line)))
    return steps


@cache
def plainly(name: str) -> list[Step]:
    """Fold a recording as it is."""
    return fold(lines_of(name))


def looked_at_later(lines: Sequence[Line]) -> Iterator[Line]:
    newest = {identity(line): line for line in lines if is_of_workload(line)}
    for passed in (timedelta(0), A_WHILE):
        for line in newest.values():
            if not line.is_deletion:
                yield replace(line, at=lines[-1].at + passed)


def is_of_workload(line: Line) -> bool:
    return line.body["kind"] in WORKLOADS


def is_end(line: Line) -> bool:
    return line.is_deletion or "deletionTimestamp" in line.body["metadata"]


def identity(line: Line) -> tuple[str, str]:
    return line.body["kind"], line.body["metadata"]["uid"]


def losable(lines: Sequence[Line]) -> list[int]:
    """Lines of workloads that may get lost: neither deletions nor the newest of a workload."""
    newest = {identity(line): index for index, line in enumerate(lines)}
    ordinary = [index for index, line in enumerate(lines) if is_of_workload(line) and not is_end(line)]
    return [index for index in ordinary if newest[identity(lines[index])] != index]


def expect_sound_history(steps: Iterable[Step]) -> None:
    """Expect that whatever was opened is closed, and no number or state goes back."""
    known: dict[tuple[str, int], Entry] = {}
    for step in steps:
        where, judged = f"line {step.judged.line}", step.judged
        for entry in step.ledger.entries:
            before = known.get((entry.workload_uid, entry.number))
            if before is None:
                assert entry.number > max((number for _, number in known), default=0), where
            else:
                assert before.rollout_id in {None, entry.rollout_id}, where
                assert entry.state == before.state or entry.state in MAY_FOLLOW[before.state], where
            known[entry.workload_uid, entry.number] = entry
        rollouts = [(each.workload_uid, each.rollout_id) for each in known.values() if each.rollout_id]
        assert len(rollouts) == len(set(rollouts)), where
        still_open = [entry for entry in step.ledger.entries if entry.state.is_open]
        if step.is_deletion or (judged.state and not judged.state.is_open):
            assert still_open == [], where
        elif judged.state and judged.number is not None:
            assert [*map(number_of, still_open)] == [judged.number], where


def number_of(entry: Entry) -> int:
    return entry.number
