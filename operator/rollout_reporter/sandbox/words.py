"""Errors in Jira's words.

The style is that of messages seen in the wild, such as "'url' is required" (jenkinsci's test fixtures) and
"'issueKeys' can have a maximum of 500 elements" (gitlab-org/gitlab!256139).
"""

from pydantic import ValidationError
from pydantic_core import ErrorDetails


def messages(error: ValidationError) -> tuple[str, ...]:
    """Say what is wrong, once each."""
    return tuple(dict.fromkeys(_sentence(detail) for detail in error.errors(include_url=False)))


def _sentence(detail: ErrorDetails) -> str:
    name, context = _path(detail["loc"]), detail.get("ctx", {})
    kind = detail["type"]
    if kind in {"missing", "string_too_short"} or detail["input"] is None:
        return f"'{name}' is required"
    if kind == "too_long":
        return f"'{name}' can have a maximum of {context['max_length']} elements"
    if kind == "too_short":
        return f"'{name}' must not be empty"
    if kind == "string_too_long":
        return f"'{name}' can have a maximum of {context['max_length']} characters"
    if kind == "value_error":
        return _own(name, str(context["error"]))
    return f"{_quoted(name)} is invalid: {detail['msg']}"


def _own(name: str, message: str) -> str:
    """Take the text of one of our own validators; it lacks its subject if it begins in lower case."""
    return f"'{name}' {message}" if message[0].islower() else message


def _quoted(name: str) -> str:
    return f"'{name}'" if name else "Request body"


def _path(location: tuple[int | str, ...]) -> str:
    """Spell a location as `associations[0].values[1]`."""
    if location[:1] == ("associations",):
        location = location[:2] + location[3:]  # pydantic tells the type of the association in between
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")
