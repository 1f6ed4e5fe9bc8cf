"""The waits that the Jiras behind the JiraSites have asked for."""

from collections.abc import Sequence
from datetime import datetime

from rollout_reporter.cluster.sites import StoredSite
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.jira.patience import Patience
from rollout_reporter.jira.waits import LONGEST

from .backoff import LONGEST_PAUSE

Address = tuple[str, str]
"""Site URL and API URL: several JiraSites may lead to one Jira, and a new one to that of an old one."""


class Patiences(dict[Address, Patience]):
    """The wait that each Jira has asked for; a process keeps to them over all its terms."""

    def of(self, site: StoredSite) -> Patience:
        """The wait of the Jira that a site leads to."""
        return self.setdefault(_address(site), Patience())

    def recall(self, found: Sequence[StoredSite], now: datetime) -> None:
        """Keep to what another process has put on record, which may have led since this one did."""
        for site in found:
            if asked := _on_record(site, now):
                self.of(site).wait(asked)


def _address(site: StoredSite) -> Address:
    if site.spec is None:
        return "", ""
    return site.spec.site_url.rstrip("/").lower(), site.spec.api_url.rstrip("/").lower()


def _on_record(site: StoredSite, now: datetime) -> Trouble | None:
    """A wait that Jira has asked an earlier process for; not if the site may lead to another Jira now."""
    ready = next((each for each in site.status.conditions if each.type == "Ready"), None)
    until = site.status.next_attempt
    if ready is None or until is None or until <= now or site.status.observed_generation != site.generation:
        return None
    is_limited = ready.reason == TroubleReason.RATE_LIMITED.value
    if not is_limited and (ready.reason != TroubleReason.UNAVAILABLE.value or until <= now + LONGEST_PAUSE):
        return None  # then it is a pause of our own
    message = "Jira has asked an earlier process of the operator to wait."
    return Trouble(TroubleReason(ready.reason), message, min(until - now, LONGEST))
