"""Options that are texts: how one of them lists several words, and what they may say.

The chart refuses the same values in the same words, see its `_texts.tpl`.
"""

import re
from collections.abc import Callable
from typing import Final

import typer

Check = Callable[[str], str]
"""Returns the text of an option as it is, or refuses it."""


def listed(text: str) -> tuple[str, ...]:
    """The words of an option that takes several, separated by commas or blanks."""
    return tuple(text.replace(",", " ").split())


def _like(pattern: str, advice: str) -> Check:
    """Refuse a text that does not match; to say nothing is right."""

    def check(text: str) -> str:
        if text and not re.fullmatch(pattern, text):
            raise typer.BadParameter(f"{text!r} {advice}")
        return text

    return check


def _each_like(pattern: str, advice: str) -> Check:
    """Refuse a list if one of its words does not match."""
    check = _like(pattern, advice)

    def check_each(text: str) -> str:
        for word in listed(text):
            check(word)
        return text

    return check_each


cluster_name: Final = _like(
    r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?",
    "cannot be part of an id: write letters, digits, and . _ - in between, at most 100, such as prod-eu-1",
)
namespaces: Final = _each_like(
    r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    "is no namespace's name (globs cannot have Roles): name each namespace, or none for the whole cluster",
)
namespace_globs: Final = _each_like(
    r"([a-z0-9*?-]|\[!?([a-z0-9](-[a-z0-9])?)+\])+",
    "can match no Namespace: write a name, with the wildcards * ? [ab] [a-c] [!ab]",
)
hosts: Final = _each_like(
    r"([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?",
    "is no host: write a name or name:port, without https:// and without a path",
)

# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
_NAME: Final = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_KEY: Final = rf"([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_NAME}"
_VALUE: Final = rf"\s*({_NAME})?\s*"
_COMPARED: Final = rf"\s*(==?|!=){_VALUE}|\s*[<>]\s*-?[0-9]+|\s+(in|notin)\s*\({_VALUE}(,{_VALUE})*\)"
_REQUIREMENT: Final = rf"\s*(!\s*{_KEY}|{_KEY}({_COMPARED})?)\s*"
label_selector: Final = _like(
    rf"{_REQUIREMENT}(,{_REQUIREMENT})*",
    "is no label selector: write what kubectl takes, key=value, key!=value, key in (a,b), key notin (a,b), "
    "key or !key, with commas in between",
)
