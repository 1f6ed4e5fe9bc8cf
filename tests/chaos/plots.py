"""What may become of a workload; chance decides on the details."""

import random
from collections.abc import Callable

from chaos.steps import (
    COMPLETE,
    FAILED,
    Abort,
    AtStep,
    Create,
    Delete,
    Kind,
    Pause,
    Promote,
    Release,
    Rest,
    Restart,
    Resume,
    Scale,
    Step,
    Undo,
    Update,
    Versions,
    Where,
)


class Author:
    """Writes tracks by chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance, self._new = chance, Versions()

    def rest(self, at_most: float = 3) -> Rest:
        """A while in which anything may break."""
        return Rest(round(self._chance.uniform(0.3, at_most), 2))

    def where(self) -> Where:
        """Mostly on the workload, as people do it."""
        return self._chance.choices(list(Where), weights=[4, 1, 1])[0]

    def good(self) -> Release:
        return self._new.good(self.where())

    def bad(self) -> Release:
        return self._new.bad(self.where())

    def endless(self) -> Release:
        return self._new.endless(self.where())

    def begun(self, release: Release, *, waits: bool = False) -> tuple[Step, ...]:
        """A workload whose first version has succeeded."""
        slow = self._chance.random() < 0.4
        return (Create(release, slow=slow, waits=waits), COMPLETE, self.rest())

    # What becomes of a workload.

    def succeeds(self) -> tuple[Step, ...]:
        more = [
            step
            for _ in range(self._chance.randint(1, 3))
            for step in (Update(self.good()), COMPLETE, self.rest())
        ]
        return (*self.begun(self.good()), *more)

    def fails(self) -> tuple[Step, ...]:
        return (*self.begun(self.good()), Update(self.bad()), FAILED)

    def fails_at_first(self) -> tuple[Step, ...]:
        return (Create(self.bad()), FAILED, self.rest(), Update(self.good()), COMPLETE)

    def is_undone_after_failure(self) -> tuple[Step, ...]:
        good = self.good()
        return (*self.begun(good), Update(self.bad()), FAILED, self.rest(), Undo(good), COMPLETE)

    def is_undone_in_the_middle(self) -> tuple[Step, ...]:
        good = self.good()
        return (*self.begun(good), Update(self.endless()), self.rest(), Undo(good), COMPLETE)

    def is_undone_after_success(self) -> tuple[Step, ...]:
        good = self.good()
        after = (Update(self.good()), COMPLETE, self.rest()) if self._chance.random() < 0.3 else ()
        return (*self.begun(good), Update(self.good()), COMPLETE, self.rest(), Undo(good), COMPLETE, *after)

    def is_superseded(self) -> tuple[Step, ...]:
        quick = [
            step
            for _ in range(self._chance.randint(1, 3))
            for step in (Update(self.endless()), self.rest(2.5))
        ]
        return (*self.begun(self.good()), *quick, Update(self.good()), COMPLETE)

    def is_superseded_after_failure(self) -> tuple[Step, ...]:
        return (
            *self.begun(self.good()),
            Update(self.bad()),
            FAILED,
            self.rest(),
            Update(self.good()),
            COMPLETE,
        )

    def is_scaled(self) -> tuple[Step, ...]:
        return (*self.begun(self.good()), Update(self.good()), Scale(3), COMPLETE, self.rest(), Scale(1))

    def is_paused_in_the_middle(self) -> tuple[Step, ...]:
        return (
            *self.begun(self.good()),
            Update(self.good()),
            Rest(0.5),
            Pause(),
            self.rest(),
            Resume(),
            COMPLETE,
        )

    def is_paused_before(self) -> tuple[Step, ...]:
        waits = Rest(round(self._chance.uniform(1.5, 3), 2))
        return (*self.begun(self.good()), Pause(), Update(self.good()), waits, Resume(), COMPLETE)

    def is_promoted(self) -> tuple[Step, ...]:
        return (
            *self.begun(self.good(), waits=True),
            Update(self.good()),
            AtStep(),
            self.rest(),
            Promote(),
            COMPLETE,
        )

    def is_aborted(self) -> tuple[Step, ...]:
        good = self.good()
        after = (self.rest(), Undo(good), COMPLETE) if self._chance.random() < 0.5 else ()
        return (
            *self.begun(good, waits=True),
            Update(self.good()),
            AtStep(),
            self.rest(),
            Abort(),
            FAILED,
            *after,
        )

    def is_restarted(self) -> tuple[Step, ...]:
        new, restart = self.good(), Restart("2026-01-01T00:00:00Z")
        if self._chance.random() < 0.5:
            return (*self.begun(new), restart, COMPLETE)
        return (*self.begun(self.good()), Update(new), Rest(0.5), restart, COMPLETE)

    def is_deleted_in_the_middle(self) -> tuple[Step, ...]:
        return (*self.begun(self.good()), Update(self.endless()), self.rest(), Delete())

    def is_deleted_and_created_again(self) -> tuple[Step, ...]:
        ending: tuple[Step, ...] = (Update(self.endless()), self.rest())
        if self._chance.random() < 0.5:
            ending = (Update(self.good()), COMPLETE, self.rest())
        again = (self.rest(), Create(self.good()), COMPLETE)
        return (*self.begun(self.good()), *ending, Delete(), *again)

    def is_left_in_the_middle(self) -> tuple[Step, ...]:
        """For a Namespace that is about to be deleted."""
        return (*self.begun(self.good()), Update(self.endless()), self.rest())


Plot = Callable[[Author], tuple[Step, ...]]

FOR_BOTH: tuple[Plot, ...] = (
    Author.succeeds,
    Author.fails,
    Author.fails_at_first,
    Author.is_undone_after_failure,
    Author.is_undone_in_the_middle,
    Author.is_undone_after_success,
    Author.is_superseded,
    Author.is_superseded_after_failure,
    Author.is_scaled,
    Author.is_paused_in_the_middle,
    Author.is_restarted,
    Author.is_deleted_in_the_middle,
    Author.is_deleted_and_created_again,
)
PLOTS: tuple[tuple[Kind, Plot], ...] = (
    *((kind, plot) for plot in FOR_BOTH for kind in ("Deployment", "Rollout")),
    ("Deployment", Author.is_paused_before),
    ("Rollout", Author.is_promoted),
    ("Rollout", Author.is_aborted),
)
