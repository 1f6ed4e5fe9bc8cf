"""Reading the bodies of answers: as JSON, whatever small sins of encoding whoever wrote them committed."""

import json
from typing import TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


def decoded(body: bytes) -> str:
    """Return the body as text: a byte order mark is left out, bytes that are no UTF-8 are replaced."""
    return body.decode("utf-8-sig", "replace").strip()


def parsed(text: str) -> object:
    """Return what the text says as JSON, None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def read(model: type[M], body: bytes) -> M | None:
    """Return the body as such a model, None if it cannot be read as one.

    Why not is not told: the words of pydantic repeat the body, which may hold a token.
    """
    try:
        return model.model_validate(parsed(decoded(body)))
    except (ValueError, RecursionError):
        return None
