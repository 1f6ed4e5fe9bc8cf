"""Which versions of a script end the same way whenever it is played, whatever breaks meanwhile.

It is those whose end the script awaits, and then leaves alone for long enough to be seen. What becomes of the
others is a race: what is superseded after a moment may never have begun.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import takewhile

from chaos.expected import LOOK
from chaos.steps import AtStep, Create, Delete, Rest, Script, Settle, Step, Track, Undo, Update


@dataclass(frozen=True)
class Name:
    """A version, named the same in all runs of a script. No two workloads of a script share a name."""

    workload: str
    """The way kubectl names it."""
    tag: str
    """Of its image."""
    time: int = 1
    """Counts how often the workload had this image: a rollback brings one again."""

    def __str__(self) -> str:
        """On one line."""
        again = f" (time {self.time})" if self.time > 1 else ""
        return f"{self.workload} {self.tag}{again}"


@dataclass(frozen=True)
class _Part:
    """What a script does to one version."""

    begin: Create | Update | Undo
    steps: list[Step] = field(default_factory=list)
    """All that follow, until the next version."""

    @property
    def tag(self) -> str:
        return self.begin.release.image.rpartition(":")[2]

    @property
    def is_left_alone(self) -> bool:
        """Whether it lasts for a while after its end was awaited."""
        after = list(takewhile(lambda step: not isinstance(step, Settle), reversed(self.steps)))
        rests = takewhile(lambda step: isinstance(step, Rest), reversed(after))
        lasts = timedelta(seconds=sum(each.seconds for each in rests if isinstance(each, Rest)))
        return self.has(Settle) and lasts >= LOOK

    def has(self, *kinds: type[Step]) -> bool:
        """Whether there is a step of one of these kinds."""
        return any(isinstance(each, kinds) for each in self.steps)


def decided(script: Script) -> dict[Name, bool]:
    """Tell of each version of a script, in order, whether it is one of those."""
    return {name: is_decided for track in script.tracks for name, is_decided in _of_track(track, script)}


def _of_track(track: Track, script: Script) -> Iterator[tuple[Name, bool]]:
    is_left = script.deletes_namespace and track.namespace == 1
    parts, times = _parts(track.steps), Counter[str]()
    for index, part in enumerate(parts):
        times[part.tag] += 1
        name = Name(f"{track.kind.lower()}/{track.name}", part.tag, times[part.tag])
        yield name, _is_decided(parts, index, is_left=is_left)


def _is_decided(parts: Sequence[_Part], index: int, *, is_left: bool) -> bool:
    part, is_last = parts[index], index + 1 == len(parts)
    if isinstance(part.begin, Undo) and not parts[index - 1].has(Settle, AtStep):
        return False  # there may have been nothing to undo
    if is_last and not is_left and not part.has(Delete):
        return part.has(Settle)
    if not is_last and isinstance(parts[index + 1].begin, Undo):
        return part.is_left_alone and _is_decided(
            parts, index + 1, is_left=is_left
        )  # that decides on its end
    return part.is_left_alone


def _parts(steps: Sequence[Step]) -> list[_Part]:
    parts: list[_Part] = []
    for step in steps:
        if isinstance(step, Create | Update | Undo):
            parts.append(_Part(step))
        else:
            parts[-1].steps.append(step)
    return parts
