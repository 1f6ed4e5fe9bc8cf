"""That recordings and truths are sound, and fit each other. Whether a judge is right is another matter."""

import itertools
import json
import re

import pytest

from conformance import recording, truth
from conformance.scenario import all_scenarios

NAMES = recording.names()
ROWS = {f"D{number}" for number in range(1, 22)} | {f"R{number}" for number in range(1, 21)}
EIGHT_MEGABYTES = 8_000_000
OF_THE_MACHINE = re.compile(r"/(work|root|home|tmp|Users)/|\.(io|com|dev|net)/[a-z-]+[:@]")
"""Paths, and images from a registry."""

of_each_recording = pytest.mark.parametrize("name", NAMES)


@of_each_recording
def test_its_lines_are_events_in_order_of_observation(name: str) -> None:
    lines = [json.loads(text) for text in recording.path_of(name).read_text().splitlines()]

    assert all(line.keys() == {"at", "type", "object"} for line in lines)
    assert {line["type"] for line in lines} <= {"ADDED", "MODIFIED", "DELETED"}
    assert {line["object"]["kind"] for line in lines} <= {"Deployment", "Rollout", "ReplicaSet", "Pod"}
    assert all(earlier["at"] <= later["at"] for earlier, later in itertools.pairwise(lines))
    assert {line["object"]["metadata"]["namespace"] for line in lines} == {name[:60].strip("-")}


@of_each_recording
def test_it_holds_no_noise_and_nothing_of_the_machine(name: str) -> None:
    text = recording.path_of(name).read_text()

    assert "managedFields" not in text
    assert "last-applied-configuration" not in text
    assert not OF_THE_MACHINE.search(text)
    assert not OF_THE_MACHINE.search(truth.path_of(name).read_text())


@of_each_recording
def test_its_truth_was_written_by_somebody_who_read_it(name: str) -> None:
    assert truth.UNREAD not in truth.path_of(name).read_text()
    assert len(truth.read(name).story) > 40


@of_each_recording
def test_its_truth_speaks_of_every_line_of_a_workload_once(name: str) -> None:
    verdicts = truth.read(name).verdicts
    of_workload = [line for line in recording.read(name) if line.is_of_workload]

    for line in of_workload:
        found = [each for each in verdicts if line.number in each.lines and each.of in {None, line.kind}]
        assert len(found) == 1, f"line {line.number}"
    numbers = {line.number for line in of_workload}
    assert {each.lines[0] for each in verdicts} | {each.lines[-1] for each in verdicts} <= numbers


@of_each_recording
def test_its_truth_ends_as_the_last_line_does(name: str) -> None:
    told = truth.read(name)
    kind = max(line.kind for line in recording.read(name) if line.is_of_workload)
    last = max((each for each in told.verdicts if each.of in {None, kind}), key=lambda each: each.lines[-1])

    assert set(told.final.state) <= set(last.state)
    assert set(told.final.revision) <= set(last.revision)


@of_each_recording
def test_nothing_is_said_of_what_nobody_wants_reported(name: str) -> None:
    told = truth.read(name)
    states = {state for each in told.verdicts for state in each.state}

    assert (states == {"none"}) is not told.reported


def test_every_row_of_the_table_was_recorded() -> None:
    assert {row for name in NAMES for row in truth.read(name).rows} == ROWS


def test_there_is_a_recording_of_every_scenario_and_a_truth_of_every_recording() -> None:
    assert sorted(all_scenarios()) == NAMES
    assert sorted(path.stem for path in truth.TRUTHS.iterdir()) == NAMES


def test_the_recordings_are_small() -> None:
    assert sum(path.stat().st_size for path in recording.RECORDINGS.iterdir()) < EIGHT_MEGABYTES
