"""URLs as Jira takes them: absolute, http or https, at most 2000 characters, never cut in the middle."""

import re
from typing import Final

import httpx

from .schemas import MAX_URL

_SCHEMES: Final = frozenset({"http", "https"})
_WHOLE: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
"""The characters of a URI, https://www.rfc-editor.org/rfc/rfc3986#section-2; others get percent-encoded."""
_ORIGIN: Final = re.compile(r"https?://[^/?#\\\s]+", re.IGNORECASE)


def presentable(url: str, *, otherwise: str) -> str:
    """Return the URL; its origin if Jira would refuse it or it holds a password; the other if it has none."""
    return _whole(url.strip()) or _origin(url.strip()) or otherwise


def _whole(url: str) -> str | None:
    parsed = _parsed(url)
    if parsed is None or parsed.userinfo:
        return None
    written = url if _WHOLE.fullmatch(url) else str(parsed)
    return written if len(written) <= MAX_URL else None


def _origin(url: str) -> str | None:
    found = _ORIGIN.match(url)
    parsed = _parsed(found.group()) if found else None
    if parsed is None:
        return None
    origin = f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"
    return origin if len(origin) <= MAX_URL else None


def _parsed(url: str) -> httpx.URL | None:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return None
    return parsed if parsed.scheme in _SCHEMES and parsed.host else None
