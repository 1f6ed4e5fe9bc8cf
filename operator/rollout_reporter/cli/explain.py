"""`rollout-reporter explain`: what the operator would say of a live workload, and why."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.json import JSON
from rich.markup import escape

from rollout_reporter.cluster.errors import ClusterError
from rollout_reporter.controller.explanation import Explanation, explain_workload
from rollout_reporter.core.course import Rollout
from rollout_reporter.core.lines import escaped
from rollout_reporter.core.names import IGNORE
from rollout_reporter.core.report import Update
from rollout_reporter.core.workload import Snapshot, WorkloadRef
from rollout_reporter.jira.payload import deployment_data

from .connection import connect
from .options import ClusterName, Kubeconfig, OperatorNamespace
from .workload import named


def explain(
    workload: Annotated[str, typer.Argument(help="As deployment/web or rollout/checkout.")],
    *,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Namespace of the workload.")
    ] = "default",
    kubeconfig: Kubeconfig = "",
    operator_namespace: OperatorNamespace = "rollout-reporter",
    cluster_name: ClusterName = "",
) -> None:
    """Show what is reported of a live workload, and why.

    That is the verdict on it, the evidence, and the exact JSON that Jira gets. Nothing is sent or changed.
    """
    ref = WorkloadRef(namespace, *named(workload), "")
    try:
        found = asyncio.run(_explain(ref, kubeconfig, operator_namespace, cluster_name))
    except ClusterError as error:
        typer.echo(f"{workload} in {namespace}: {error}", err=True)
        raise typer.Exit(1) from error
    _show(found)


async def _explain(
    ref: WorkloadRef, kubeconfig: str, operator_namespace: str, cluster_name: str
) -> Explanation:
    async with await connect(kubeconfig) as api:
        return await explain_workload(
            api, ref, operator_namespace=operator_namespace, cluster_name=cluster_name or None
        )


def _show(found: Explanation) -> None:
    console, course = Console(highlight=False, soft_wrap=True), found.course
    state = course.state.value if course.state and found.snapshot.is_annotated else "none"
    console.print(f"[bold]{found.snapshot.ref}[/]: [bold]{state}[/] — {escape(escaped(_because(found)))}")
    for name, text in (*_evidence(found), *(("Note", each) for each in found.problems)):
        console.print(f"  {name + ':':<16}{escape(escaped(text))}")
    if found.entry is None:
        console.print("\nJira is told nothing of it.")
        return
    console.print("\nJira gets:")
    known = found.entry.acknowledged
    number = max(int(datetime.now(UTC).timestamp() * 1000), known.update_number + 1 if known else 0)
    body = deployment_data(Update(found.entry.report, number))
    console.print(JSON(body.model_dump_json(by_alias=True, exclude_none=True)))


def _because(found: Explanation) -> str:
    snapshot = found.snapshot
    if snapshot.is_muted:
        return "a Rollout uses its template"
    if snapshot.wishes.ignore:
        return f"it is to be ignored: it is annotated with {IGNORE}"
    if not snapshot.is_annotated:
        return "it has no issue keys"
    if found.course.is_refused:
        return snapshot.reading.because
    return found.course.because


def _evidence(found: Explanation) -> list[tuple[str, str]]:
    snapshot, rollout = found.snapshot, found.course.taken_up
    freshness = "is about this spec" if snapshot.observed else "is not about this spec yet"
    facts = [("Status", f"{freshness} (generation {snapshot.generation}); {snapshot.reading.because}")]
    if found.course.asked:
        facts.append(("Waiting", f"since {found.course.asked.since:%H:%M:%S} UTC for its controller"))
    if rollout:
        facts.append(("ReplicaSet", f"{rollout.replica_set or 'not known'}, revision {rollout.revision}"))
        facts.append(("Since", f"{rollout.since:%Y-%m-%d %H:%M:%S} UTC"))
        if found.course.state and found.course.state.is_open:
            facts.append(("Clock", _clock(rollout, found.snapshot)))
        if rollout.replaces:
            facts.append(("Rollback", "it is the way back to an older ReplicaSet"))
    facts.append(("Issue keys", _keys(snapshot)))
    memory = "a RolloutReport" if found.is_recorded else "none: this is the first sight"
    return [*facts, ("Memory", memory)]


def _clock(rollout: Rollout, snapshot: Snapshot) -> str:
    active = timedelta(seconds=int(rollout.active_time(datetime.now(UTC)).total_seconds()))
    most = snapshot.max_duration or "no limit"
    return f"under way for {active} of unpaused time (most: {most}; progress deadline {snapshot.deadline})"


def _keys(snapshot: Snapshot) -> str:
    for place, keys in (
        ("the pod template", snapshot.template_wishes.issue_keys),
        ("the workload", snapshot.wishes.issue_keys),
    ):
        if keys.given:
            malformed = f"; not a key: {', '.join(keys.malformed)}" if keys.malformed else ""
            return f"{', '.join(keys.valid) or 'none'} (annotation on {place}){malformed}"
    return "none: annotate it with rollout-reporter.dev/issue-keys"
