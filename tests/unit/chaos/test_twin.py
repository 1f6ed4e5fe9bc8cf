"""A run against its twin: each kind of difference is found, and each excuse has to be a true one."""

import copy
import json
from collections.abc import Callable

import pytest

from chaos.decided import Name
from chaos.evidence import Wrong
from chaos.excuses import ALLOWED, MISSING, Excuse
from chaos.script import SMALL
from chaos.twin import Entry, Panel, differences, panel_of
from unit.chaos.happenings import Happenings
from unit.chaos.recorded import Recorded

LAST, FAILED, SUPERSEDED, FIRST = "4", "2", "7", "3"
NAME = Name("deployment/success", LAST)

Mutation = Callable[[Recorded], None]


def found(twin: Panel, run: Panel) -> list[str]:
    wrong = list(differences(SMALL, twin, run))

    assert {each.kind for each in wrong} <= {Wrong.OTHER_THAN_UNDISTURBED}
    return [each.text for each in wrong]


def undisturbed() -> Panel:
    return panel_of(Recorded().evidence())


def without(run: Recorded, tag: str) -> None:
    run.jira["deployments"] = [e for e in run.jira["deployments"] if e["deployment"] is not run.held(tag)]


def again(run: Recorded, **changes: object) -> None:
    run.jira["deployments"].append({"deployment": copy.deepcopy(run.held(LAST)) | changes})


def test_two_runs_in_which_all_is_the_same_do_not_differ() -> None:
    assert found(undisturbed(), undisturbed()) == []


def test_namespaces_may_have_other_names_and_numbers_may_be_others() -> None:
    run = Recorded()
    [namespace] = {each["object"]["metadata"]["namespace"] for each in run.truth}
    for part in ("truth", "jira", "requests"):
        setattr(run, part, json.loads(json.dumps(getattr(run, part)).replace(namespace, "elsewhere")))
    for each in run.jira["deployments"]:
        each["deployment"]["deploymentSequenceNumber"] += 5_000_000

    assert found(undisturbed(), panel_of(run.evidence())) == []


def another_state(run: Recorded) -> None:
    run.held(FIRST)["state"] = "unknown"


def a_version_left_open(run: Recorded) -> None:
    run.held(LAST)["state"] = "in_progress"


def a_rollback_unnoticed(run: Recorded) -> None:
    run.held(FAILED)["state"] = "failed"


def a_version_missing(run: Recorded) -> None:
    without(run, LAST)


def a_version_twice(run: Recorded) -> None:
    again(run, deploymentSequenceNumber=run.held(LAST)["deploymentSequenceNumber"] + 1)


def a_version_of_no_script(run: Recorded) -> None:
    number = run.held(LAST)["deploymentSequenceNumber"] + 1
    again(run, deploymentSequenceNumber=number, label="99", associations=[])


def a_key_too_many(run: Recorded) -> None:
    run.held(LAST)["associations"][0]["values"].append("CHAOS-99")


def an_end_on_its_way(run: Recorded) -> None:
    told = copy.deepcopy(run.stored(LAST)[0])
    told["deployment"]["state"] = "failed"
    run.jira["history"].insert(0, told)


DIFFERENCES: list[tuple[Mutation, str]] = [
    (another_state, "deployment/success 3 is unknown, undisturbed it is successful"),
    (a_version_left_open, "deployment/success 4 is in_progress, undisturbed it is successful"),
    (a_rollback_unnoticed, "deployment/failure 2 is failed, undisturbed it is rolled_back"),
    (a_version_missing, "deployment/success 4 is missing, undisturbed it is successful"),
    (a_version_twice, "deployment/success 4 (time 2) is successful, undisturbed it is missing"),
    (a_version_of_no_script, "deployment/success 99 is successful, undisturbed it is missing"),
    (a_key_too_many, "deployment/success 4 has CHAOS-4, CHAOS-99, undisturbed it has CHAOS-4"),
    (an_end_on_its_way, "deployment/success 4 was called failed on its way, undisturbed it never was"),
]


@pytest.mark.parametrize(("mutation", "text"), DIFFERENCES)
def test_each_difference_is_found(mutation: Mutation, text: str) -> None:
    run = Recorded()
    mutation(run)

    assert found(undisturbed(), panel_of(run.evidence())) == [text]


def test_what_only_the_twin_has_is_found_too() -> None:
    twin = Recorded()
    a_version_of_no_script(twin)

    assert found(panel_of(twin.evidence()), undisturbed()) == [
        "deployment/success 99 is missing, undisturbed it is successful"
    ]


def test_a_version_that_was_never_brought_is_found() -> None:
    run = {name: entry for name, entry in undisturbed().items() if name != NAME}

    assert found(undisturbed(), run) == ["deployment/success 4 is missing, undisturbed it is successful"]


def test_on_what_is_a_race_nothing_is_said() -> None:
    other, absent = Recorded(), Recorded()
    other.held(SUPERSEDED)["state"] = "unknown"
    without(absent, SUPERSEDED)

    assert found(undisturbed(), panel_of(other.evidence())) == []
    assert found(undisturbed(), panel_of(absent.evidence())) == []


# Excuses.

ROWS = [(excuse, *pair) for excuse, pairs in ALLOWED.items() for pair in sorted(pairs)]


@pytest.mark.parametrize(("excuse", "held", "instead"), ROWS)
def test_an_excuse_counts_for_whoever_has_it_and_for_no_other_difference(
    excuse: Excuse, held: str, instead: str
) -> None:
    excused = {NAME: Entry(instead, excuses=frozenset({excuse}))}
    others = frozenset(each for each in Excuse if (held, instead) not in ALLOWED[each])
    elsewhere = {NAME: Entry(instead, excuses=others)}
    certain = {NAME: Entry(held)}

    assert found(certain, excused) == []
    assert found(excused, certain) == []
    assert len(found(certain, {NAME: Entry(instead)})) == 1
    assert len(found(certain, elsewhere)) == 1
    assert len(found({NAME: Entry(held, excuses=frozenset({excuse}))}, {NAME: Entry(instead)})) == 1


@pytest.mark.parametrize("state", ["pending", "in_progress"])
def test_nothing_excuses_what_is_left_open(state: str) -> None:
    assert len(found({NAME: Entry("successful")}, {NAME: Entry(state, excuses=frozenset(Excuse))})) == 1


def test_an_excuse_for_a_state_is_none_for_keys() -> None:
    excuses = frozenset({Excuse.END_UNSEEN})
    twin = {NAME: Entry("successful", frozenset({"CHAOS-4"}))}
    run = {NAME: Entry("unknown", frozenset({"CHAOS-3"}), frozenset({"unknown"}), excuses)}

    assert found(twin, run) == ["deployment/success 4 has CHAOS-3, undisturbed it has CHAOS-4"]


def begun() -> Happenings:
    return Happenings().version(0, "1").completes(2).version(10, "2")


def superseded() -> Happenings:
    return begun().completes(14).version(20, "3").completes(22)


def rolled_back() -> Happenings:
    return begun().fails(14).version(20, "1").completes(22).version(30, "3").completes(32)


@pytest.mark.parametrize(
    ("story", "excuses"),
    [
        (superseded(), set()),
        (superseded().nobody_looks(4, 9).nobody_looks(21, 40), set()),
        (superseded().nobody_looks(13, 25), {Excuse.END_UNSEEN}),
        (superseded().nobody_looks(5, 25), {Excuse.END_UNSEEN, Excuse.UNSEEN}),
        (rolled_back().nobody_looks(21, 31), {Excuse.ROLLBACK_UNSEEN}),
        (rolled_back().nobody_looks(13, 25), {Excuse.END_UNSEEN}),
        (begun().completes(14).is_deleted(20).nobody_looks(13, 25), {Excuse.END_UNSEEN, Excuse.DELETED}),
        (begun().completes(14).is_deleted(20), set()),
        (begun().version(20, "3"), {Excuse.END_UNSEEN, Excuse.NEVER_SAID}),
        (begun().completes(14).nobody_looks(5, 60), set()),
        (begun().nobody_looks(5, 60), set()),
    ],
)
def test_an_excuse_is_true_only_where_nobody_could_see(story: Happenings, excuses: set[Excuse]) -> None:
    entry = panel_of(story.evidence())[Name("deployment/web", "2")]

    assert entry == Entry(MISSING, excuses=frozenset(excuses))
