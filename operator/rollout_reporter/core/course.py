"""What is known of a workload's rollouts so far: the memory of the judgement."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from .report import State
from .workload import End, ReplicaSetFacts

REMEMBERED: Final = 20
"""How many earlier rollouts are remembered by their templates."""
CLOCK_TOLERANCE: Final = timedelta(seconds=2)
"""By how much the API servers' clocks, which are known to the second, may seem to be set back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One rollout that its controller has taken up, and how it stands."""

    id: str
    """Revision and release at its beginning; a restart, or a ReplicaSet made again, leaves it as it is."""
    template: str
    release: str
    revision: int | None
    """`None` while its controller has not told it."""
    first_revision: int | None = None
    """The revision that it began with, as far as its ReplicaSets tell: each restart is given the next one."""
    replica_set: str | None
    """Its ReplicaSet: the name for a Deployment, the pod hash for a Rollout; `None` where it is not known."""
    replica_set_created: datetime | None = None
    """When the API server made it."""
    images: tuple[str, ...] = ()
    replaces: str | None = None
    """If it is the way back to an older ReplicaSet: id of the rollout that it replaces."""

    state: State | None = None
    """`None` while there is nothing to speak of, such as with no replicas wanted."""
    because: str = ""
    since: datetime
    """When the state became true."""

    began: datetime
    counts: tuple[int, ...] = ()
    progressed_at: datetime
    paused_since: datetime | None = None
    paused_for: timedelta = timedelta(0)
    was_idle: bool = False
    """Whether no replicas were wanted of it for a time: its controller has called it complete then, though
    nothing of it ran, and does not take that back. Only its pods prove its success from then on."""

    def active_time(self, now: datetime) -> timedelta:
        """How long it has been under way; paused time does not count."""
        paused = self.paused_for + (now - self.paused_since if self.paused_since else timedelta(0))
        return now - self.began - paused


@dataclass(frozen=True, slots=True)
class Asked:
    """A template that the controller has not taken up yet."""

    template: str
    release: str
    images: tuple[str, ...]
    because: str
    since: datetime
    issue_keys: tuple[str, ...] = ()
    """What the workload showed with it."""
    is_certain: bool = True
    """Whether another version was asked for, not just other words for the same one (see `HASH_TRUST`)."""
    was_before_gap: bool = False
    """Whether it was last seen before a gap, in which it may have been taken up."""
    was_unseen: bool = False
    """Whether nobody saw it asked for: what ran before may have ended by then, one way or the other."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A rollout that came before, by which a way back to it is known."""

    template: str
    replica_set: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The rollouts of a workload."""

    taken_up: Rollout | None = None
    """The newest rollout that the controller has taken up."""
    asked: Asked | None = None
    """A newer template that the controller has not taken up yet."""
    is_refused: bool = False
    """Whether the controller refuses the present spec."""
    missed: tuple[ReplicaSetFacts, ...] = ()
    """Rollouts that came and went unseen before the one taken up last, the oldest first."""
    keys_before: tuple[str, ...] | None = None
    """The workload's issue keys at the end of the rollout before those, as its ReplicaSet has noted them."""
    ends: tuple[End, ...] = ()
    """Ends that were told by the statuses seen since the rollout before the one taken up last."""
    going_on: str | None = None
    """The ReplicaSet that was last said to be under way while a newer template waited."""
    passed_by: tuple[Asked, ...] = ()
    """Templates that were asked for and replaced before they were seen to be taken up, the oldest first."""
    is_remembered: bool = False
    """Whether all this was read from a record, and nothing has been seen since."""
    was_away: bool = False
    """Whether that one was taken up while nobody was there to look."""
    was_unseen: bool = False
    """Whether nobody saw the end of the rollout before the one taken up last."""
    awaited: int | None = None
    """The revision that a recorded pending rollout was expected to be given."""
    has_outlived_awaited: bool = False
    """Whether that one must have come and gone unseen, even if its version has come back since."""
    previous: Rollout | None = None
    """The rollout before the one taken up last."""
    earlier: tuple[Earlier, ...] = ()

    def set_back_to(self, now: datetime) -> "Course":
        """The same for a clock that was set back: what was noted an hour ahead must not wait for an hour."""
        rollout, asked = self.taken_up, self.asked
        return replace(
            self,
            taken_up=rollout
            and replace(
                rollout,
                began=_no_later(rollout.began, now),
                progressed_at=_no_later(rollout.progressed_at, now),
                paused_since=rollout.paused_since and _no_later(rollout.paused_since, now),
            ),
            asked=asked and replace(asked, since=_no_later(asked.since, now)),
        )

    def after_gap(self, awaited: int | None) -> "Course":
        """The same after a time in which nobody looked."""
        return replace(
            self,
            asked=replace(self.asked, was_before_gap=True) if self.asked else None,
            passed_by=tuple(replace(each, was_before_gap=True) for each in self.passed_by),
            is_remembered=True,
            awaited=awaited,
        )

    def told_end(self, facts: ReplicaSetFacts) -> End | None:
        """How a rollout has ended by a status that was seen on the way."""
        own = [each for each in self.ends if each.replica_set in {facts.name, facts.pod_hash}]
        if facts.has_come_back:
            own = [each for each in own if each.revision == facts.revision]
        return next((each for each in own if each.revision in {None, facts.revision}), None)

    def asked_with(self, facts: ReplicaSetFacts, *, by_images: bool) -> Asked | None:
        """The wish for a rollout that was never seen to be taken up; `None` if it was not seen either.

        Args:
            facts: Its ReplicaSet.
            by_images: Whether its template may read otherwise there, so that images tell if no others have
                the same.
        """
        same = [each for each in self.passed_by if each.release == facts.release]
        if same or not by_images:
            return next(iter(same), None)
        alike = [each for each in self.passed_by if each.images == facts.images]
        rivals = [each for each in self.missed if each.images == facts.images]
        is_clear = len({each.release for each in alike}) == 1 and len(rivals) <= 1
        return alike[0] if is_clear else None

    def may_have_ended(self, facts: ReplicaSetFacts) -> bool:
        """Whether a rollout that was never seen to be taken up may have ended while nobody looked."""
        return self.was_away and self.going_on not in {facts.name, facts.pod_hash}

    @property
    def state(self) -> State | None:
        """State of the rollout that people wait for."""
        if self.is_refused:
            return None
        if self.asked:
            return State.PENDING
        return self.taken_up.state if self.taken_up else None

    @property
    def because(self) -> str:
        """Why it is in this state."""
        if self.asked and not self.is_refused:
            return self.asked.because
        return self.taken_up.because if self.taken_up else ""

    @property
    def since(self) -> datetime | None:
        """Since when the wanted rollout is in its state."""
        wanted = self.asked or self.taken_up
        return wanted.since if wanted else None


def _no_later(moment: datetime, now: datetime) -> datetime:
    return moment if moment <= now + CLOCK_TOLERANCE else now
