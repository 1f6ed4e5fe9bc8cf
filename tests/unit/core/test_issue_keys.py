import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.core.issue_keys import IssueKeys, read_issue_keys

keys = st.from_regex(r"[A-Z][A-Z0-9_]{1,9}-[1-9][0-9]{0,5}", fullmatch=True)
separators = st.text(" ,;\n\t", min_size=1, max_size=4)


@pytest.mark.parametrize(
    "text",
    ["SHOP-41,SHOP-57", "SHOP-41 SHOP-57", "SHOP-41\nSHOP-57\n", " SHOP-41 ,\t SHOP-57,", "SHOP-41;SHOP-57"],
)
def test_keys_are_separated_by_commas_spaces_newlines_or_semicolons(text: str) -> None:
    assert read_issue_keys(text) == IssueKeys(valid=("SHOP-41", "SHOP-57"))


def test_lower_case_is_raised() -> None:
    assert read_issue_keys("shop-41 Shop-57").valid == ("SHOP-41", "SHOP-57")


def test_a_key_written_twice_counts_once_and_the_order_stays() -> None:
    assert read_issue_keys("SHOP-57 SHOP-41 shop-57").valid == ("SHOP-57", "SHOP-41")


@pytest.mark.parametrize("word", ["SHOP-9", "AB-1", "A1-1", "A_B-10", "SHOP-999999999999999999"])
def test_it_is_a_key(word: str) -> None:
    assert read_issue_keys(word) == IssueKeys(valid=(word,))


@pytest.mark.parametrize(
    "word",
    ["SHOP", "SHOP-", "-41", "SHOP-0", "SHOP-041", "S-1", "1SHOP-1", "SHOP--1", "SHOP-1.", "#41", "_S-1"],
)
def test_it_is_no_key_and_is_named_as_it_was_written(word: str) -> None:
    assert read_issue_keys(f"SHOP-41 {word}") == IssueKeys(valid=("SHOP-41",), malformed=(word,))


def test_a_malformed_word_keeps_the_case_in_which_a_person_can_find_it() -> None:
    assert read_issue_keys("see the wiki, SHOP-41").malformed == ("see", "the", "wiki")


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("\N{LATIN SMALL LETTER LONG S}hop-41", id="its upper case is an S"),
        pytest.param("SHOP-\N{FULLWIDTH DIGIT FOUR}1", id="a digit, but none of ours"),
        pytest.param("\N{CYRILLIC CAPITAL LETTER DZE}HOP-41", id="looks like an S"),
    ],
)
def test_letters_and_digits_that_only_look_alike_are_no_key(word: str) -> None:
    assert read_issue_keys(word) == IssueKeys(malformed=(word,))


@pytest.mark.parametrize("text", [None, "", "  ", ",;\n"])
def test_nothing_written_is_nothing_given(text: str | None) -> None:
    assert not read_issue_keys(text).given


@pytest.mark.parametrize("text", ["SHOP-41", "nonsense"])
def test_anything_written_is_given_even_if_it_is_no_key(text: str) -> None:
    assert read_issue_keys(text).given


@given(st.lists(st.tuples(keys, separators), min_size=1, max_size=6, unique_by=lambda pair: pair[0]))
def test_however_keys_are_separated_they_are_read(written: list[tuple[str, str]]) -> None:
    text = "".join(key + separator for key, separator in written)

    assert read_issue_keys(text) == IssueKeys(valid=tuple(key for key, _ in written))


@given(st.text())
def test_whatever_is_written_reading_what_was_read_changes_nothing(text: str) -> None:
    once = read_issue_keys(text)

    assert read_issue_keys(" ".join(once.valid)).valid == once.valid
    assert read_issue_keys(" ".join(once.malformed)).malformed == once.malformed
    assert once.given == bool(text.replace(",", " ").replace(";", " ").split())
