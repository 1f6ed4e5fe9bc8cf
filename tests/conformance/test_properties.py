"""What holds of every recording however it is seen: with losses, repetitions, late, or by a new process."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import recording
from conformance.folding import (
    Step,
    expect_sound_history,
    fold,
    identity,
    is_end,
    is_of_workload,
    lines_of,
    losable,
    plainly,
)
from conformance.objects import Object, is_observed
from rollout_reporter.core import replay as subject
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.plan import plan
from rollout_reporter.core.replay import Line
from rollout_reporter.core.report import State
from rollout_reporter.core.seen import Seen

ISSUE_KEYS: Final = "rollout-reporter.dev/issue-keys"
TIMES: Final = {"creationTimestamp", "deletionTimestamp", "lastTransitionTime", "lastUpdateTime"}

NEEDS_WHAT_CAME_BEFORE: Final = {
    "deployment-scaled-to-zero-in-mid-rollout": "who sees only the end never heard of the rollout given up",
    "rollout-scaled-when-healthy": "who sees only the end, with no replicas, never saw them healthy",
}

seldom = settings(max_examples=3, deadline=None, derandomize=True)
"""The same examples each time, and few: there are many recordings. Raise the number to hunt for more."""
of_each_recording = pytest.mark.parametrize("name", recording.names())


def outcome(steps: Iterable[Step], *, with_keys: bool = True) -> dict[object, object]:
    """What each workload is finally in; of a deleted one, that nothing is open is all that counts.

    Where there is no rollout to speak of, one that waited long enough may have been reported and given up.
    """
    ends: dict[object, object] = {}
    for step in steps:
        judged = step.judged
        keys = step.entry.issue_keys if step.entry and with_keys and judged.state else ()
        ends[judged.ref.place] = None if step.is_deletion else (judged.state, judged.revision, keys)
    return ends


def has_lasting_keys(lines: Iterable[Line]) -> bool:
    """Whether nobody changed the issue keys: else they depend on what was seen of whom, and when."""
    shown = [
        line.body["metadata"].get("annotations", {}).get(ISSUE_KEYS) for line in lines if is_of_workload(line)
    ]
    return len(set(shown)) == 1


@of_each_recording
def test_its_history_is_sound(name: str) -> None:
    expect_sound_history(plainly(name))


@of_each_recording
def test_planning_twice_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = []

    def noted(seen: Seen, ledger: Ledger, now: datetime) -> Ledger:
        planned.append((seen, plan(seen, ledger, now), now))
        return plan(seen, ledger, now)

    monkeypatch.setattr(subject, "plan", noted)
    fold(lines_of(name))

    assert planned
    for seen, ledger, now in planned:
        assert plan(seen, ledger, now) == ledger


@of_each_recording
@seldom
@given(data=st.data())
def test_lost_lines_change_nothing_in_the_end(name: str, data: st.DataObject) -> None:
    lines = lines_of(name)
    lost = data.draw(st.sets(st.sampled_from(losable(lines))), label="lost")
    steps = fold([line for index, line in enumerate(lines) if index not in lost])

    expect_sound_history(steps)
    if name not in NEEDS_WHAT_CAME_BEFORE:
        with_keys = has_lasting_keys(lines)
        assert outcome(steps, with_keys=with_keys) == outcome(plainly(name), with_keys=with_keys)


@of_each_recording
@seldom
@given(data=st.data())
def test_repeated_lines_change_nothing(name: str, data: st.DataObject) -> None:
    lines = lines_of(name)
    times = data.draw(st.lists(st.integers(1, 3), min_size=len(lines), max_size=len(lines)), label="times")
    repeated = [line for line, often in zip(lines, times, strict=True) for _ in range(often)]

    assert fold(repeated)[-1].ledger == plainly(name)[-1].ledger


@of_each_recording
@seldom
@given(data=st.data())
def test_lines_that_come_late_change_nothing_in_the_end(name: str, data: st.DataObject) -> None:
    """They are overtaken by ReplicaSets and pods, and dropped when a newer one of the workload comes."""
    lines = lines_of(name)
    delays = data.draw(st.lists(st.integers(0, 5), min_size=len(lines), max_size=len(lines)), label="delays")
    steps = fold([*delayed(lines, delays)])

    expect_sound_history(steps)
    if name not in NEEDS_WHAT_CAME_BEFORE:
        with_keys = has_lasting_keys(lines)
        assert outcome(steps, with_keys=with_keys) == outcome(plainly(name), with_keys=with_keys)


@of_each_recording
@seldom
@given(data=st.data())
def test_a_new_process_goes_on_where_the_old_one_was(name: str, data: st.DataObject) -> None:
    lines = lines_of(name)
    handovers = data.draw(st.sets(st.integers(1, len(lines) - 1), min_size=1, max_size=3), label="handovers")
    steps = fold(lines, new_process_at=handovers)

    expect_sound_history(steps)
    assert outcome(steps) == outcome(plainly(name))


@of_each_recording
@seldom
@given(data=st.data())
def test_scaling_and_annotating_open_nothing(name: str, data: st.DataObject) -> None:
    lines = lines_of(name)
    begun = sorted({step.judged.line for step in plainly(name) if has_begun(step)})
    if not begun:
        return
    index = data.draw(st.sampled_from(begun), label="line") - 1
    change = data.draw(st.sampled_from([scaled, annotated]), label="change")
    replicas = data.draw(st.integers(1, 9), label="replicas")
    upto, line = lines[: index + 1], lines[index]
    before = numbers(fold(upto))
    changed = replace(line, body=change(line.body, replicas))

    assert numbers(fold([*upto, changed])) == before
    if is_observed(dict(line.body)):
        assert numbers(fold([*upto, changed, replace(line, body=observed(changed.body))])) == before


@of_each_recording
@pytest.mark.parametrize("seconds", [-30, -3])
def test_a_clock_that_is_behind_the_api_servers_changes_nothing(name: str, seconds: int) -> None:
    lines = lines_of(name)

    assert entries(shifted(lines, seconds)) == entries(lines)


@pytest.mark.parametrize("name", ["deployment-created-and-updated", "deployment-superseded-in-mid-rollout"])
@pytest.mark.parametrize("seconds", [2, 30])
def test_a_clock_that_is_ahead_of_the_api_servers_changes_nothing(name: str, seconds: int) -> None:
    """Or events that come late: a step forward is taken for a way back."""
    lines = lines_of(name)

    assert entries(shifted(lines, seconds)) == entries(lines)


def test_a_number_does_not_depend_on_how_long_its_rollout_waited() -> None:
    """Else a lost record makes another number of it, one that is the next rollout's."""
    lines = lines_of("deployment-created-and-updated")
    first = next(line for line in lines if is_of_workload(line) and "annotations" in line.body["metadata"])
    slow = [
        replace(line, at=line.at + timedelta(seconds=5)) if line.number > first.number else line
        for line in lines
    ]

    assert numbers(fold(slow)) == numbers(fold(lines))


def test_what_waits_has_the_keys_of_the_template_that_finally_begins() -> None:
    lines = lines_of("deployment-changed-twice-while-paused")
    first, second = lines[:15], [with_keys(line, "SHOP-3") for line in lines[15:]]
    waiting = with_keys(first[-1], "SHOP-2")
    steps = fold([*first[:13], waiting, replace(waiting, at=waiting.at + timedelta(seconds=1.5)), *second])

    assert steps[-1].entry
    assert steps[-1].entry.issue_keys == ("SHOP-3",)


def test_a_default_written_out_opens_nothing() -> None:
    """The hash stays, so that nothing is rolled out, though the text of the template has changed."""
    lines = lines_of("rollout-a-default-written-out")
    again = replace(lines[18], at=lines[18].at + timedelta(seconds=2))

    assert numbers(fold([*lines[:19], again, *lines[19:]])) == numbers(fold(lines))


def test_a_way_back_that_waited_has_the_keys_it_was_reported_with() -> None:
    """`kubectl argo rollouts undo` leaves the keys of the version that is left on the Rollout."""
    lines = lines_of("rollout-undone-after-success")
    slow = [replace(line, at=line.at + timedelta(seconds=5)) if line.number >= 46 else line for line in lines]

    assert outcome(fold(slow)) == outcome(fold(lines))


def test_a_success_is_not_called_cancelled_when_deleted_before_the_next_rollout_began() -> None:
    lines = [
        line for line in lines_of("deployment-deleted-in-mid-rollout") if line.number not in range(16, 23)
    ]
    last = fold(lines)[-1]

    assert last.judged.state is State.CANCELLED
    assert last.judged.revision is None, "what is cancelled is what was asked for, not the version before"
    assert last.judged.number is None


def delayed(lines: Sequence[Line], delays: Sequence[int]) -> Iterator[Line]:
    waiting: dict[tuple[str, str], tuple[int, Line]] = {}
    for index, (line, delay) in enumerate(zip(lines, delays, strict=True)):
        if is_of_workload(line):
            waiting[identity(line)] = (index + (0 if is_end(line) else delay), line)
        else:
            yield line
        for which, (due, late) in [*waiting.items()]:
            if due <= index:
                yield replace(late, at=line.at)
                del waiting[which]
    yield from (replace(late, at=lines[-1].at) for _, late in waiting.values())


def shifted(lines: Iterable[Line], seconds: int) -> list[Line]:
    return [replace(line, at=line.at + timedelta(seconds=seconds)) for line in lines]


def entries(lines: Sequence[Line]) -> list[tuple[int, State, tuple[str, ...], str | None]]:
    ledger = fold(lines)[-1].ledger
    return [(each.number, each.state, each.issue_keys, each.replaces) for each in ledger.entries]


def numbers(steps: Iterable[Step]) -> set[int]:
    return {entry.number for step in steps for entry in step.ledger.entries}


def changed_copy(body: Mapping[str, Any], change: Callable[[Object], None]) -> Object:
    copy: Object = deepcopy(dict(body))
    copy["metadata"]["generation"] += 1
    change(copy)
    return copy


def scaled(body: Mapping[str, Any], replicas: int) -> Object:
    return changed_copy(body, lambda copy: copy["spec"].update(replicas=replicas))


def annotated(body: Mapping[str, Any], value: int) -> Object:
    return changed_copy(
        body, lambda copy: copy["metadata"].setdefault("annotations", {}).update(team=f"{value}")
    )


def has_begun(step: Step) -> bool:
    return step.judged.state not in {None, State.PENDING} and not step.is_deletion


def observed(body: Mapping[str, Any]) -> Object:
    copy: Object = deepcopy(dict(body))
    generation = copy["metadata"]["generation"]
    copy["status"]["observedGeneration"] = str(generation) if copy["kind"] == "Rollout" else generation
    return copy


def with_keys(line: Line, keys: str) -> Line:
    if not is_of_workload(line):
        return line
    copy: Object = deepcopy(dict(line.body))
    copy["metadata"]["annotations"][ISSUE_KEYS] = keys
    return replace(line, body=copy)
