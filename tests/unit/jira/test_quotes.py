import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.jira.quotes import LONGEST_QUOTE, quote


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'[{"message": "one"}, {"message": "two", "errorTraceId": "77ab01"}]', "one; two"),
        (b'{"code": 401, "message": "Unauthorized"}', "Unauthorized"),
        (
            b'{"error": "access_denied", "error_description": "no such client"}',
            "no such client; access_denied",
        ),
        (b'{"errorMessages": ["a", "b"], "errors": {}}', "a; b"),
        (b'{"errors": [{"message": "deep"}]}', "deep"),
        (b'{"error": {"message": "within"}}', "within"),
        (
            b"<html><head><title>503 Service\nTemporarily&nbsp;Down</title></head>",
            "503 Service Temporarily Down",
        ),
        (b"<html><body>secretless</body></html>", ""),
        (b"upstream connect error\r\n", "upstream connect error"),
        (b"", ""),
        (b"{", ""),
        (b"[]", ""),
        (b"[" * 60_000, ""),
        (b'{"message": ' + b"9" * 60_000 + b"}", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_whatever_the_shape_the_words_are_found(body: bytes, words: str) -> None:
    assert quote(body) == words


def test_a_long_message_is_cut() -> None:
    assert quote(json.dumps([{"message": "x" * 5000}]).encode()) == "x" * (LONGEST_QUOTE - 1) + "…"


def test_only_the_first_few_messages_are_quoted() -> None:
    assert quote(json.dumps([{"message": f"m{number}"} for number in range(9)]).encode()) == "m0; m1; m2"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["message", "errors", "x"]), inner),
)


@given(st.binary() | JSON.map(lambda node: json.dumps(node).encode()))
def test_any_body_gives_one_short_line(body: bytes) -> None:
    words = quote(body)
    assert len(words) <= LONGEST_QUOTE
    assert words.isprintable() or not words.isascii()
