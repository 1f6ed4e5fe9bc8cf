"""What an earlier leader has sent and could not record any more.

It may have told Jira how a rollout ended, and died before that was on record. If the rollout was then
replaced before the next leader looked, nothing in the cluster knows its end; Jira does.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from rollout_reporter.core.entry import Entry
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.outcome import Trouble
from rollout_reporter.core.report import State
from rollout_reporter.core.workload import Place
from rollout_reporter.jira.schemas import DeploymentData

from .book import Id, Tracked
from .queue import WorkQueue
from .readback import Holder, held_by

log = logging.getLogger(__name__)

PATIENCE: Final = timedelta(minutes=2)
"""How long a new leader waits for Jira to tell; then it says what it knows itself."""
AGAIN: Final = timedelta(seconds=5)
"""How long after a question that Jira could not answer it is asked again."""
AT_ONCE: Final = 4
"""Questions to Jira at a time."""

_GUESSES: Final = frozenset({State.UNKNOWN, State.CANCELLED})
"""How a rollout is closed whose end was not seen."""


class NotToldYetError(Exception):
    """Jira was asked how a rollout has ended; the workload is to be judged again once it has answered."""


class Inheritance:
    """Asks Jira, before a Jira deployment of an earlier leader is closed, how that one saw it end.

    Nobody waits for the answer: a Jira that hangs must not keep other workloads from being judged.
    """

    def __init__(
        self,
        link: Callable[[str], Holder | Trouble],
        now: Callable[[], datetime],
        answered: Callable[[Place], None],
    ) -> None:
        self._link, self._now, self._answered = link, now, answered
        self._until = now() + PATIENCE
        self._asked: dict[Id, Place] = {}
        self._answers: dict[Id, DeploymentData | None] = {}
        self._queue: WorkQueue[Id] = WorkQueue("inheritance")

    def ends(self, tracked: Tracked, planned: Ledger) -> Sequence[DeploymentData]:
        """Return the ends that Jira was told of, of those that are about to be closed otherwise.

        Raises:
            NotToldYetError: Jira has still to answer; `answered` is called when it has.
        """
        guessed = [id_ for id_ in sorted(tracked.inherited) if _is_guess(planned.entry(id_[1]))]
        for each in guessed:
            if each not in self._asked:
                self._asked[each] = tracked.ref.place
                self._queue.add(each)
        if not self._answers.keys() >= set(guessed):
            raise NotToldYetError
        tracked.inherited.difference_update(guessed)
        answers = [self._taken(each) for each in guessed]
        return [each for each in answers if each and not each.state.is_open]

    def _taken(self, question: Id) -> DeploymentData | None:
        del self._asked[question]
        return self._answers.pop(question)

    async def run(self) -> None:
        """Ask until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._queue.work(self._look))

    async def _look(self, question: Id) -> None:
        """Ask; whatever keeps Jira from answering may pass, as a Secret that is away while it is replaced."""
        (site, key), place = question, self._asked[question]
        held = await held_by(self._link(site), key)
        if isinstance(held, Trouble) and self._now() < self._until:
            log.warning("%s: Jira cannot tell yet what an earlier leader has sent: %s", place, held.message)
            self._queue.add_after(question, max(AGAIN, held.retry_after or timedelta(0)))
            return
        if held and not isinstance(held, Trouble):
            log.info("%s: Jira was told that number %d is %s", place, key.number, held.state)
        self._answers[question] = None if isinstance(held, Trouble) else held
        self._answered(place)


def _is_guess(entry: Entry | None) -> bool:
    return entry is not None and entry.state in _GUESSES


def honoured(planned: Ledger, ends: Iterable[DeploymentData]) -> Ledger:
    """Return a ledger in which those ends stand, and not the guesses."""
    because = "as it was reported before the operator was started anew"
    by_number = {each.deployment_sequence_number: each for each in ends}
    for entry in planned.entries:
        end = by_number.get(entry.number)
        if end and entry.state in _GUESSES:
            known = replace(entry, state=end.state, because=because, since=end.last_updated)
            planned = planned.put(known)
    return planned
