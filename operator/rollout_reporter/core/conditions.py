"""What a person reads: the condition `Reported`, on the workload and on its RolloutReport."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .condition import Condition, Status
from .entry import Entry
from .lines import one_line
from .outcome import OF_CONTENT, Trouble, TroubleReason

_MANY_WORDS = 10
_LONG_WORD = 60
"""Bytes of a word in a message."""
_LONG_TEXT = 300
"""Bytes of a text in a message, so that one of them leaves room for the others."""

SENDING = "Sending"
DRY_RUN = "DryRun"
INVALID_ISSUE_KEYS = "InvalidIssueKeys"
UNKNOWN_ISSUE_KEYS = "UnknownIssueKeys"
INVALID_SPEC = "InvalidSpec"
NO_REPLICAS = "NoReplicas"
REJECTED = "Rejected"
SITE_NOT_FOUND = "SiteNotFound"
PROJECT_NOT_ALLOWED = "ProjectNotAllowed"
OWNED_BY_ANOTHER_INSTALLATION = "OwnedByAnotherInstallation"

UNREPORTED: Final = tuple(
    sorted(
        {
            INVALID_ISSUE_KEYS,
            UNKNOWN_ISSUE_KEYS,
            INVALID_SPEC,
            REJECTED,
            PROJECT_NOT_ALLOWED,
            OWNED_BY_ANOTHER_INSTALLATION,
            *(each.value for each in TroubleReason if each not in OF_CONTENT),
        }
    )
)
"""Reasons for which Jira does not hold what it should."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything beside the entry that decides what a person should read."""

    malformed_keys: tuple[str, ...] = ()
    gains: tuple[tuple[str, ...], datetime] | None = None
    """Keys that the entry is about to gain, and when."""
    owner: str | None = None
    """Namespace of another installation that reports the workload."""
    no_site: str | None = None
    """Why there is nowhere to report to."""
    keys_not_allowed: tuple[str, ...] = ()
    """Keys that the site's access rules do not let this workload report to."""
    refused_spec: str | None = None
    """Why the workload's controller refuses its spec."""
    has_no_replicas: bool = False
    is_asked: bool = False
    """Whether a new version was asked for that no controller has taken up yet."""
    trouble: Trouble | None = None
    """What keeps the entry's site from being reached."""
    next_attempt: datetime | None = None
    dry_run: bool = False


def reported(entry: Entry | None, around: Circumstances) -> Condition | None:
    """The condition `Reported`; `None` where there is nothing to say."""
    if around.owner:
        return _owned(around.owner)
    if around.refused_spec is not None:
        message = f"nothing is reported of this spec: {around.refused_spec}"
        return Condition(Status.FALSE, INVALID_SPEC, message)
    return _about(entry, around) if entry else _nothing_reported(around)


def _owned(owner: str) -> Condition:
    message = (
        f"the installation in namespace {owner} reports it, and no second one does: let this one leave the"
        " workload's namespace out, or end the other one and delete the workload's RolloutReport"
    )
    return Condition(Status.FALSE, OWNED_BY_ANOTHER_INSTALLATION, message)


def _about(entry: Entry, around: Circumstances) -> Condition:
    subject = _subject(entry)
    if not entry.is_due:
        return _answered(entry, subject, around)
    if around.dry_run:
        return Condition(Status.UNKNOWN, DRY_RUN, f"{subject}: not sent, the operator runs dry")
    if around.trouble:
        again = f", next attempt at {around.next_attempt:%H:%M:%S} UTC" if around.next_attempt else ""
        message = f"not in Jira yet: {subject}: {around.trouble.message.rstrip('.')}{again}"
        return Condition(Status.FALSE, around.trouble.reason, message)
    return Condition(Status.UNKNOWN, SENDING, f"{subject}: on its way to Jira")


def issues_known(entry: Entry | None) -> Condition | None:
    """The condition `IssuesKnown`: whether Jira has all issues that the entry names, as far as it has said.

    A refusal for another cause says nothing of issues, and what is still to be sent may have other ones.
    """
    answers = (entry.refusal, entry.acknowledged) if entry else ()
    if unknown := next((each.unknown_keys for each in answers if each and each.unknown_keys), ()):
        return Condition(Status.FALSE, UNKNOWN_ISSUE_KEYS, f"Jira does not know {_listed(unknown)}")
    if entry is None or entry.acknowledged is None:
        return None
    if entry.is_due or entry.refusal:
        return Condition(Status.TRUE, "Known", "Jira knows all issues of the last report that it took")
    return Condition(Status.TRUE, "Known", f"Jira knows {_listed(entry.issue_keys)}")


def _nothing_reported(around: Circumstances) -> Condition | None:
    if around.no_site:
        return Condition(Status.FALSE, SITE_NOT_FOUND, around.no_site)
    if around.malformed_keys:
        words = _listed(around.malformed_keys)
        message = f"no issue key among {words}: keys look like SHOP-41, separated by commas or spaces"
        return Condition(Status.FALSE, INVALID_ISSUE_KEYS, message)
    if around.keys_not_allowed:
        message = f"the access rules of the JiraSite do not allow {_listed(around.keys_not_allowed)} here"
        return Condition(Status.FALSE, PROJECT_NOT_ALLOWED, message)
    if around.is_asked:
        return Condition(Status.UNKNOWN, SENDING, "a new version waits for its controller")
    if around.has_no_replicas:
        message = "no replicas are wanted: the rollout is reported once there are some"
        return Condition(Status.UNKNOWN, NO_REPLICAS, message)
    return None


def _answered(entry: Entry, subject: str, around: Circumstances) -> Condition:
    if entry.refusal:
        if set(entry.refusal.unknown_keys) >= set(entry.issue_keys):
            return _on_no_issue(subject)
        return Condition(Status.FALSE, REJECTED, f"{subject}: Jira rejects it: {entry.refusal.message}")
    unknown = entry.acknowledged.unknown_keys if entry.acknowledged else ()
    if set(unknown) >= set(entry.issue_keys):
        return _on_no_issue(subject)
    notes = [
        f"Jira does not know {_listed(unknown)}" if unknown else "",
        f"not an issue key: {_listed(around.malformed_keys)}" if around.malformed_keys else "",
        f"{entry.left_out} issues or services are left out, Jira takes 500" if entry.left_out else "",
        f"not allowed here: {_listed(around.keys_not_allowed)}" if around.keys_not_allowed else "",
        _gains(around),
        *(one_line(hint, _LONG_TEXT) for hint in entry.hints),
    ]
    reason = "".join(word.capitalize() for word in entry.state.split("_"))
    return Condition(Status.TRUE, reason, "; ".join(filter(None, [subject, *notes])))


def _on_no_issue(subject: str) -> Condition:
    """Jira may hold it all the same, for the sake of a service."""
    return Condition(Status.FALSE, UNKNOWN_ISSUE_KEYS, f"{subject}: Jira knows none of these issues")


def _listed(words: Sequence[str]) -> str:
    """Words for a sentence: not more, and no longer, than a person reads."""
    shown = [one_line(word, _LONG_WORD) for word in words[:_MANY_WORDS]]
    more = len(words) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _gains(around: Circumstances) -> str:
    if around.gains is None:
        return ""
    keys, at = around.gains
    return f"{_listed(keys)} will be added at {at:%H:%M:%S} UTC unless a new rollout begins before"


def _subject(entry: Entry) -> str:
    revision = f"revision {entry.revision} " if entry.revision is not None else "next revision "
    state = entry.state.replace("_", " ")
    keys = _listed(entry.issue_keys)
    environment, because = one_line(entry.environment.name, _LONG_WORD), one_line(entry.because, _LONG_TEXT)
    return f"{revision}{state} in {environment} for {keys} ({because})"
