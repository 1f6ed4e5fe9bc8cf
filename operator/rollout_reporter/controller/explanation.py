"""Why the operator says what it says of one workload: the evidence, gathered afresh with its own rules."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.discovery import cluster_uid
from rollout_reporter.cluster.errors import ClusterError, NotFoundError
from rollout_reporter.cluster.lookups import find_namespace, find_workload, list_references
from rollout_reporter.cluster.reports import load_report
from rollout_reporter.cluster.sites import load_sites
from rollout_reporter.core.course import Course
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.plan import plan
from rollout_reporter.core.rollouts import referenced_deployment
from rollout_reporter.core.seen import Seen
from rollout_reporter.core.target import NoSite, Site, Surroundings, Target, find_target
from rollout_reporter.core.workload import Kind, Snapshot, WorkloadRef

from .examination import examine, with_template
from .sites import as_core


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of a workload, and what follows."""

    snapshot: Snapshot
    course: Course
    entry: Entry | None
    """The Jira deployment of the wanted rollout."""
    is_recorded: bool
    """Whether a RolloutReport was there to remember earlier verdicts."""
    problems: tuple[str, ...]


async def explain_workload(
    api: ApiClient, ref: WorkloadRef, *, operator_namespace: str, cluster_name: str | None
) -> Explanation:
    """Judge a live workload as the operator would; nothing is written.

    Raises:
        ClusterError: The workload cannot be read.
    """
    now = datetime.now(UTC)
    snapshot = await with_template(api, await find_workload(api, ref))
    if snapshot.ref.kind is Kind.DEPLOYMENT:
        snapshot = replace(snapshot, is_muted=await _is_referenced(api, snapshot.ref))
    report = await load_report(api, snapshot.ref)
    ledger = report.ledger if report and report.ledger.ref == snapshot.ref else Ledger(snapshot.ref)
    course = await examine(api, snapshot, ledger.course, now)
    seen = Seen(snapshot, course, now, None)
    target = None
    problems: tuple[str, ...] = ()
    sites = await _sites(api, operator_namespace)
    if seen.issue_keys:
        around = Surroundings(
            await find_namespace(api, snapshot.ref.namespace),
            cluster_name or await cluster_uid(api),
            sites,
        )
        target = find_target(snapshot, seen.issue_keys, around)
        problems = (target.message,) if isinstance(target, NoSite) else target.hints
    if isinstance(target, Target):
        seen = replace(seen, target=target, rules=sites[target.site].access)
    ledger = plan(seen, ledger, now)
    entry = ledger.waiting if course.asked else ledger.find(course.taken_up.id) if course.taken_up else None
    return Explanation(
        snapshot, course, entry if snapshot.is_annotated else None, report is not None, problems
    )


async def _is_referenced(api: ApiClient, ref: WorkloadRef) -> bool:
    """Whether a Rollout uses this Deployment's template, so that it is reported in its place."""
    try:
        found = [each async for each in list_references(api, ref.namespace)]
    except NotFoundError:
        return False
    return any(referenced_deployment(each) == ref.name for each in found)


async def _sites(api: ApiClient, namespace: str) -> dict[str, Site]:
    """The sites as far as the caller may read them."""
    try:
        stored = [each async for each in load_sites(api, namespace)]
    except ClusterError:
        return {}
    return {each.name: as_core(each.name, each.spec) for each in stored if each.spec}
