"""The laboratory of one run: an installation between two gates, a Jira, and what faults can get hold of."""

import base64
import secrets
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import yaml

from chaos.crew import Crew
from chaos.estate import Estate, insistently
from chaos.gate import Gate
from chaos.orders import Orders
from chaos.passages import Kind, Passage, kind_at_cluster, kind_at_jira
from chaos.plan import Plan
from chaos.presence import Moments
from controlplane import Cluster, LocalCluster
from e2e.shop import Shop
from installation import RunningSandbox

_LATE: Final = 5
"""Seconds after the end of the story in which the operator may still have something to write."""


class Lab:
    """Everything that runs in a run but the story; each run has Namespaces of its own on the cluster."""

    def __init__(self, cluster: LocalCluster, plan: Plan, folder: Path, given_up: threading.Event) -> None:
        self.cluster, self.plan, self.folder = cluster, plan, folder
        self.given_up = given_up
        """Set if nobody wants to see the end of it: nothing is waited for any longer."""
        self.namespace = f"chaos-{secrets.token_hex(3)}"
        self.namespaces = (f"{self.namespace}-a", f"{self.namespace}-b")
        self.gate = Gate(*_way_to(cluster))
        self.jira = RunningSandbox(folder)
        self.jira_gate = Gate(self.jira.url, kind_at_jira)
        self.orders = Orders(self.jira)
        self.estate = Estate(cluster, self.namespace)
        self.crew = Crew(cluster, plan, folder, self.gate)
        self.struck: set[str] = set()
        self.deaths: list[Passage] = []
        """In the middle of what the operator was killed."""
        self.story_is_over = threading.Event()
        self._began = datetime.now(UTC)
        self._blind: list[Moments] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Return once the operator watches and leads."""
        with ExitStack() as stack:
            self._enter(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind but the folder."""
        self._stack.close()

    def _enter(self, stack: ExitStack) -> None:
        stack.enter_context(self.gate)
        stack.enter_context(self.jira_gate)
        stack.callback(self._clear_away)
        self.jira.start()
        for each in self.namespaces:
            Shop(self.cluster, each).open(chaos=self.namespace)
        self.estate.put_crds()
        self._install_in(self.namespace, "operator")
        self.crew.wait_for_a_leader()

    def _install_in(self, namespace: str, name: str) -> None:
        """Install the chart in a Namespace, with one process that watches."""
        door = self.jira_gate.door(namespace)
        installed = insistently(lambda: self.crew.install(namespace, door, self.namespaces))
        insistently(lambda: self.crew.hire(name, installed)).start_and_watch()

    def _clear_away(self) -> None:
        self.crew.end()
        self.jira.program.kill()
        for namespace in {self.namespace, *self.namespaces, *self.crew.namespaces}:
            Shop(self.cluster, namespace).close()

    # What faults ask for.

    def pause(self, seconds: float) -> None:
        """Let time pass, unless the run is given up."""
        self.given_up.wait(seconds)

    def unless_over(self, event: threading.Event) -> bool:
        """Wait for an event; False if the story ends before, and the operator had time to finish."""
        while not self.story_is_over.is_set() and not self.given_up.is_set():
            if event.wait(0.2):
                return True
        return event.wait(_LATE)

    def gate_of(self, kind: Kind) -> Gate:
        """The gate that passages of a kind go through."""
        return self.jira_gate if kind in {Kind.POST, Kind.TOKEN} else self.gate

    def have_standby(self) -> None:
        """See to it that a second process of the installation runs."""
        if not self.crew.member("standby"):
            first = self.crew.members[0].installation
            insistently(lambda: self.crew.hire("standby", first)).start_and_watch()

    def install_again(self) -> None:
        """Install the chart a second time, for the same Namespaces and the same site."""
        self._install_in(f"{self.namespace}-again", "other")

    @contextmanager
    def blinded(self) -> Iterator[None]:
        """Whatever happens within the block may have been seen by nobody, however well things look."""
        began = datetime.now(UTC)
        try:
            yield
        finally:
            self._blind.append((began, datetime.now(UTC)))

    # What the run asks for.

    def resync(self) -> None:
        """Have everything sent again, as a person would: by itself, what was refused is tried only later."""
        with self.blinded():
            for namespace in self.crew.namespaces:
                Estate(self.cluster, namespace).resync()

    @property
    def passages(self) -> list[Passage]:
        """What has come through both gates, in order."""
        return sorted([*self.gate.passages, *self.jira_gate.passages], key=lambda each: each.moment)

    def last_post(self) -> float:
        """When Jira was last sent something, in monotonic seconds, 0 for never."""
        posts = [each.moment for each in tuple(self.jira_gate.passages) if each.kind is Kind.POST]
        return max(posts, default=0.0)

    def absences(self) -> list[Moments]:
        """When nobody was able to see and to act, up to now."""
        return self.crew.absences(self._blind, (self._began, datetime.now(UTC)))


def _way_to(cluster: Cluster) -> tuple[str, Callable[[str, str, str], Kind], ssl.SSLContext]:
    """Address of the API server, how to tell its passages apart, and whom to trust."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    entry = config["clusters"][0]["cluster"]
    authority = base64.b64decode(entry["certificate-authority-data"]).decode()
    return entry["server"], kind_at_cluster, ssl.create_default_context(cadata=authority)
