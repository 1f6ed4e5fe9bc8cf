"""Requests that got no answer at all: each failure of the HTTP client, as trouble with cause and cure."""

from typing import Final

import httpx

from rollout_reporter.core.outcome import Trouble, TroubleReason

from .answers import AGAIN
from .quotes import short

FAILURES: Final = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.CookieConflict,
    httpx.StreamError,
    OSError,
    UnicodeError,
)
"""All that sending a request and reading its answer may raise. `OSError` includes `TimeoutError`."""

_EGRESS: Final = (
    "Check DNS, egress rules (NetworkPolicy, firewall), proxy settings (HTTPS_PROXY) "
    "and, where a certificate is refused, SSL_CERT_FILE."
)
_AGAIN: Final = f"{AGAIN}."

_SENTENCES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (httpx.ConnectTimeout, f"{{host}} could not be reached in time. {_EGRESS}"),
    (httpx.PoolTimeout, f"No connection to {{host}} became free in time. {_AGAIN}"),
    (httpx.TimeoutException, f"{{host}} did not answer in time. {_AGAIN}"),
    (TimeoutError, f"{{host}} did not answer in time. {_AGAIN}"),
    (httpx.ConnectError, f"{{host}} cannot be reached{{says}}. {_EGRESS}"),
    (httpx.ProxyError, "The proxy does not let requests to {host} through{says}. Check HTTPS_PROXY."),
    (httpx.NetworkError, f"The connection to {{host}} broke. {_AGAIN}"),
    (
        httpx.LocalProtocolError,
        "The request to {host} is not valid HTTP. Check the Secret for blanks.",
    ),
    (httpx.RemoteProtocolError, f"{{host}} broke the connection off, or does not speak HTTP. {_AGAIN}"),
    (httpx.ProtocolError, "{host} does not speak HTTP as it should. Check the URL and any proxy."),
    (
        httpx.UnsupportedProtocol,
        "{host} has no usable protocol. Check the URL and any proxy.",
    ),
    (httpx.DecodingError, f"The answer of {{host}} is damaged. {_AGAIN}"),
    (httpx.TooManyRedirects, "{host} leads elsewhere. Check the URL."),
    (httpx.InvalidURL, "The URL for {host} is not valid. Check the site URL and API URL of the JiraSite."),
    (UnicodeError, "The request to {host} has characters that HTTP cannot carry. Check the Secret."),
    (Exception, f"The request to {{host}} failed ({{kind}}). {_AGAIN}"),
)
"""The first that fits counts. Only `{says}` repeats words of the error: others may quote a header."""


def failure(error: Exception, host: str) -> Trouble:
    """Return what it means for a person that a request to this host failed so."""
    sentence = next(words for kind, words in _SENTENCES if isinstance(error, kind))
    words = short(str(error))
    says = f" ({words})" if words else ""
    message = sentence.format(host=host, says=says, kind=type(error).__name__)
    return Trouble(TroubleReason.UNAVAILABLE, message)
