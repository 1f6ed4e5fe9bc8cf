"""Text of others, made fit to be read on one line.

Annotations, the messages of pods and the answers of Jira end up in conditions, Events and logs, where a line
end would forge a line, a control character would steer a terminal, and a bidi override would show what is not
written. None of them is dropped: who looks for the letter that makes an issue key malformed has to see it.
"""

from typing import Final

LONGEST: Final = 1000
"""Bytes of a message that people read; the API server takes 1024 of an Event's note."""
QUOTED: Final = 80
"""Characters of a word that is quoted within a message."""
_ELLIPSIS: Final = "…"


def one_line(text: str, most: int = LONGEST) -> str:
    """Return the text on one line of at most `most` UTF-8 bytes, ending in "…" if it had to be cut.

    Line ends and runs of blanks become one space each, whatever else cannot be seen its escape. What has been
    made a line once stays as it is.
    """
    line = " ".join(text.split())
    shown = escaped(line[:most])
    if len(line) <= most and len(shown.encode()) <= most:
        return shown
    room = most - len(_ELLIPSIS.encode())
    return shown.encode()[:room].decode(errors="ignore").rstrip() + _ELLIPSIS


def quoted(text: str) -> str:
    """Return the beginning of what somebody has written, in quotes: it has to leave room for the cure."""
    return repr(text if len(text) <= QUOTED else text[:QUOTED] + _ELLIPSIS)


def escaped(text: str) -> str:
    r"""Return the text with an escape, as `\u202e`, for every character that cannot be seen."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
