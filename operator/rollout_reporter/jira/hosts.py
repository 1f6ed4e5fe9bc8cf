"""Where credentials may go: Atlassian's hosts, loopback, and hosts that the operator's own flag names.

A URL comes from a JiraSite, which more people may edit than may read the Secret. So the check has to hold
against tricks, and it takes only one plain spelling of a URL: what it does not understand, it refuses, and
no second parser can read another host into what it lets through.
"""

import re
from collections.abc import Collection
from ipaddress import ip_address
from typing import Final

_URL: Final = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/[a-z0-9._~%/-]*)?",
    re.IGNORECASE | re.ASCII,
)
_API_HOST: Final = "api.atlassian.com"
_SITE_SUFFIX: Final = ".atlassian.net"
_HTTPS_PORTS: Final = frozenset({None, "443"})
_HIGHEST_PORT: Final = 65535


def allowed(url: str, allowed_hosts: Collection[str]) -> str | None:
    """Return None if credentials may be sent to this URL, else a sentence that says why not.

    `allowed_hosts` are names or addresses, with or without a port; one without stands for every port.
    The sentence never repeats a URL that may hold a password.
    """
    found = _URL.fullmatch(url)
    if found is None:
        return (
            "The URL must be plain: https://host, with a port or path if needed, without user name, "
            "query, fragment, blanks, characters beyond ASCII, or a dot at the host's end."
        )
    host, port = found["host"].lower(), found["port"]
    if port is not None and not 0 < int(port) <= _HIGHEST_PORT:
        return f"There is no port {port}."
    if _is_loopback(host) or _is_named(host, port, allowed_hosts):
        return None
    return _unnamed(found["scheme"].lower(), host, port)


def _unnamed(scheme: str, host: str, port: str | None) -> str | None:
    if host != _API_HOST and not host.endswith(_SITE_SUFFIX):
        return (
            f"Credentials are not sent to {host}: only to {_API_HOST}, *{_SITE_SUFFIX} and loopback. "
            "If this host is meant, name it in the chart value jira.allowedHosts."
        )
    if scheme != "https":
        return f"Credentials are sent to {host} over https only: write https:// in the URL."
    if port not in _HTTPS_PORTS:
        return f"Credentials are sent to {host} on port 443 only: leave the port out of the URL."
    return None


def _is_named(host: str, port: str | None, allowed_hosts: Collection[str]) -> bool:
    names = {name.strip().lower() for name in allowed_hosts}
    return host in names or (port is not None and f"{host}:{port}" in names)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
