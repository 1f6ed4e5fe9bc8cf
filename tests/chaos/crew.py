"""All operator processes of a run, and the installations that they belong to."""

from collections.abc import Sequence
from pathlib import Path

from chaos.clock import Clock
from chaos.gate import Gate
from chaos.member import Member
from chaos.passages import Kind
from chaos.plan import Plan
from chaos.presence import Moments, absences, joined
from controlplane import Cluster
from installation import Installation
from installation.program import until


class Crew:
    """One process at first; faults bring more of them."""

    def __init__(self, cluster: Cluster, plan: Plan, folder: Path, gate: Gate) -> None:
        self.members: list[Member] = []
        self._cluster, self._plan, self._folder, self._gate = cluster, plan, folder, gate
        self.clock = Clock(folder)

    @property
    def namespaces(self) -> set[str]:
        """Of all installations."""
        return {each.installation.namespace for each in self.members}

    def install(self, namespace: str, jira: str, watched: tuple[str, str]) -> Installation:
        """Install the chart for two Namespaces, in one of the two ways to tell them."""
        names = {"watchNamespaces": f"{{{','.join(watched)}}}"}
        picks = {"namespaceSelector": f"chaos={watched[0].rpartition('-')[0]}"}
        folder = self._folder / namespace
        folder.mkdir(exist_ok=True)
        installation = Installation(self._cluster, namespace, folder)
        values = names if self._plan.names_namespaces else picks
        installation.install_for(jira, **values, clusterName="laboratory", crds__enabled="false")
        return installation

    def hire(self, name: str, installation: Installation) -> Member:
        """A process with a door of its own; it is not started yet."""
        environment = self.clock.environment() if self._plan.needs_own_clock else {}
        member = Member(name, installation, self._gate.door(name), environment)
        self.members.append(member)
        return member

    def member(self, door: str) -> Member | None:
        """Whose door it is; a door to Jira has no owner."""
        return next((each for each in self.members if each.name == door), None)

    def leader(self) -> Member:
        """The process of the first installation that last renewed the Lease."""
        own = self._of(self.members[0].installation.namespace)
        return max(own, key=lambda each: (each.is_running, self._led_at(each)))

    def wait_for_a_leader(self) -> None:
        """Wait until the first process leads."""
        [first] = self.members
        until(lambda: self._led_at(first), seconds=30, otherwise=first.log)

    def absences(self, blind: Sequence[Moments], run: Moments) -> list[Moments]:
        """When an installation had no process that was able to see and to act.

        Each workload is of one installation, so one cannot stand in for the other.
        """
        passages = tuple(self._gate.passages)
        found: list[Moments] = []
        for namespace in self.namespaces:
            lives = [life for each in self._of(namespace) for life in each.lives]
            found += absences(passages, lives, blind, run)
        return joined(found)

    def end(self) -> None:
        """Kill all."""
        for each in self.members:
            each.kill()

    def _of(self, namespace: str) -> list[Member]:
        return [each for each in self.members if each.installation.namespace == namespace]

    def _led_at(self, member: Member) -> float:
        """When a process last renewed the Lease, in monotonic seconds, 0 for never."""
        for each in reversed(self._gate.passages):
            if each.kind is Kind.LEASE and each.door == member.name and each.is_done:
                return each.moment
        return 0.0
