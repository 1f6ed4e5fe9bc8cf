"""The scripts of the laboratory: a small one, and those that are drawn by chance."""

import random

from chaos.plots import PLOTS, Author
from chaos.steps import (
    COMPLETE,
    FAILED,
    Create,
    Kind,
    Rest,
    Script,
    Track,
    Undo,
    Update,
    Versions,
    Where,
)

__all__ = ["SMALL", "Script", "Track", "draw_script"]


def _small() -> Script:
    new = Versions()
    good, bad, first, second = new.good(), new.bad(), new.good(), new.good(Where.TEMPLATE)
    seen = Rest(1)
    success = (Create(first), COMPLETE, seen, Update(second), COMPLETE)
    failure = (Create(good), COMPLETE, seen, Update(bad), FAILED, seen, Undo(good), COMPLETE)
    begin, again = (Create(new.good()), COMPLETE, seen), (Update(new.good()), COMPLETE)
    supersede = (*begin, Update(new.endless()), Rest(1.5), *again)
    return Script(
        (
            Track("Deployment", "success", success),
            Track("Deployment", "failure", failure),
            Track("Rollout", "supersede", supersede),
        )
    )


SMALL = _small()
"""Success, failure and its undoing, supersession; each state lasts long enough to be seen. About 10 s."""


def draw_script(chance: random.Random) -> Script:
    """Draw six to eight workloads; every other time Namespace 1 is deleted under some of them."""
    author = Author(chance)
    drawn = chance.sample(PLOTS, chance.randint(6, 8))
    tracks = [
        Track(kind, f"{plot.__name__.replace('_', '-')}-{index}", plot(author), chance.choice((0, 1)))
        for index, (kind, plot) in enumerate(drawn)
    ]
    deletes = chance.random() < 0.5
    if deletes:
        kind: Kind = chance.choice(("Deployment", "Rollout"))
        tracks[-1] = Track(kind, f"is-left-{len(drawn) - 1}", author.is_left_in_the_middle(), 1)
    return Script(tuple(tracks), deletes)
