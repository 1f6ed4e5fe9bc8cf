"""Scripts: what is drawn can be drawn again, and nobody can be in doubt about whose keys are whose."""

import random

import pytest

from chaos.plots import PLOTS
from chaos.script import SMALL, draw_script
from chaos.steps import Create, Delete, Script, Settle, Undo, Update

SEEDS = range(60)


def drawn(seed: int) -> Script:
    return draw_script(random.Random(seed))  # noqa: S311 (repeatable on purpose)


def test_the_same_seed_draws_the_same_script() -> None:
    assert drawn(7) == drawn(7)
    assert str(drawn(7)) != str(drawn(8))


SCRIPTS, NAMES = [SMALL, *map(drawn, SEEDS)], ["small", *map(str, SEEDS)]


@pytest.mark.parametrize("script", SCRIPTS, ids=NAMES)
def test_each_version_has_an_image_and_keys_that_no_other_has(script: Script) -> None:
    releases = [release for track in script.tracks for release in track.releases]

    assert len({each.image for each in releases}) == len(releases)
    assert len({each.keys for each in releases}) == len(releases)


@pytest.mark.parametrize("script", SCRIPTS, ids=NAMES)
def test_a_track_begins_with_its_workload_and_goes_back_only_to_what_it_had(script: Script) -> None:
    for track in script.tracks:
        assert isinstance(track.steps[0], Create)
        known = []
        for step in track.steps:
            if isinstance(step, Create | Update):
                known.append(step.release)
            assert not isinstance(step, Undo) or step.release in known


@pytest.mark.parametrize("script", SCRIPTS, ids=NAMES)
def test_what_is_left_in_the_middle_goes_with_its_namespace(script: Script) -> None:
    """The last version of a workload that lives on has to end, or nobody could say what is true of it."""
    for track in script.tracks:
        changes = [each for each in track.steps if isinstance(each, Create | Update | Undo | Settle | Delete)]
        is_gone = track.namespace == 1 and script.deletes_namespace
        assert is_gone or isinstance(changes[-1], Settle | Delete)


def test_names_are_those_of_one_workload_each() -> None:
    for script in map(drawn, SEEDS):
        assert len({each.name for each in script.tracks}) == len(script.tracks)


def test_all_plots_are_drawn_for_all_their_kinds_sooner_or_later() -> None:
    found = {(track.kind, track.name.rpartition("-")[0]) for seed in SEEDS for track in drawn(seed).tracks}

    assert {(kind, plot.__name__.replace("_", "-")) for kind, plot in PLOTS} <= found


def test_the_small_script_has_a_success_a_failure_that_is_undone_and_a_supersession() -> None:
    outcomes = [each.outcome for track in SMALL.tracks for each in track.steps if isinstance(each, Settle)]

    assert {"complete", "failed"} == {*outcomes}
    assert any(isinstance(each, Undo) for track in SMALL.tracks for each in track.steps)
    assert {each.kind for each in SMALL.tracks} == {"Deployment", "Rollout"}
