"""What a script decides: its versions whose end is the same whenever it is played."""

import pytest

from chaos.decided import Name, decided
from chaos.script import SMALL
from chaos.steps import (
    COMPLETE,
    FAILED,
    Abort,
    AtStep,
    Create,
    Delete,
    Pause,
    Rest,
    Restart,
    Resume,
    Scale,
    Script,
    Step,
    Track,
    Undo,
    Update,
    Versions,
)

NEW = Versions()
GOOD, OTHER, BAD, ENDLESS = NEW.good(), NEW.good(), NEW.bad(), NEW.endless()
SEEN, BRIEF = Rest(0.5), Rest(0.4)
BEGUN = (Create(GOOD), COMPLETE, SEEN)


def of(*steps: Step, namespace: bool = False) -> list[bool]:
    """For each version of one workload, whether it is decided; with `namespace` that is deleted then."""
    track = Track("Rollout", "web", steps, 1 if namespace else 0)
    return list(decided(Script((track,), deletes_namespace=namespace)).values())


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((*BEGUN, Update(OTHER), COMPLETE), [True, True]),
        ((*BEGUN, Update(BAD), FAILED), [True, True]),
        ((*BEGUN, Update(ENDLESS), SEEN, Update(OTHER), COMPLETE), [True, False, True]),
        ((Create(GOOD), COMPLETE, BRIEF, Update(OTHER), COMPLETE), [False, True]),
        ((Create(GOOD), COMPLETE, Pause(), SEEN, Update(OTHER), COMPLETE), [False, True]),
        ((*BEGUN, Update(OTHER), SEEN, Pause(), Resume(), COMPLETE), [True, True]),
        ((*BEGUN, Update(OTHER), Scale(3), COMPLETE, SEEN, Scale(1)), [True, True]),
        ((*BEGUN, Restart("now"), COMPLETE), [True]),
        ((Create(GOOD), COMPLETE, SEEN, Restart("now"), COMPLETE, BRIEF, Update(BAD), FAILED), [False, True]),
    ],
)
def test_it_is_those_whose_end_is_awaited_and_left_alone(
    steps: tuple[Step, ...], expected: list[bool]
) -> None:
    assert of(*steps) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((*BEGUN, Update(BAD), FAILED, SEEN, Undo(GOOD), COMPLETE), [True, True, True]),
        ((*BEGUN, Update(OTHER), AtStep(), Abort(), FAILED, SEEN, Undo(GOOD), COMPLETE), [True, True, True]),
    ],
)
def test_a_rollback_is_decided_like_all_others(steps: tuple[Step, ...], expected: list[bool]) -> None:
    assert of(*steps) == expected


def test_the_way_back_from_what_may_never_have_begun_is_not_decided() -> None:
    assert of(*BEGUN, Update(ENDLESS), SEEN, Undo(GOOD), COMPLETE) == [True, False, False]


def test_what_is_rolled_back_is_decided_only_if_the_rollback_is() -> None:
    replaced = (*BEGUN, Update(BAD), FAILED, SEEN, Undo(GOOD), COMPLETE, BRIEF, Update(OTHER), COMPLETE)

    assert of(*replaced) == [True, False, False, True]


@pytest.mark.parametrize(("rest", "is_decided"), [(BRIEF, False), (SEEN, True)])
def test_the_end_of_a_workload_may_come_too_soon_for_its_last_version(
    rest: Rest, *, is_decided: bool
) -> None:
    last = (*BEGUN, Update(OTHER), COMPLETE, rest)

    assert of(*last, Delete()) == [True, is_decided]
    assert of(*last, namespace=True) == [True, is_decided]
    assert of(*last) == [True, True]


def test_the_small_script_decides_on_all_but_what_is_superseded() -> None:
    assert [str(name) for name, is_decided in decided(SMALL).items() if not is_decided] == [
        "rollout/supersede 7"
    ]
    assert Name("deployment/failure", "1", time=2) in decided(SMALL)
