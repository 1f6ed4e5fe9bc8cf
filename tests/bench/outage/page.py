"""The page of documentation about a long outage."""

from collections.abc import Sequence
from typing import Final

from bench.page import markdown
from bench.rows import Row

_TEXT: Final = """\
# An hour without Jira

<!-- Written by `python -m bench.outage --write`. Do not edit. -->

```console
$ PYTHONPATH=tests .venv/bin/python -m bench.outage                 # an hour and ten minutes
$ PYTHONPATH=tests .venv/bin/python -m bench.outage --minutes 2
$ PYTHONPATH=tests .venv/bin/python -m bench.outage --write docs/outage.md      # this page
```

A real control plane, the sandbox as Jira, the operator as a process. Everything is reported; then half of the
requests to Jira (token included) hang and the others are answered with 503, while every Deployment begins one
rollout after another: most succeed, some fail at their deadline, some are overtaken by the next. Then Jira is
back, and what it holds in the end is compared with what became of the rollouts in the cluster. What it was
never told of a rollout is not there, and nothing is there that is not true.

The operator remembers at most {most} Jira deployments of a workload, and one more for each request in vain.
While the ledgers fill, memory grows; from then on it must not, and is measured. The run fails if a budget is
not met.

## Measured

{circumstances}

"""


def page(rows: Sequence[Row], *, circumstances: str, most: int) -> str:
    text = _TEXT.format(circumstances=circumstances, most=most)
    return text + "\n".join([*markdown(rows), ""])
