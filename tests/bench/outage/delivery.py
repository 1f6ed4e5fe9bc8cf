"""What Jira holds in the end, beside what became of the rollouts, and how it was told."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench import workloads
from bench.outage.course import Recovery
from bench.outage.rolling import Standing, standings
from bench.stage import SHOP, Record, Stage, received

Body = dict[str, Any]

_OPEN: Final = frozenset({"pending", "in_progress"})


@dataclass(frozen=True)
class Delivery:
    """What is held, and how it came there."""

    wrong: tuple[str, ...]
    """Workloads of which Jira does not hold the newest rollout, as it stands."""
    left_open: tuple[str, ...]
    """Older rollouts that are not over in Jira."""
    untrue: tuple[str, ...]
    """Older rollouts that are over in Jira, but not in the way in which they ended."""
    attempts: int
    """Requests in vain while Jira was away, those for a token included."""
    dropped: int
    """Updates that Jira did not store, since it held newer ones."""
    told: int
    """Rollouts that Jira was told of after it was back."""
    most: int
    """Those of one workload."""
    batches: tuple[int, ...]
    """How many of them each request held."""
    seconds: float
    """From Jira's return to the last of them."""
    fastest: int
    """Most requests in any second."""


def delivery_of(stage: Stage, ends: Mapping[str, str], recovery: Recovery) -> Delivery:
    """Compare what Jira holds now with how the rollouts of the outage have ended, by version."""
    state, standing = stage.sandbox.state(), standings(stage.api, SHOP)
    held = _by_issue(state["deployments"])
    per_name = {name: held[workloads.issue_of(SHOP, name)] for name in standing}
    older = [each for found in per_name.values() for each in found[:-1]]
    since = [each for each in state["history"] if received(each) >= recovery.began]
    told = {_place(each["deployment"]) for each in since}
    attempts = [each for each in stage.sandbox.requests() if each["fault"]]
    requests = [each for each in stage.sandbox.requests("bulk") if _at(each) >= recovery.began]
    return Delivery(
        wrong=tuple(
            _described(found[-1]) for name, found in per_name.items() if _is_wrong(found[-1], standing[name])
        ),
        left_open=tuple(_described(each) for each in older if each["state"] in _OPEN),
        untrue=tuple(_described(each) for each in older if _is_untrue(each, ends)),
        attempts=len(attempts),
        dropped=len(state["dropped"]),
        told=len(told),
        most=max(Counter(pipeline for pipeline, _ in told).values()),
        batches=tuple(len(each["request"]["deployments"]) for each in requests),
        seconds=max(map(received, since)) - recovery.began,
        fastest=_fastest([_at(each) for each in requests]),
    )


def _by_issue(records: Iterable[Record]) -> dict[str, list[Body]]:
    """What Jira holds of each issue, the oldest first."""
    found: defaultdict[str, list[Body]] = defaultdict(list)
    for each in sorted(records, key=lambda each: int(each["deployment"]["deploymentSequenceNumber"])):
        [issue] = each["issues"]
        found[issue].append(each["deployment"])
    return found


def _is_wrong(newest: Body, standing: Standing) -> bool:
    says_revision = f"revision {standing.revision}:" in newest["description"]
    return not says_revision or newest["state"] != standing.state


def _is_untrue(older: Body, ends: Mapping[str, str]) -> bool:
    """Whether a rollout of the outage that is over has ended in another way; others are not known here."""
    end = ends.get(older.get("label", ""))
    return end is not None and older["state"] not in {*_OPEN, end}


def _described(body: Body) -> str:
    return f"{body['displayName']}: {body['state']} ({body['description']})"


def _place(body: Body) -> tuple[str, int]:
    return body["pipeline"]["id"], body["deploymentSequenceNumber"]


def _at(request: Record) -> float:
    return received({"received": request["time"]})


def _fastest(times: Sequence[float]) -> int:
    return max(bisect_right(times, each + 1) - index for index, each in enumerate(times))
