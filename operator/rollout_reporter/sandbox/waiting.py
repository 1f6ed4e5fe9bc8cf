"""Waiting until Jira holds something, so that tests and demonstrations need not poll."""

import time
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from rollout_reporter.core.report import State
from rollout_reporter.jira.schemas import Body

from .state import Site
from .store import Record

LONGEST = 600


class Wanted(Body):
    """The deployment that is waited for; what is not given matches all."""

    model_config = ConfigDict(extra="forbid")

    issue: str | None = None
    state: State | None = None
    pipeline: str | None = None
    environment: str | None = None
    number: int | None = None
    timeout: Annotated[float, Field(ge=0, le=LONGEST)] = 10

    def candidates(self, site: Site) -> list[Record]:
        """Return those that match in everything but the state."""
        site.settle()
        records = site.store.current() if self.issue is None else site.store.of_issue(self.issue)
        return [record for record in records if self._is_place_of(record)]

    def find(self, site: Site) -> Record | None:
        """Return one that matches."""
        return next((record for record in self.candidates(site) if self._is_state_of(record.body)), None)

    def _is_place_of(self, record: Record) -> bool:
        key = record.key
        return (
            self.pipeline in {None, key.pipeline_id}
            and self.environment in {None, key.environment_id}
            and self.number in {None, key.number}
        )

    def _is_state_of(self, body: Any) -> bool:
        return self.state in {None, body["state"]}


async def wait_for(site: Site, wanted: Wanted) -> Record | None:
    """Return what matches as soon as there is one, or None when the time is over."""
    deadline = time.monotonic() + wanted.timeout
    while (found := wanted.find(site)) is None:
        left = deadline - time.monotonic()
        if left <= 0 or site.changes.closed:
            return None
        due = site.seconds_to_next()
        await site.changes.wait(left if due is None else min(left, due))
    return found
