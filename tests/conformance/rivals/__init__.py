"""How other tools judge a rollout: their published rules, said again in Python.

Each is a pure function of one object, because each of them is without memory: what it says depends on what it
is shown at that moment and on nothing before. Here, and only here, their words become ours.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from conformance.objects import Object
from conformance.rivals import argocd, kstatus, kubectl, rollouts_plugin

ERROR: Final = "error"
"""What a tool that cannot judge says; never right."""

MEANINGS: Final[Mapping[str, str | None]] = {
    kubectl.WAITING: "in_progress",
    kubectl.DONE: "successful",
    kubectl.DEADLINE: "failed",
    kstatus.IN_PROGRESS: "in_progress",
    kstatus.CURRENT: "successful",
    kstatus.FAILED: "failed",
    kstatus.TERMINATING: None,
    argocd.PROGRESSING: "in_progress",  # and the plugin's
    argocd.SUSPENDED: "in_progress",
    argocd.HEALTHY: "successful",
    argocd.DEGRADED: "failed",
    rollouts_plugin.PAUSED: "in_progress",
}
"""Their words in ours; `None` where a tool speaks of something else."""

MERGED: Final = {"pending": "in_progress"}
"""They have one word for both."""

WORDLESS: Final = frozenset({"none", "cancelled", "rolled_back", "unknown"})
"""What they have no word for: where one of these is right, they are not judged."""

Rule = Callable[[Object], str]


class Rival(NamedTuple):
    """A tool, with its rule for each kind of workload that it knows."""

    name: str
    rules: Mapping[str, Rule]

    def says(self, body: Object) -> str | None:
        """Return its verdict in our words; `None` where it says nothing of rollouts."""
        rule = self.rules.get(body["kind"])
        if rule is None:
            return None
        try:
            return MEANINGS[rule(body)]
        except kstatus.NotAnIntegerError:
            return ERROR


RIVALS: Final = (
    Rival("kubectl", {"Deployment": kubectl.deployment}),
    Rival("kstatus", {"Deployment": kstatus.deployment, "Rollout": kstatus.rollout}),
    Rival("Argo CD", {"Deployment": argocd.deployment, "Rollout": argocd.rollout}),
    Rival("Rollouts plugin", {"Rollout": rollouts_plugin.rollout}),
)
