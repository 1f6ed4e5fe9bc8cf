"""Who said what of a recording, and who was wrong."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from conformance import recording, truth
from conformance.recording import Line
from conformance.rivals import MERGED, RIVALS, WORDLESS, Rival
from conformance.truth import Verdict
from rollout_reporter.core.replay import Judged, read_lines, replay

OURS: Final = "ours"
OURS_ALONE: Final = "ours, without ReplicaSets"
JUDGES: Final = (OURS, OURS_ALONE, *(rival.name for rival in RIVALS))
KINDS: Final = ("Deployment", "Rollout")


@dataclass(frozen=True)
class Opinion:
    """What one judge said at one line, beside the truth."""

    line: int
    said: str
    right: str
    """What would have been right."""
    is_right: bool
    because: str
    """Why the truth is the truth."""

    def __str__(self) -> str:
        return f"line {self.line}: said {self.said}, right is {self.right}: {self.because}"


@dataclass(frozen=True)
class Score:
    wrong: int = 0
    judged: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.wrong + other.wrong, self.judged + other.judged)

    def __str__(self) -> str:
        return f"{self.wrong}/{self.judged}" if self.judged else "-"


@dataclass(frozen=True)
class Scenario:
    """A recording with its truth."""

    name: str

    @cached_property
    def truth(self) -> truth.Truth:
        return truth.read(self.name)

    @cached_property
    def lines(self) -> list[Line]:
        return recording.read(self.name)

    @property
    def kind(self) -> str:
        return next(kind for kind in KINDS if self.name.startswith(kind.lower()))

    @property
    def title(self) -> str:
        return self.name.removeprefix(f"{self.kind.lower()}-").replace("-", " ")

    def truth_at(self, line: int, kind: str) -> Verdict:
        """The one claim about a workload's line."""
        found = [each for each in self.truth.verdicts if line in each.lines and each.of in {None, kind}]
        if len(found) != 1:
            raise ValueError(f"{self.name} has {len(found)} truths about line {line}, a {kind}")
        return found[0]

    def ours(self, *, without: Iterable[str] = ()) -> list[Opinion]:
        """What the operator says, when it does not see objects of some kinds."""
        unseen = frozenset(without)
        documents = [{"at": each.at, "type": each.event, "object": each.body} for each in self.lines]
        lines = [each for each in read_lines(documents) if each.body["kind"] not in unseen]
        return [self._ours(judged) for judged in replay(lines)]

    def _ours(self, judged: Judged) -> Opinion:
        claim = self.truth_at(judged.line, judged.ref.kind)
        state = judged.state.value if judged.state else "none"
        return Opinion(
            line=judged.line,
            said=f"{state} of revision {judged.revision} ({judged.because})",
            right=f"{_either(claim.state)} of revision {_either(claim.revision)}",
            is_right=state in claim.state and judged.revision in claim.revision,
            because=claim.because,
        )

    def of(self, rival: Rival) -> list[Opinion]:
        """What another tool says, where the truth is something that it has a word for."""
        return list(self._of(rival))

    def _of(self, rival: Rival) -> Iterator[Opinion]:
        for line in self.lines:
            if line.kind not in rival.rules:
                continue
            claim = self.truth_at(line.number, line.kind)
            if not WORDLESS.isdisjoint(claim.state):
                continue
            said, right = rival.says(line.body), {MERGED.get(state, state) for state in claim.state}
            if said is not None:
                yield Opinion(line.number, said, _either(claim.state), said in right, claim.because)


@dataclass(frozen=True)
class Scored:
    """All opinions on one scenario."""

    scenario: Scenario
    opinions: dict[str, list[Opinion]] = field(default_factory=dict)

    def score(self, judge: str) -> Score:
        opinions = self.opinions[judge]
        return Score(sum(not each.is_right for each in opinions), len(opinions))

    def ends_right(self, judge: str) -> bool:
        """Whether its last word was right."""
        return all(each.is_right for each in self.opinions[judge][-1:])


def scenarios() -> list[Scenario]:
    """All recordings of which the truth has been written."""
    return [Scenario(name) for name in recording.names() if is_written(name)]


def is_written(name: str) -> bool:
    path = truth.path_of(name)
    return path.exists() and "\nverdicts:" in path.read_text()


def scored(scenario: Scenario) -> Scored:
    opinions = {OURS: scenario.ours(), OURS_ALONE: scenario.ours(without=["ReplicaSet"])}
    opinions |= {rival.name: scenario.of(rival) for rival in RIVALS}
    return Scored(scenario, opinions)


def _either(values: Iterable[object]) -> str:
    return " or ".join("unknown yet" if each is None else str(each) for each in values)
