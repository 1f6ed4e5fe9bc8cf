"""How long Jira wants to be left alone, read from the headers of an answer.

https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST: Final = timedelta(days=1)
"""More is taken for a mistake: Jira's quotas are hourly."""

_SECONDS: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_NOTHING: Final = timedelta(0)
_MINUTE: Final = timedelta(minutes=1)


def requested_wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return the wait that `Retry-After` asks for, else `X-RateLimit-Reset`; None if neither does.

    Names of headers in lower case, `now` aware.
    """
    wait = _retry_after(headers.get("retry-after", "").strip(), now)
    if wait is None:
        wait = _reset(headers.get("x-ratelimit-reset", "").strip(), now)
    return min(wait, LONGEST) if wait is not None and wait > _NOTHING else None


def _retry_after(text: str, now: datetime) -> timedelta | None:
    """Seconds or an HTTP date, https://www.rfc-editor.org/rfc/rfc9110#field.retry-after."""
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=min(float(text), LONGEST.total_seconds()))
    try:
        return _aware(parsedate_to_datetime(text)) - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _reset(text: str, now: datetime) -> timedelta | None:
    """ISO 8601, usually to the minute: the limit then falls somewhere within that minute."""
    try:
        wait = _aware(datetime.fromisoformat(text)) - now
    except (ValueError, OverflowError):
        return None
    return wait + _MINUTE if -_MINUTE < wait <= _NOTHING else wait


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
