"""Faults of Jira, and of the way to it."""

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from chaos.estate import Estate
from chaos.faults.fault import Fault, seconds
from chaos.passages import Passage
from chaos.rules import Dropped, Reply, Rule, Side
from chaos.steps import Delete, Script

if TYPE_CHECKING:
    from chaos.lab import Lab

_NEW_SECRET: Final = "rotated"


@dataclass(frozen=True)
class JiraDown(Fault):
    """Nobody answers in Jira's place."""

    name = "jira-down"
    for_: float

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(seconds(chance, 2, 20))

    def strike(self, lab: "Lab") -> bool:
        async def drop(_: Passage) -> Reply | None:
            return Dropped()

        with lab.jira_gate.rule(Rule(Side.BEFORE, lambda _: True, drop)):
            lab.pause(self.for_)
        return True


@dataclass(frozen=True)
class JiraFault(Fault):
    """An order to the sandbox that lasts for a while."""

    kind: ClassVar[str]
    operation: ClassVar[str] = "bulk"
    details: ClassVar[dict[str, Any]] = {}
    for_: float
    probability: float
    seed: int

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(seconds(chance, 2, 12), chance.choice((0.3, 0.7, 1.0)), chance.randrange(1000))

    def strike(self, lab: "Lab") -> bool:
        order = {"kind": self.kind, "operation": self.operation, "times": None, **self.details}
        with lab.orders.given(order | {"probability": self.probability, "seed": self.seed}):
            lab.pause(self.for_)
        return True


@dataclass(frozen=True)
class JiraSlow(JiraFault):
    name, kind, operation, details = "jira-slow", "slow", "*", {"seconds": 3}


@dataclass(frozen=True)
class JiraHangs(JiraFault):
    name, kind = "jira-hangs", "hang"


@dataclass(frozen=True)
class JiraHtml(JiraFault):
    name, kind, operation = "jira-html", "html", "*"


@dataclass(frozen=True)
class AnswerLost(JiraFault):
    name, kind = "jira-answer-lost", "lose_answer"


@dataclass(frozen=True)
class ConnectionDropped(JiraFault):
    name, kind, operation = "jira-connection-dropped", "drop_connection", "*"


@dataclass(frozen=True)
class Unauthorized(JiraFault):
    name, kind, operation = "jira-401", "401", "*"


@dataclass(frozen=True)
class Forbidden(JiraFault):
    name, kind = "jira-403", "403"


@dataclass(frozen=True)
class RateLimited(JiraFault):
    name, kind, details = "jira-429", "429", {"retry_after": None, "reset_after": 30}


@dataclass(frozen=True)
class RateLimitedFor(JiraFault):
    name, kind, details = "jira-429-retry-after", "429", {"retry_after": 4}


@dataclass(frozen=True)
class ServerError(JiraFault):
    name, kind, operation = "jira-500", "500", "*"


@dataclass(frozen=True)
class Unavailable(JiraFault):
    name, kind, operation = "jira-503", "503", "*"


@dataclass(frozen=True)
class Garbage(JiraFault):
    name, kind, operation = "jira-garbage", "garbage", "*"


@dataclass(frozen=True)
class Empty(JiraFault):
    name, kind = "jira-empty", "empty"


@dataclass(frozen=True)
class JiraRefuses(Fault):
    """Jira refuses whatever names a certain issue, and all that is in the same request.

    That is its last word on it. So the issue is one of a workload that lives on: a person can have all of it
    sent again.
    """

    needs_resync = True
    kind: ClassVar[str]
    for_: float
    which: float
    """Which issue of the script's, from 0 to 1."""

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(seconds(chance, 4, 15), round(chance.random(), 3))

    def strike(self, lab: "Lab") -> bool:
        issues = _of_those_that_live_on(lab.plan.script)
        if not issues:
            return False
        issue = issues[int(self.which * len(issues))]
        order = {"kind": self.kind, "operation": "bulk", "times": None, "matching": f'"{issue}"'}
        with lab.orders.given(order):
            lab.pause(self.for_)
        return True


@dataclass(frozen=True)
class Rejects(JiraRefuses):
    name, kind = "jira-rejects", "reject"


@dataclass(frozen=True)
class TooLarge(JiraRefuses):
    name, kind = "jira-413", "413"


@dataclass(frozen=True)
class BadRequest(JiraRefuses):
    name, kind = "jira-400", "400"


def _of_those_that_live_on(script: Script) -> list[str]:
    tracks = [each for each in script.tracks if not (script.deletes_namespace and each.namespace == 1)]
    living = [track for track in tracks if not any(isinstance(step, Delete) for step in track.steps)]
    return [key for track in living for release in track.releases for key in release.keys]


@dataclass(frozen=True)
class SecretRotated(Fault):
    """The secret changes in Jira, which refuses an old token once, and a while later in the cluster."""

    name = "secret-rotated"
    late: float

    @classmethod
    def draw(cls, chance: random.Random) -> Self:
        return cls(seconds(chance, 0, 10))

    def strike(self, lab: "Lab") -> bool:
        lab.jira.control("PUT", "/sandbox/config", {"clientSecret": _NEW_SECRET})
        with lab.orders.given({"operation": "bulk", "kind": "401"}):
            lab.pause(self.late)
            for namespace in lab.crew.namespaces:
                Estate(lab.cluster, namespace).change_secret(_NEW_SECRET)
        return True
