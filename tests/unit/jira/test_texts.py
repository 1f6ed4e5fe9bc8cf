import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.jira.texts import LONGEST_CLUSTER, cut, fits, head, tidy

ANY_TEXT = st.text(st.characters(exclude_categories=()))
FAMILY = "👩\u200d👩\u200d👧"
ACCENTED = "e\u0301"
FLAG = "🇩🇪"
THUMB = "👍🏽"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("one\r\ntwo\tthree", "one two three"),
        ("a\x00b\x1bc\u2028d", "a b c d"),
        ("  around  ", "around"),
        ("half \ud83d of a pair", "half \ufffd of a pair"),
        ("\u200b\u200d \n", ""),
        ("", ""),
        (FAMILY, FAMILY),
    ],
)
def test_a_text_becomes_one_visible_line(text: str, line: str) -> None:
    assert tidy(text) == line


def test_a_text_within_the_limit_is_left_alone() -> None:
    assert cut("x" * 255) == "x" * 255


def test_a_longer_text_ends_with_an_ellipsis_at_the_limit() -> None:
    assert cut("x" * 256) == "x" * 254 + "…"


def test_characters_outside_the_basic_plane_count_twice() -> None:
    assert cut("🚀" * 128) == "🚀" * 127 + "…"


@pytest.mark.parametrize("whole", [FAMILY, ACCENTED, FLAG, THUMB, "❤\ufe0f"])
@pytest.mark.parametrize("limit", range(1, 12))
def test_a_visible_character_is_never_cut_through(whole: str, limit: int) -> None:
    assert head(f"x{whole}y", limit) in {"x", f"x{whole}", f"x{whole}y"}


def test_flags_stay_pairs_wherever_the_cut_falls() -> None:
    assert [head(FLAG * 3, limit) for limit in (4, 6, 8, 11)] == [FLAG, FLAG, FLAG * 2, FLAG * 2]


def test_a_pile_of_marks_does_not_eat_the_text() -> None:
    assert len(cut("x" + "\u0301" * 500)) > 255 - LONGEST_CLUSTER


@given(ANY_TEXT)
def test_a_tidied_text_is_one_line_that_utf_8_can_carry(text: str) -> None:
    line = tidy(text)
    assert line.encode().decode() == line
    assert line == line.strip()
    assert not any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in line)
    assert tidy(line) == line


@given(ANY_TEXT, st.integers(1, 40))
def test_a_cut_text_keeps_the_limit_in_either_unit(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert fits(short, limit)
    assert len(short) <= limit
    assert len(short.encode("utf-16-le", "surrogatepass")) // 2 <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))
