"""The page of documentation."""

from collections.abc import Iterator, Sequence
from typing import Final

from bench.rows import HEADS, Row

_TEXT: Final = """\
# Benchmarks: the operator against its budgets

<!-- Written by `python -m bench --write`. Do not edit. -->

```console
$ make bench                                          # everything, 10 000 Deployments: a quarter of an hour
$ PYTHONPATH=tests .venv/bin/python -m bench --quick  # 1 000 Deployments, and 200 rollouts at once
$ PYTHONPATH=tests .venv/bin/python -m bench --only memory
$ PYTHONPATH=tests .venv/bin/python -m bench --write docs/benchmarks.md     # this page
```

A bench starts a control plane of its own on this machine (real API server, etcd, controllers and
scheduler; kwok plays the kubelets), installs the chart, and runs operator and sandbox as processes. It
fails if a budget is not met. Nothing of it is left afterwards, but for programs that were built.

## What is measured against what

- **Memory:** `VmHWM` and `VmRSS` of the operator, {rest} s after it has reported all annotated
  Deployments, against the same of a bare client-go informer (`tests/bench/informer`) of the same
  Deployments, {rest} s after its first list. Nothing is trimmed there; it speaks JSON, as client-go does
  unless it is told otherwise. With protobuf it is shown, too.
- **Lag:** from the moment at which a bare watch shows a Deployment's new state, by the rule of `kubectl
  rollout status`, to its acceptance by the sandbox. Real rollouts of one pod each: {one_by_one} one after
  another, then many at once. The clock of one machine stamps both.
- **Writes:** what the API server itself counts (`apiserver_request_total`): the operator's own kinds,
  ConfigMaps, and the status of Deployments by apply; divided by the updates that Jira has accepted. Events
  and the Lease are left aside.
- **Restart:** from the signal to Jira's acceptance of a rollout that begins as soon as the old leader has
  ended. Any report of another Deployment would be a repetition.
- **Failover:** of two operators, the one that leads is killed as soon as Jira has accepted a quarter as many
  updates as there are rollouts. The silence is that between the kill and the next update.
- **Pods that run for a moment:** the most memory (`ru_maxrss`) of what `helm test` and the cleanup run,
  against what the chart requests for them. The third one, `await-crds`, does less.
- **Idle CPU:** user and system time of the operator over a minute without changes.

## Measured

{circumstances} Ratios and counts say more than seconds, which are those of the machine.

"""


def page(rows: Sequence[Row], *, circumstances: str, one_by_one: int, rest: int) -> str:
    text = _TEXT.format(circumstances=circumstances, one_by_one=one_by_one, rest=rest)
    return text + "\n".join([*markdown(rows), ""])


def markdown(rows: Sequence[Row]) -> Iterator[str]:
    """The table for a page."""
    yield f"| {' | '.join(HEADS)} |"
    yield "|---" * len(HEADS) + "|"
    yield from (f"| {' | '.join(row.cells)} |" for row in rows)
