"""How long Jira wants to be left alone, read from the headers of an answer.

https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST: Final = timedelta(days=1)
"""More is taken for a mistake: Jira's quotas are hourly."""

_EPOCH: Final = re.compile(r"([0-9]{10})([0-9]{3})?")
_SECONDS: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:s|secs?|seconds?)?", re.IGNORECASE)
_TO_THE_MINUTE: Final = re.compile(r"[T ][0-9]{2}:?[0-9]{2}(?![0-9:])")
_NOTHING: Final = timedelta(0)
_MINUTE: Final = timedelta(minutes=1)

_Reader = Callable[[str, datetime], timedelta | None]


def requested_wait(headers: Mapping[str, str], now: datetime, *, is_limited: bool = True) -> timedelta | None:
    """Return the wait that `Retry-After` asks for, else `X-RateLimit-Reset`; None if neither does.

    The latter asks for nothing unless requests are limited: else it only tells when a quota begins anew.
    Names of headers in lower case, `now` aware.
    """
    asked = _longest(headers.get("retry-after", ""), now, _seconds, _http_date, _iso_date)
    if asked or not is_limited:
        return asked
    return _longest(headers.get("x-ratelimit-reset", ""), now, _iso_date, _http_date, _epoch, _seconds_left)


def _longest(text: str, now: datetime, *readers: _Reader) -> timedelta | None:
    """Return the longest wait in the parts of a header, which a proxy may have merged from several.

    The comma of an HTTP date does no harm: without its weekday it is read all the same.
    """
    parts = [part.strip() for part in text.split(",")]
    waits = [wait for part in parts for read in readers if (wait := read(part, now))]
    longest = max(waits, default=_NOTHING)
    return min(longest, LONGEST) if longest > _NOTHING else None


def _seconds(text: str, _: datetime) -> timedelta | None:
    found = _SECONDS.fullmatch(text)
    return timedelta(seconds=min(float(found[1]), LONGEST.total_seconds())) if found else None


def _epoch(text: str, now: datetime) -> timedelta | None:
    """Seconds or milliseconds since 1970, as gateways in front of Jira tell it."""
    found = _EPOCH.fullmatch(text)
    return datetime.fromtimestamp(int(found[1]), UTC) + timedelta(seconds=1) - now if found else None


def _seconds_left(text: str, now: datetime) -> timedelta | None:
    """Seconds from now, as gateways in front of Jira tell it, too."""
    return None if _EPOCH.fullmatch(text) else _seconds(text, now)


def _http_date(text: str, now: datetime) -> timedelta | None:
    """https://www.rfc-editor.org/rfc/rfc9110#field.retry-after."""
    try:
        return _aware(parsedate_to_datetime(text)) - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _iso_date(text: str, now: datetime) -> timedelta | None:
    """ISO 8601, usually to the minute: what is meant then falls somewhere within it, so its end counts."""
    try:
        wait = _aware(datetime.fromisoformat(text)) - now
    except (ValueError, OverflowError):
        return None
    return wait + _MINUTE if _TO_THE_MINUTE.search(text) else wait


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
