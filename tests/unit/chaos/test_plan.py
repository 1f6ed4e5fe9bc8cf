"""Plans: drawn from a seed, replayable, readable, and nothing is left out."""

import random
import string

import pytest

from chaos.faults import FAULTS
from chaos.plan import MOST, draw

SEEDS = range(300)


@pytest.mark.parametrize("seed", [0, 7, 123_456])
def test_the_same_seed_draws_the_same(seed: int) -> None:
    assert draw(seed) == draw(seed)
    assert draw(seed) != draw(seed + 1)


def test_a_plan_has_one_to_four_different_faults_in_the_order_of_time() -> None:
    plans = [draw(seed) for seed in SEEDS]

    assert {len(plan.strikes) for plan in plans} == set(range(1, MOST + 1))
    for plan in plans:
        names = [each.fault.name for each in plan.strikes]
        assert len(set(names)) == len(names)
        assert [each.at for each in plan.strikes] == sorted(each.at for each in plan.strikes)


def test_each_fault_is_drawn_sooner_or_later() -> None:
    drawn = {each.fault.name for seed in SEEDS for each in draw(seed).strikes}

    assert drawn == set(FAULTS)


def test_only_the_wanted_faults_are_drawn() -> None:
    plan = draw(5, ["frozen"])

    assert [each.fault.name for each in plan.strikes] == ["frozen"]


def test_a_plan_can_be_played_without_what_breaks() -> None:
    plan = draw(7)

    assert plan.undisturbed.script == plan.script
    assert plan.undisturbed.names_namespaces == plan.names_namespaces
    assert str(plan.undisturbed).startswith("seed 7 undisturbed (")
    assert str(plan.undisturbed).endswith(": nothing breaks")


def test_no_fault_strikes_later_than_it_may() -> None:
    for seed in SEEDS:
        assert all(0 <= each.at <= each.fault.latest for each in draw(seed).strikes)


@pytest.mark.parametrize("name", FAULTS)
def test_a_plan_is_one_line_that_names_its_faults(name: str) -> None:
    line = str(draw(3, [name]))

    assert line.startswith("seed 3 (")
    assert name in line
    assert "\n" not in line
    assert "object at" not in line


@pytest.mark.parametrize("name", FAULTS)
def test_names_are_fit_for_a_command_line(name: str) -> None:
    assert set(name) <= {*string.ascii_lowercase, *string.digits, "-"}
    chance = random.Random(1)  # noqa: S311 (repeatable on purpose)

    assert FAULTS[name].draw(chance).name == name
