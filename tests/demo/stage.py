"""The stage: cluster, sandbox, chart and operator, as they are started, asked and ended."""

import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from controlplane import Cluster, provide_cluster
from demo.screen import Screen
from demo.traces import Traces, recorded_traces
from installation import Installation, Operator, RunningSandbox
from installation.program import until

NAMESPACE = "rollout-reporter"
PATIENCE = 120
"""Seconds until a state counts as missed: enough for a real kubelet that pulls images."""
HEARTBEAT = 60
"""Seconds without a sign of the sandbox, which sends one every 15, after which it counts as gone."""


@dataclass
class Stage:
    """Everything that runs, and the screen that shows it."""

    screen: Screen
    cluster: Cluster
    sandbox: RunningSandbox
    operator: Operator
    _told: int = field(default=0, init=False)

    @property
    def exports(self) -> str:
        """What another terminal needs to look at the same cluster."""
        folder = self.cluster.folder
        return f"  export KUBECONFIG={self.cluster.kubeconfig}\n  export PATH={folder / 'bin'}:$PATH"

    def run(self, command: str, section: str = "") -> None:
        """Run a command of kubectl or helm before the audience."""
        self.screen.command(command)
        program, *arguments = shlex.split(command)
        run = {"kubectl": self.cluster.kubectl, "helm": self.cluster.helm}[program]
        printed = run(*arguments)
        self.screen.output(_section(printed, section) if section else printed)
        self.tell_news()

    def await_state(self, version: str, state: str) -> None:
        """Wait until Jira holds a state for a version, and tell what Jira hears meanwhile."""
        until(
            lambda: self._hear_of(version) == state,
            seconds=PATIENCE,
            otherwise=lambda: f"Jira holds {version!r} as {self._hear_of(version)}, expected was {state}",
        )

    def await_shown(self, workload: str, reason: str) -> None:
        """Wait until people with kubectl can see what Jira holds: it is written right after Jira's answer."""
        kind, _, name = workload.partition("/")
        condition = '.status.conditions[?(@.type=="{}")].reason'
        for subject, kind_of_condition in (
            (workload, "rollout-reporter.dev/Reported"),
            (f"rolloutreport/{kind}-{name}", "Reported"),
        ):
            path = condition.format(kind_of_condition)
            self.cluster.kubectl(
                *("--namespace=shop-prod", "wait", subject, f"--for=jsonpath={{{path}}}={reason}"),
                "--timeout=30s",
            )
        self.tell_news()

    def tell_news(self) -> list[dict[str, Any]]:
        """Show what Jira has heard since the last time; return what it holds now."""
        for name, program in (("sandbox", self.sandbox.program), ("operator", self.operator)):
            if not program.is_running:
                raise RuntimeError(f"the {name} has ended by itself")
        state = self.sandbox.state()
        for record in state["history"][self._told :]:
            self.screen.news(record)
        self._told = len(state["history"])
        held: list[dict[str, Any]] = state["deployments"]
        return held

    def tell_news_for_ever(self) -> None:
        """Until Ctrl-C; the sandbox says when there is something, as it says it to its page."""
        with httpx.stream("GET", f"{self.sandbox.url}/sandbox/events", timeout=HEARTBEAT) as events:
            for line in events.iter_lines():
                if line.startswith("data:"):
                    self.tell_news()

    def _hear_of(self, version: str) -> str | None:
        held = [each["deployment"] for each in self.tell_news()]
        return next((each["state"] for each in held if each["displayName"] == version), None)


@contextmanager
def open_stage(screen: Screen) -> Iterator[Stage]:
    """Start everything, tell it, and leave nothing behind."""
    with ExitStack() as stack:
        traces = stack.enter_context(recorded_traces())
        screen.title("Rollout Reporter for Jira")
        screen.say("Starting a Kubernetes cluster with Argo Rollouts …")
        cluster = stack.enter_context(provide_cluster())
        traces.cluster(cluster)
        _link_tools(cluster)
        screen.say("Starting the sandbox, which stands in for Jira …")
        sandbox = _start_sandbox(cluster, stack, traces)
        screen.say("Installing the chart with Helm …")
        installation = Installation(cluster, NAMESPACE, cluster.folder)
        if cluster.flavour == "given":
            stack.callback(_remove, cluster, installation)
        installation.install_for(sandbox.url)
        screen.say("Starting the operator: outside the cluster, as the chart's ServiceAccount …")
        stage = Stage(screen, cluster, sandbox, _start_operator(installation, stack, traces))
        cluster.kubectl(
            *(f"--namespace={NAMESPACE}", "wait", "jirasite/default", "--for=condition=Ready"),
            "--timeout=30s",
        )
        stage.run(f"helm -n {NAMESPACE} list")
        stage.run(f"kubectl -n {NAMESPACE} get jirasites,serviceaccounts")
        yield stage


def _link_tools(cluster: Cluster) -> None:
    programs = cluster.folder / "bin"
    programs.mkdir()
    for name in ("kubectl", "helm"):
        (programs / name).symlink_to(cluster.tool(name))


def _start_sandbox(cluster: Cluster, stack: ExitStack, traces: Traces) -> RunningSandbox:
    sandbox = RunningSandbox(cluster.folder)
    stack.callback(sandbox.stop)
    sandbox.start()
    traces.program(sandbox.program)
    return sandbox


def _start_operator(installation: Installation, stack: ExitStack, traces: Traces) -> Operator:
    operator = installation.operator()
    stack.callback(operator.stop)
    operator.start_and_watch()
    traces.program(operator)
    return operator


def _remove(cluster: Cluster, installation: Installation) -> None:
    """Only a cluster that somebody named outlives the demo."""
    cluster.kubectl("delete", "namespace", "shop-prod", "--ignore-not-found")
    installation.uninstall()
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")


def _section(text: str, heading: str) -> str:
    """A section of what `kubectl describe` prints: the heading, and what is indented below it."""
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"{heading}:"))
    rest = lines[begin + 1 :]
    length = next((number for number, line in enumerate(rest) if not line.startswith(" ")), len(rest))
    return "\n".join(["…", lines[begin], *rest[:length], "…"])
