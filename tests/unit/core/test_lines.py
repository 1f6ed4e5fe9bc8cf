import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.core.lines import LONGEST, escaped, one_line, quoted

ANY_TEXT = st.text(st.characters(exclude_categories=()))
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("all is well", "all is well"),
        ("one\r\ntwo\tthree", "one two three"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("  around  ", "around"),
        ("", ""),
        ("Jürgen 結 🚀", "Jürgen 結 🚀"),
        ("e\N{COMBINING ACUTE ACCENT}", "e\N{COMBINING ACUTE ACCENT}"),
    ],
)
def test_what_can_be_seen_stays_on_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("SHOP-41\u200b", r"SHOP-41\u200b", id="a zero-width space from a web page"),
        pytest.param("\u202e14-POHS", r"\u202e14-POHS", id="a bidi override"),
        pytest.param("\x1b[2Jgone\x07", r"\x1b[2Jgone\x07", id="what steers a terminal"),
        pytest.param("\ud83d", r"\ud83d", id="half a pair"),
        pytest.param("\U000e0041", r"\U000e0041", id="a tag"),
    ],
)
def test_what_cannot_be_seen_is_spelled(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize("letter", ["x", "é", "結", "🚀", "\u202e"])
def test_a_long_text_is_cut_and_says_so(letter: str) -> None:
    line = one_line(letter * 50, 40)

    assert 30 < len(line.encode()) <= 40
    assert line.endswith("…")


def test_a_text_that_just_fits_is_not_cut() -> None:
    assert one_line("x" * 40, 40) == "x" * 40
    assert one_line("x" * 41, 40) == "x" * 37 + "…"


def test_an_escape_keeps_the_lines_of_a_text_apart_from_those_around_it() -> None:
    assert escaped("  a\nb") == r"  a\nb"


@given(ANY_TEXT, st.integers(3, 60))
def test_any_text_becomes_a_line_that_stays_as_it_is(text: str, most: int) -> None:
    line = one_line(text, most)

    assert len(line.encode()) <= most
    assert not any(unicodedata.category(each) in UNSEEN for each in line)
    assert one_line(line, most) == line


@given(st.text(max_size=LONGEST // 10))
def test_no_letter_is_lost_from_a_text_that_fits(text: str) -> None:
    seen = [each for each in text if each.isprintable() and not each.isspace()]

    assert [each for each in seen if each not in one_line(text)] == []


def test_of_a_long_word_only_the_beginning_is_quoted() -> None:
    assert quoted("prod") == "'prod'"
    assert quoted("x" * 5000) == repr("x" * 80 + "…")
