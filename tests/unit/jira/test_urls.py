import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.jira.urls import presentable

OTHER = "https://example.atlassian.net"


@pytest.mark.parametrize(
    "url",
    [
        "https://cd.example.com",
        "http://cd.example.com:8080/apps/checkout?revision=18&x=%20#top",
        "https://cd.example.com/" + "a" * 1976,
    ],
)
def test_a_good_url_is_left_as_it_is(url: str) -> None:
    assert presentable(url, otherwise=OTHER) == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://cd.example.com:8443/" + "a" * 2000, "https://cd.example.com:8443"),
        ("https://cd.example.com/?q=" + "a" * 70_000, "https://cd.example.com"),
        ("https://cd.example.com/a\nb", "https://cd.example.com"),
        ("https://user:password@cd.example.com/apps", "https://cd.example.com"),
    ],
)
def test_a_url_that_jira_would_refuse_falls_back_to_its_origin(url: str, shown: str) -> None:
    assert presentable(url, otherwise=OTHER) == shown


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "ftp://example.com/", "https://", "/apps", "https://a:b:c/", "\ud83d"]
)
def test_what_has_no_web_origin_falls_back_to_the_other_url(url: str) -> None:
    assert presentable(url, otherwise=OTHER) == OTHER


def test_characters_beyond_ascii_are_encoded() -> None:
    shown = presentable("https://bücher.example/ä b", otherwise=OTHER)
    assert shown == "https://xn--bcher-kva.example/%C3%A4%20b"


@given(st.text(st.characters(exclude_categories=())).map("https://cd.example.com/".__add__) | st.text())
def test_any_text_gives_a_short_web_url(url: str) -> None:
    shown = presentable(url, otherwise=OTHER)
    assert shown.startswith(("http://", "https://", "HTTP"))
    assert len(shown) <= 2000
    assert shown.isascii()
