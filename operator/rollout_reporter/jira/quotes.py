"""What an answer says in words: a short excerpt, whatever shape the body has.

Jira answers errors with an array of messages, gateways in front of it with an object, an HTML page, plain
text or nothing.
"""

import html
import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from .texts import cut, tidy

LONGEST_QUOTE: Final = 200
"""Characters."""
LONGEST_BODY: Final = 64 * 1024
"""Bytes of a body that are looked at."""

_MOST_MESSAGES: Final = 3
_DEEPEST: Final = 4
_FIELDS: Final = (
    "message",
    "error_description",
    "errorMessages",
    "errorMessage",
    "errors",
    "error",
    "detail",
)
_TITLE: Final = re.compile(r"<title[^>]{0,200}>([^<]{1,1000})", re.IGNORECASE)


def quote(body: bytes) -> str:
    """Return what the body says, on one line of at most 200 characters; empty if it says nothing."""
    text = body[:LONGEST_BODY].decode("utf-8", "replace").strip()
    found = _messages(_json(text)) if text[:1] in {"{", "["} else _plain(text)
    tidied = (tidy(message) for message in found)
    different = dict.fromkeys(message for message in tidied if message)
    return cut("; ".join(islice(different, _MOST_MESSAGES)), LONGEST_QUOTE)


def short(text: str) -> str:
    """Return words of Jira's, such as a header or a message, tidied and cut likewise."""
    return cut(tidy(text), LONGEST_QUOTE)


def _plain(text: str) -> Iterator[str]:
    if not text.startswith("<"):
        yield text
    elif title := _TITLE.search(text):
        yield html.unescape(title[1])


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _messages(node: object, depth: int = 0) -> Iterator[str]:
    match node:
        case str():
            yield node
        case list() if depth < _DEEPEST:
            for entry in islice(node, _MOST_MESSAGES):
                yield from _messages(entry, depth + 1)
        case dict() if depth < _DEEPEST:
            for field in _FIELDS:
                yield from _messages(node.get(field), depth + 1)
        case _:
            return
