"""What many runs have shown."""

from chaos.evidence import Violation, Wrong
from chaos.page import page
from chaos.plan import Plan
from chaos.run import Result
from chaos.script import SMALL, Script
from chaos.tables import markdown, rows


def result(*struck: str, violations: int = 0, trouble: str = "", script: Script = SMALL) -> Result:
    wrong = tuple(Violation(Wrong.STATE, "text") for _ in range(violations))
    plan = Plan("a plan", script, ())
    return Result(plan, frozenset(struck), rollouts=10, seconds=1, violations=wrong, trouble=trouble)


def test_a_run_counts_for_each_of_its_faults_and_once_in_all() -> None:
    found = rows([result("killed", "frozen", violations=2), result("killed", trouble="no cluster")])

    assert [each.cells for each in found] == [
        ("killed", "2", "20", "2", "1"),
        ("frozen", "1", "10", "2", "0"),
        ("all runs", "2", "20", "2", "1"),
    ]


def test_a_namespace_that_the_script_deletes_is_a_fault_too() -> None:
    found = rows([result(script=Script(SMALL.tracks, deletes_namespace=True))])

    assert [each.fault for each in found] == ["namespace-deleted", "all runs"]


def test_the_page_has_a_line_for_each_row() -> None:
    assert markdown(rows([result("killed")])) == [
        "| fault | runs | rollouts | violations | not played to the end |",
        "|---|---:|---:|---:|---:|",
        "| killed | 1 | 10 | 0 | 0 |",
        "| all runs | 1 | 10 | 0 | 0 |",
    ]


def test_the_page_says_in_how_many_runs_its_violations_fall() -> None:
    shown = page(rows([result("killed", "frozen", violations=2), result("killed"), result()]))

    assert "Violations in all: 2, in 1 of 3 runs." in shown
    assert "decisions/0012-what-nobody-saw.md" in shown


def test_it_says_so_if_there_are_none() -> None:
    assert "No run has shown a violation." in page(rows([result("killed")]))


def test_a_run_with_trouble_is_not_clean() -> None:
    assert result().is_clean
    assert not result(trouble="no cluster").is_clean
    assert not result(violations=1).is_clean
