"""Texts as Jira takes them: one line of at most 255 characters, cut where a reader sees no harm.

Whether Jira counts code points or UTF-16 units is not documented. UTF-16 units are never fewer, so counting
those keeps both within the limit.
"""

import unicodedata
from typing import Final

from .schemas import MAX_TEXT

ELLIPSIS: Final = "…"
LONGEST_CLUSTER: Final = 32
"""Code points; a longer pile of combining marks is cut through, so that it cannot eat the whole text."""

_JOINER: Final = "\u200d"
_REGIONAL_INDICATORS: Final = ("\U0001f1e6", "\U0001f1ff")
_SKIN_TONES: Final = ("\U0001f3fb", "\U0001f3ff")
_TAGS: Final = ("\U000e0020", "\U000e007f")


def tidy(text: str) -> str:
    """Return the text on one line, empty if nothing in it can be seen.

    Control characters, line ends and runs of blanks become one space each, lone surrogates (which UTF-8
    cannot carry) the replacement character.
    """
    line = " ".join("".join(map(_plain, text)).split())
    return line if any(map(_visible, line)) else ""


def fits(text: str, limit: int = MAX_TEXT) -> bool:
    """Whether the text keeps the limit, in code points and in UTF-16 units."""
    return _units(text) <= limit


def cut(text: str, limit: int = MAX_TEXT) -> str:
    """Return the text, ending in "…" if it had to be cut to the limit; a visible character stays whole."""
    return text if fits(text, limit) else head(text, limit - len(ELLIPSIS)).rstrip() + ELLIPSIS


def head(text: str, limit: int) -> str:
    """Return the longest beginning within the limit that ends between two visible characters."""
    end = units = 0
    for character in text:
        units += _units(character)
        if units > limit:
            break
        end += 1
    return text[: _border(text, end)]


def _plain(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return " "
        case "Cs":
            return "\ufffd"
        case _:
            return character


def _visible(character: str) -> bool:
    category = unicodedata.category(character)
    return category != "Cf" and not category.startswith("Z")


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _border(text: str, end: int) -> int:
    if end == len(text):
        return end
    earliest = max(0, end - LONGEST_CLUSTER)
    return next((at for at in range(end, earliest, -1) if not _joined(text, at)), end)


def _joined(text: str, at: int) -> bool:
    """Whether the code points before and after the place belong to one visible character."""
    before, after = text[at - 1], text[at]
    splits_flag = _is_half_a_flag(after) and _flag_halves(text[:at]) % 2 == 1
    return before == _JOINER or _extends(after) or splits_flag


def _extends(character: str) -> bool:
    return (
        character == _JOINER
        or unicodedata.category(character).startswith("M")
        or _SKIN_TONES[0] <= character <= _SKIN_TONES[1]
        or _TAGS[0] <= character <= _TAGS[1]
    )


def _is_half_a_flag(character: str) -> bool:
    return _REGIONAL_INDICATORS[0] <= character <= _REGIONAL_INDICATORS[1]


def _flag_halves(text: str) -> int:
    return next((count for count, c in enumerate(reversed(text)) if not _is_half_a_flag(c)), len(text))
