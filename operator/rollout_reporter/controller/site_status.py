"""What people read of a JiraSite: whether it works, what waits for it, and how far a resync has come."""

from dataclasses import dataclass
from datetime import datetime

from rollout_reporter.cluster.resources import ConditionModel, JiraSiteStatus, ResyncModel
from rollout_reporter.cluster.sites import StoredSite
from rollout_reporter.core.condition import Condition, Status
from rollout_reporter.core.outcome import Trouble


@dataclass(frozen=True, slots=True)
class Standing:
    """How the sending to a site goes."""

    trouble: Trouble | None = None
    """Why the last attempt came to nothing."""
    next_attempt: datetime | None = None
    waiting: int = 0
    """Jira deployments that wait to be sent."""


IDLE = Standing()
"""Nothing waits, nothing is known."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look at a site has found."""

    trouble: Trouble | None
    """What is wrong with its credential or address."""
    cloud_id: str | None
    """Its cloud id, if that was found out now."""
    resync: ResyncModel | None
    """The progress of a resync."""


def status_of(site: StoredSite, found: Findings, standing: Standing, now: datetime) -> JiraSiteStatus:
    """Put together the status of a JiraSite; trouble with sending counts for as long as something waits."""
    is_stuck = standing.trouble is not None and standing.waiting > 0
    trouble = found.trouble or (standing.trouble if is_stuck else None)
    return JiraSiteStatus(
        cloud_id=found.cloud_id or site.status.cloud_id,
        observed_generation=site.generation,
        conditions=[_model(site, _ready(trouble), now)],
        waiting=standing.waiting if is_stuck else None,
        next_attempt=standing.next_attempt.replace(microsecond=0)
        if is_stuck and standing.next_attempt
        else None,
        resync=found.resync,
    )


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
