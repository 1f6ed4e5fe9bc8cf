"""What is measured, and everything around it: cluster, sandbox, chart, operators."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bench import workloads
from bench.api import Api
from bench.watcher import SHOWN, Seen, Watch, Watcher
from bench.writes import count_writes
from controlplane import LocalCluster, provide_local_cluster
from controlplane.console import say
from installation import Installation, Operator, RunningSandbox
from installation.program import until
from installation.sandbox import running_sandbox

NAMESPACE = "rollout-reporter"
SHOP = "load"
"""Namespace, and issue project, of the annotated Deployments that there are from the beginning."""
OTHERS = "others"
"""Namespace of the Deployments without issue keys."""
POLL_SECONDS = 2
"""How often something is asked whose answer is large."""
QUIET_SECONDS = 4
"""Whoever writes nothing for so long has nothing left to write about what has happened."""

Record = dict[str, Any]


@dataclass
class Stage:
    """A cluster full of Deployments, and a Jira."""

    cluster: LocalCluster
    api: Api
    sandbox: RunningSandbox
    installation: Installation
    deployments: int
    """How many there are in all."""
    annotated: int
    """How many of them name issues."""
    rollouts: int
    """How many begin at once in the measurement of a burst."""
    _ends: ExitStack
    _operators: list[Operator] = field(default_factory=list)

    @property
    def operator(self) -> Operator:
        """The operator that leads: the first one, started when it is first asked for."""
        if not self._operators:
            say(f"starting the operator, which reports {self.annotated} Deployments for the first time …")
            self.start_operator()
            self.until_reported(self.annotated, seconds=180)
        return self._operators[0]

    def start_operator(self) -> Operator:
        """One more: it stands by if another one leads."""
        operator = self.installation.operator(name=f"operator-{len(self._operators)}")
        self._ends.callback(operator.kill)
        self._operators.append(operator)
        operator.start_and_watch()
        return operator

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """A bare watch for the length of a block."""
        watch = Watch(self.cluster.kubeconfig, self.cluster.folder / "watch.log")
        try:
            yield watch
        finally:
            watch.close()

    @contextmanager
    def watcher(self) -> Iterator[Watcher]:
        """A bare watcher for the length of a block."""
        with self.watch() as watch:
            yield Watcher(watch)

    def take_over(self, leader: Operator) -> None:
        """Note that another operator leads now."""
        if leader in self._operators:
            self._operators.remove(leader)
        self._operators.insert(0, leader)

    def until_reported(self, count: int, *, seconds: float) -> None:
        """Wait until Jira holds so many successful deployments, and all is written about them."""
        seldom_until(
            lambda: self._successful() >= count,
            seconds=seconds,
            otherwise=lambda: f"{self._successful()} of {count} reported:\n{self.operator.log()[-2000:]}",
        )
        self.until_written()

    def until_written(self) -> None:
        """Wait until the operator writes no more."""
        before = None
        while (now := count_writes(self.api)) != before:
            before = now
            time.sleep(QUIET_SECONDS)

    def until_shown(self, watcher: Watcher, rollouts: set[Seen], *, seconds: float) -> None:
        """Wait until the success of these rollouts was reported, and shown on the Deployments."""
        wanted = {Seen(each.namespace, each.name, each.revision, SHOWN) for each in rollouts}
        until(
            lambda: wanted <= watcher.seen().keys(),
            seconds=seconds,
            otherwise=lambda: f"{len(wanted - watcher.seen().keys())} of {len(wanted)} are not shown",
        )

    def history_since(self, began: float) -> list[Record]:
        """What Jira was told since then: stored or dropped."""
        state = self.sandbox.state()
        records: list[Record] = [*state["history"], *state["dropped"]]
        return [each for each in records if received(each) >= began]

    def _successful(self) -> int:
        held = self.sandbox.state()["deployments"]
        return sum(each["deployment"]["state"] == "successful" for each in held)


def seldom_until(condition: Callable[[], bool], *, seconds: float, otherwise: Callable[[], str]) -> None:
    """Wait for a condition that is costly to look at."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {otherwise()}")
        time.sleep(POLL_SECONDS)


def received(record: Record) -> float:
    """When Jira accepted it, by the clock of this machine."""
    return datetime.fromisoformat(record["received"]).timestamp()


@contextmanager
def open_stage(*, deployments: int, annotated: int, rollouts: int) -> Iterator[Stage]:
    """Start all but operators, make the Deployments; nothing of it is left afterwards."""
    with ExitStack() as ends:
        say("starting a control plane …")
        cluster = ends.enter_context(provide_local_cluster(argo=False))
        sandbox = ends.enter_context(running_sandbox(cluster.folder))
        installation = Installation(cluster, NAMESPACE, cluster.folder)
        installation.install_for(sandbox.url)
        api = Api(cluster.kubeconfig)
        say(f"creating {deployments} Deployments …")
        workloads.create_namespace(api, OTHERS)
        workloads.create_unannotated(api, OTHERS, deployments - annotated)
        workloads.create_annotated(api, SHOP, annotated)
        stage = Stage(cluster, api, sandbox, installation, deployments, annotated, rollouts, ends)
        seldom_until(
            lambda: _are_quiet(stage),
            seconds=600,
            otherwise=lambda: "the control plane does not come to rest",
        )
        yield stage


def _are_quiet(stage: Stage) -> bool:
    """Whether the controllers have seen to all Deployments."""
    unannotated = stage.deployments - stage.annotated
    return workloads.is_observed(stage.api, OTHERS, workloads.names(unannotated)[-1]) and (
        workloads.are_available(stage.api, SHOP)
    )
