"""What an answer says in words: a short excerpt, whatever shape the body has.

Jira answers errors with an array of messages, gateways in front of it with an object, an HTML page, plain
text or nothing.
"""

import html
import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Final

from .bodies import decoded, parsed
from .texts import cut, tidy

LONGEST_QUOTE: Final = 200
"""Characters."""
LONGEST_BODY: Final = 64 * 1024
"""Bytes of a body that are looked at."""

_HIDDEN: Final = "[hidden]"
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


def quote(body: bytes, secrets: Collection[str] = ()) -> str:
    """Return what the body says, on one line of at most 200 characters; empty if it says nothing.

    Secrets are blanked out, in case that something on the way echoes the request.
    """
    text = decoded(body[:LONGEST_BODY])
    found = _messages(parsed(text)) if text[:1] in {"{", "["} else _plain(text)
    tidied = (tidy(_without(secrets, message)) for message in found)
    different = dict.fromkeys(message for message in tidied if message)
    return cut("; ".join(islice(different, _MOST_MESSAGES)), LONGEST_QUOTE)


def short(text: str, secrets: Collection[str] = ()) -> str:
    """Return words of Jira's, such as a header or a message, blanked, tidied and cut likewise."""
    return cut(tidy(_without(secrets, text)), LONGEST_QUOTE)


def _without(secrets: Collection[str], text: str) -> str:
    """Blank in one go, and before anything is cut: no part of a secret stays, none is blanked twice."""
    longest_first = sorted(filter(None, secrets), key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), _HIDDEN, text) if longest_first else text


def _plain(text: str) -> Iterator[str]:
    if not text.startswith("<"):
        yield text
    elif title := _TITLE.search(text):
        yield html.unescape(title[1])


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
