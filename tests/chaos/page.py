"""The page of documentation."""

from collections.abc import Sequence
from typing import Final

from chaos.tables import Row, markdown

_TEXT: Final = """\
# Faults: what the operator was put through

<!-- Written by `python -m chaos --write`. Do not edit. -->

```console
$ make chaos                                                      # 200 runs from fresh seeds
$ PYTHONPATH=tests .venv/bin/python -m chaos --runs 1 --seed 7    # one run, again
$ PYTHONPATH=tests .venv/bin/python -m chaos --only frozen        # one fault
$ PYTHONPATH=tests .venv/bin/python -m chaos --twin               # each run twice, and once nothing breaks
$ PYTHONPATH=tests .venv/bin/python -m chaos --placement          # a crash at each write and each post
```

A run plays a story of six to eight workloads on a real control plane, which takes about 20 seconds:
versions that succeed, fail, are superseded, undone, paused, aborted, restarted and deleted, every other time
with their Namespace. Meanwhile up to four faults strike at random moments. The operator is the real process
with the rights that the chart gives it. Everything that it asks of the API server or of Jira passes a gate,
which can break connections, answer in the server's place, and kill the operator in the middle of a request.

When all is mended, Jira has to hold the truth: for each version what became of it, under its own issues. What
the truth is comes from a watch of its own and from a checker that shares no code with the operator. It also
reads all that Jira was ever sent: nothing may be stored out of order, twice under one number, sent before
`Retry-After`, or said without need. `unknown` is a right answer only for what nobody was there to see.

With `--twin` there is a second judgement, which needs no such truth: the same story is played first while
nothing breaks. For each version whose end the story waits for, Jira has to hold the same state and issues
after both runs, but for what nobody was there to see.

A run counts for each of its faults. {sum} What is known not to be right
yet is told in [decision 12](decisions/0012-what-nobody-saw.md).

{table}
"""

_PLACEMENTS: Final = """\
# Crashes: the operator killed at each of its requests

<!-- Written by `python -m chaos --placement --write`. Do not edit. -->

```console
$ PYTHONPATH=tests .venv/bin/python -m chaos --placement                         # all
$ PYTHONPATH=tests .venv/bin/python -m chaos --placement --only "write 7 after"  # one of them, again
```

A small story (a success, a failure and its undoing, a supersession) made the operator send {requests} writes
and posts. At each of them it was killed once before the request was carried out, and once after that and
before it heard of it; in every second run the Lease was deleted, too. What is checked is said in
[faults.md](faults.md); the comparison with the run in which nothing breaks is always made.

{table}
"""


def page(of: Sequence[Row]) -> str:
    """The part on random faults."""
    return _TEXT.format(sum=_sum(of[-1]), table="\n".join(markdown(of)))


def _sum(all_runs: Row) -> str:
    """In how many runs something was wrong."""
    if not all_runs.violations:
        return "No run has shown a violation."
    return f"Violations in all: {all_runs.violations}, in {all_runs.faulty} of {all_runs.runs} runs."


def placements_page(of: Sequence[Row], *, requests: int) -> str:
    """The part on crashes that were placed."""
    return _PLACEMENTS.format(requests=requests, table="\n".join(markdown(of)))
