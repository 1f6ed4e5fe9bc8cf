"""What people read of a JiraSite: whether it works, what waits for it, and how far a resync has come."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from rollout_reporter.cluster.resources import ConditionModel, JiraSiteStatus, ResyncModel
from rollout_reporter.cluster.sites import StoredSite
from rollout_reporter.core.condition import Condition, Status
from rollout_reporter.core.outcome import Trouble

_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the sending to a site goes."""

    trouble: Trouble | None = None
    """Why the last attempt came to nothing."""
    next_attempt: datetime | None = None
    waiting: int = 0
    """Jira deployments that wait for an answer."""
    worked_at: float = 0.0
    """When Jira last took a request, in time of the event loop."""

    @property
    def is_stuck(self) -> bool:
        """Whether something cannot be sent."""
        return self.trouble is not None and self.waiting > 0


IDLE = Standing()
"""Nothing waits, nothing is known."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look at a site has found."""

    is_probed: bool
    """Whether it was looked whether it works, since it is as it is."""
    trouble: Trouble | None
    """What is wrong with its credential or address."""
    wait: Trouble | None
    """The wait that Jira has asked for, if it is not over."""
    cloud_id: str | None
    """Its cloud id, if that was found out now."""
    resync: ResyncModel | None
    """The progress of a resync."""


def status_of(site: StoredSite, found: Findings, standing: Standing, now: datetime) -> JiraSiteStatus:
    """Put together the status of a JiraSite; trouble with sending counts for as long as something waits.

    A wait that Jira has asked for is told whatever waits: the next leader keeps it, too. What was found by an
    earlier leader, or of an earlier spec, stays until the first look has ended.
    """
    trouble = _with_wait(found.trouble or (standing.trouble if standing.is_stuck else None), found.wait)
    if trouble is None and not found.is_probed:
        return site.status
    attempts = [standing.next_attempt if standing.is_stuck else None, _end(found.wait, now)]
    return JiraSiteStatus(
        cloud_id=found.cloud_id or site.status.cloud_id,
        observed_generation=site.generation,
        conditions=[_model(site, _ready(trouble), now)],
        waiting=standing.waiting if standing.is_stuck else None,
        next_attempt=_whole_second(max(filter(None, attempts), default=None), site.status.next_attempt),
        resync=found.resync,
    )


def _with_wait(trouble: Trouble | None, wait: Trouble | None) -> Trouble | None:
    """The wait comes first: whatever else is in the way, nothing is sent before its end."""
    if wait is None:
        return trouble
    if trouble is None or trouble.reason is wait.reason:
        return wait
    return replace(wait, message=f"{wait.message} Besides: {trouble.message}")


def _end(wait: Trouble | None, now: datetime) -> datetime | None:
    return now + wait.retry_after if wait and wait.retry_after else None


def _whole_second(moment: datetime | None, before: datetime | None) -> datetime | None:
    """The second in which it is over, so that nobody comes too early; one that was told is told again.

    The end of a wait is measured anew each time, a little earlier or later.
    """
    if moment is None:
        return None
    if before and moment <= before < moment + 2 * _SECOND:
        return before
    second = moment.replace(microsecond=0)
    return second if second == moment else second + _SECOND


def _ready(trouble: Trouble | None) -> Condition:
    if trouble:
        return Condition(Status.FALSE, trouble.reason.value, trouble.message)
    return Condition(Status.TRUE, "Ready", "token and cloud id were obtained")


def _model(site: StoredSite, ready: Condition, now: datetime) -> ConditionModel:
    before = next((each for each in site.status.conditions if each.type == "Ready"), None)
    is_same = before is not None and before.status == ready.status
    return ConditionModel(
        type="Ready",
        status=ready.status.value,
        reason=ready.reason,
        message=ready.message,
        last_transition_time=before.last_transition_time
        if before and is_same
        else now.replace(microsecond=0),
        observed_generation=site.generation,
    )
