"""The page of documentation about conformance: the same from the same recordings, wherever it is written."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from conformance.rivals import ERROR, RIVALS
from conformance.rivals.cases import CASES
from conformance.rivals.scores import JUDGES, KINDS, OURS, Opinion, Score, Scored

_INTRODUCTION: Final = """\
# Conformance: who judges a rollout rightly

<!-- Written by `make generate`. Do not edit. -->

A rollout's state is easy to tell when all goes well. It is hard to tell in between: while a status
still speaks of the version before, after a rollback, while paused, when pods crash a day after the
success. So what a real control plane showed in {scenarios} such stories was recorded, with a real
deployment controller and a real argo-rollouts controller, and for each of the {lines} lines about a
workload a person wrote down what is true at that moment. This page counts who says something else:
the operator's own rules, and the published rules of tools that people take for an answer.

```console
$ make conformance                                # the table, in seconds; fails if ours is wrong anywhere
$ rollout-reporter verdict tests/conformance/recordings/NAME.jsonl     # what ours says, line by line
$ PYTHONPATH=tests python -m conformance show NAME                     # a recording, made short
```

## The judges

| judge | rule | of |
|---|---|---|
| ours | `core/judgement.py`, over all lines, with memory of what came before | both |
| ours, without ReplicaSets | the same, not shown any ReplicaSet: from the workload's own history | both |
| kubectl | [`kubectl rollout status`][kubectl] of 2026-07 | Deployments; it refuses Rollouts |
| kstatus | [`kstatus`][kstatus] of 2025-10: Flux, Helm 4 `--wait`, kpt | both |
| Argo CD | [health of Deployments][argocd-deployment] and [of Rollouts][argocd-rollout] of 2026-08 | both |
| Rollouts plugin | [`GetRolloutPhase`][plugin] of 2026-08: `kubectl argo rollouts status` | Rollouts |

[kubectl]: https://github.com/kubernetes/kubectl/blob/dee3483a3d6a64c07fdf746caf80af446dee99ac/pkg/polymorphichelpers/rollout_status.go#L58
[kstatus]: https://github.com/kubernetes-sigs/cli-utils/blob/5895ad6c17dd06b99c1e5c8af17e2b12a3504fad/pkg/kstatus/status/core.go
[argocd-deployment]: https://github.com/argoproj/argo-cd/blob/37ee0097cf851bc2dd7665fc081bbce61a7e836e/gitops-engine/pkg/health/health_deployment.go#L31
[argocd-rollout]: https://github.com/argoproj/argo-cd/blob/37ee0097cf851bc2dd7665fc081bbce61a7e836e/resource_customizations/argoproj.io/Rollout/health.lua
[plugin]: https://github.com/argoproj/argo-rollouts/blob/9f8d111d8f8e3e88b6d7f8bbdf62fd3cd863ef9d/utils/rollout/rolloututil.go#L72

The others are counted generously. Their one word for it is right for `pending` and for
`in_progress`; Paused and Suspended are right for both. They are not asked for the revision, as ours
is, and not counted where the truth is one that they have no word for: nothing to report, cancelled,
rolled back, unknown. Where two states are right, either is. kstatus expects a number where every
Rollout has a string, and fails; before the controller's first word it takes a Rollout for current.

They also answer another question, and answer it well: *is this object as wanted now?* Who asks that
wants to hear "waiting" after somebody has scaled, restarted or paused a Deployment. Who asks *how
did the rollout of SHOP-41 go?* does not: it went well, and what happens to the pods later is
another story. The second table tells these apart from verdicts that are wrong about either
question, such as a success of a version that has not begun, or a failure that was the previous
version's.
"""

_ADDING: Final = """\
## Adding a recording

1. Write the story as a function in `tests/conformance/scenarios/`: its name becomes the recording's.
2. `PYTHONPATH=tests python -m conformance record NAME` plays it on a control plane and keeps every event.
3. Read it (`python -m conformance show NAME`) and write the truth into `tests/conformance/truths/NAME.yaml`:
   `story`, `rows` (the edge cases below), `reported`, and for each range of lines the state and revision that
   are true, with the reason. What ours says is no reason.
4. `make conformance`, then `make generate` for this page.
"""


def page(results: Sequence[Scored]) -> str:
    lines = sum(each.score(OURS).judged for each in results)
    return "\n".join(
        [
            _INTRODUCTION.format(scenarios=len(results), lines=lines),
            *_totals(results),
            *_mistakes(results),
            _ADDING,
            *(line for kind in KINDS for line in _scenarios(kind, results)),
            *_cases(results),
        ]
    )


def _totals(results: Sequence[Scored]) -> Iterator[str]:
    yield from ("## Wrong verdicts of all that were judged", "", _head(""))
    for kind in KINDS:
        of_kind = [each for each in results if each.scenario.kind == kind]
        yield _row([f"lines, {kind}s", *(_sum(of_kind, judge) for judge in JUDGES)])
    yield _row(["lines, all", *(f"**{_sum(results, judge)}**" for judge in JUDGES)])
    yield _row(["scenarios with a wrong line", *(_count(results, judge) for judge in JUDGES)])
    yield _row(["scenarios that end wrongly", *(_count(results, judge, at_the_end=True) for judge in JUDGES)])
    yield ""


def _mistakes(results: Sequence[Scored]) -> Iterator[str]:
    yield from ("## What the others say wrongly", "")
    found = {rival.name: Counter(_mistakes_of(rival.name, results)) for rival in RIVALS}
    yield _row(["mistake", *found])
    yield _row(["---", *("--:" for _ in found)])
    for mistake in _MISTAKES:
        yield _row([mistake, *(str(counter[mistake]) for counter in found.values())])
    yield ""


_MISTAKES: Final = {
    "successful, before it is": ("successful", {"pending", "in_progress", "failed"}),
    "failed, and it is not": ("failed", {"pending", "in_progress", "successful"}),
    "still waits, and it has failed": ("in_progress", {"failed"}),
    "waits again, after the success": ("in_progress", {"successful"}),
    "cannot judge it": (ERROR, {"pending", "in_progress", "successful", "failed"}),
}


def _mistakes_of(judge: str, results: Iterable[Scored]) -> Iterator[str]:
    for each in results:
        yield from (_mistake(opinion) for opinion in each.opinions[judge] if not opinion.is_right)


def _mistake(opinion: Opinion) -> str:
    states = opinion.right.split(" or ")
    return next(
        mistake for mistake, (said, right) in _MISTAKES.items() if said == opinion.said and right >= {*states}
    )


def _scenarios(kind: str, results: Iterable[Scored]) -> Iterator[str]:
    yield from (f"## {kind}s", "", "Wrong / judged.", "", _head("scenario", "cases"))
    for each in results:
        if each.scenario.kind == kind:
            title = f"**{each.scenario.title}**: {each.scenario.truth.story.replace('|', '/')}"
            rows = ", ".join(each.scenario.truth.rows)
            yield _row([title, rows, *(str(each.score(judge)) for judge in JUDGES)])
    yield ""


def _cases(results: Sequence[Scored]) -> Iterator[str]:
    yield from ("## The edge cases", "", "| case | | scenarios |", "|---|---|--:|")
    for case, words in CASES.items():
        yield _row([case, words, str(sum(case in each.scenario.truth.rows for each in results))])
    yield ""


def _head(*titles: str) -> str:
    return "\n".join([_row([*titles, *JUDGES]), _row([*("---" for _ in titles), *("--:" for _ in JUDGES)])])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _sum(results: Iterable[Scored], judge: str) -> str:
    return str(sum((each.score(judge) for each in results), Score()))


def _count(results: Iterable[Scored], judge: str, *, at_the_end: bool = False) -> str:
    asked = [each for each in results if each.opinions[judge]]
    wrong = [
        each for each in asked if (not each.ends_right(judge) if at_the_end else each.score(judge).wrong)
    ]
    return str(Score(len(wrong), len(asked)))
