"""One run: a story is played, faults strike, everything is mended, and then the evidence is looked at."""

import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chaos.checker import unsettled, violations
from chaos.evidence import Evidence, Violation
from chaos.folder import keep
from chaos.lab import Lab
from chaos.passages import Kind, Passage
from chaos.plan import Plan, Strike
from chaos.story import Story
from chaos.truth import Recorder
from chaos.twin import Panel, differences, panel_of
from controlplane import LocalCluster
from installation.program import until

PATIENCE: Final = 120
"""Seconds after the last fault within which Jira has to hold the truth."""
_QUIET: Final = 2.5
"""Seconds without a request to Jira after which nothing more is on its way."""
_LOOKS: Final = 1.0
"""Seconds between two looks at all the evidence."""


@dataclass(frozen=True)
class Result:
    """What became of a run."""

    plan: Plan
    struck: frozenset[str]
    """Names of the faults that came to pass."""
    rollouts: int
    """Jira deployments that there were in the end."""
    seconds: float
    violations: tuple[Violation, ...] = ()
    trouble: str = ""
    """Why the run could not be played to its end."""
    deaths: tuple[Passage, ...] = ()
    """In the middle of what the operator was killed."""
    passages: tuple[Passage, ...] = field(default=(), repr=False)
    panel: Panel = field(default_factory=dict, repr=False)
    """What Jira held in the end."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing is to be said against it."""
        return not self.violations and not self.trouble

    @property
    def asked(self) -> list[Passage]:
        """The operator's writes and posts, in the order in which they came."""
        kinds = {Kind.WRITE, Kind.POST}
        return sorted((e for e in self.passages if e.kind in kinds), key=lambda each: each.moment)


def play(
    cluster: LocalCluster, plan: Plan, folder: Path, given_up: threading.Event, twin: Panel | None = None
) -> Result:
    """Play a plan; the folder tells all of it afterwards, if something was wrong.

    With a `twin`, what was in Jira when nothing broke, it has to be the same now.
    Set `given_up` to have it end soon: the story is played on, but nothing else is waited for.
    """
    began = time.monotonic()
    try:
        with Lab(cluster, plan, folder, given_up) as lab, Recorder(cluster, lab.namespaces) as recorder:
            return _play(lab, recorder, began, twin)
    except Exception as error:  # noqa: BLE001 (one run that cannot be played must not stop the others)
        trouble = "".join(traceback.format_exception(error))
        return Result(plan, frozenset(), 0, time.monotonic() - began, trouble=trouble)


def _play(lab: Lab, recorder: Recorder, began: float, twin: Panel | None) -> Result:
    trouble = ""
    try:
        _perform(lab)
        _settle(lab, recorder)
    except Exception as error:  # noqa: BLE001 (what there is of evidence says more)
        trouble = "".join(traceback.format_exception(error))
    evidence = _evidence(lab, recorder)
    panel = panel_of(evidence)
    unlike_twin = differences(lab.plan.script, twin, panel) if twin is not None else ()
    found = (*violations(evidence), *unlike_twin)
    result = Result(
        plan=lab.plan,
        struck=evidence.faults,
        rollouts=len(evidence.jira_state["deployments"]),
        seconds=time.monotonic() - began,
        violations=found,
        trouble=trouble or ("" if found else "; ".join(unsettled(evidence))),
        deaths=tuple(lab.deaths),
        passages=tuple(evidence.passages),
        panel=panel,
    )
    if not result.is_clean:
        keep(lab, evidence, result)
    return result


def _evidence(lab: Lab, recorder: Recorder) -> Evidence:
    return Evidence(
        script=lab.plan.script,
        truth=recorder.truth(),
        jira_state=lab.jira.state(),
        requests=lab.jira.requests(),
        passages=lab.passages,
        absences=lab.absences(),
        faults=frozenset(lab.struck),
    )


def _perform(lab: Lab) -> None:
    """Play the story to its end, and all faults to theirs."""
    story = Story(lab.cluster, lab.namespaces, lab.plan.script)
    with ThreadPoolExecutor(1 + len(lab.plan.strikes)) as pool:
        playing = pool.submit(story.play)
        striking = [pool.submit(_strike, lab, story, each) for each in lab.plan.strikes]
        try:
            playing.result()
        finally:
            lab.story_is_over.set()
        for each in striking:
            each.result()
    if any(each.fault.needs_resync for each in lab.plan.strikes):
        lab.resync()


def _strike(lab: Lab, story: Story, strike: Strike) -> None:
    while story.progress < strike.at and not lab.story_is_over.is_set():
        lab.pause(0.05)
    if strike.fault.strike(lab):
        lab.struck.add(strike.fault.name)


def _settle(lab: Lab, recorder: Recorder) -> None:
    """Wait until Jira holds all that it should, and nothing more is on its way to it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not lab.given_up.is_set() and unsettled(_evidence(lab, recorder)):
        lab.pause(_LOOKS)
    until(
        lambda: time.monotonic() - lab.last_post() > _QUIET,
        seconds=PATIENCE,
        otherwise=lambda: "requests to Jira do not end",
    )
