"""What the operator needs of the cluster, and what it has made there."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from rollout_reporter.cluster.api import get, list_pages, path_to, server_date
from rollout_reporter.cluster.crd import jira_site_crd, rollout_report_crd
from rollout_reporter.cluster.discovery import discover
from rollout_reporter.cluster.errors import ClusterError, NotFoundError
from rollout_reporter.cluster.journal_pages import load_pages
from rollout_reporter.cluster.lease import LEASE
from rollout_reporter.core.election import LEASE_API, LEASE_DURATION, view_of
from rollout_reporter.core.names import API_VERSION
from rollout_reporter.core.objects import timestamp
from rollout_reporter.core.workload import Kind

from .doctor_finding import Finding, good, noted, unknown, wrong

_POLICIES: Final = path_to("admissionregistration.k8s.io/v1", "validatingadmissionpolicybindings")
_CRDS: Final = "install or upgrade the chart, or: rollout-reporter crds | kubectl apply --server-side -f -"


async def kinds(api: Any) -> Finding:
    """Whether JiraSites and RolloutReports have all fields of this version.

    What the API server publishes of them may be read by everybody, the CRDs may not.
    """
    subject = "CRDs"
    try:
        published = (await get(api, f"/openapi/v3/apis/{API_VERSION}"))["components"]["schemas"]
    except NotFoundError:
        return wrong(subject, "the API server serves neither JiraSites nor RolloutReports", _CRDS)
    except ClusterError as error:
        return unknown(subject, error)
    for crd in (jira_site_crd(), rollout_report_crd()):
        kind = crd["spec"]["names"]["kind"]
        served = next((each for name, each in published.items() if name.rpartition(".")[2] == kind), None)
        if served is None:
            return wrong(subject, f"the API server does not serve {kind}s", _CRDS)
        schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        if missing := _missing(schema, served):
            return wrong(subject, f"{kind} is of another version, it has no {missing}", _CRDS)
    return good(subject, "JiraSite and RolloutReport have all fields of this version")


def _missing(wanted: Mapping[str, Any], served: Mapping[str, Any], path: str = "") -> str:
    """The first field that is not served: the API server would drop it from what is written."""
    for name, schema in (wanted.get("properties") or {}).items():
        there = (served.get("properties") or {}).get(name)
        if there is None:
            return f"{path}{name}"
        if path or name in {"spec", "status"}:
            inner = _missing(schema.get("items") or schema, there.get("items") or there, f"{path}{name}.")
            if inner:
                return inner
    return ""


async def lease(api: Any, namespace: str) -> Finding:
    """Who leads."""
    subject = "Lease"
    cure = f"is the operator running? kubectl -n {namespace} get pods, and its log"
    try:
        view = view_of(await get(api, path_to(LEASE_API, "leases", namespace, LEASE)))
        now = await server_date(api)
    except NotFoundError:
        return wrong(subject, "there is none, so no operator has ever led", cure)
    except ClusterError as error:
        return unknown(subject, error)
    renewed = timestamp(view.renewed)
    if not view.holder or renewed is None:
        return wrong(subject, "nobody leads", cure)
    age = max(now - renewed, timedelta(0))
    words = f"{view.holder} leads, renewed {age.total_seconds():.0f} s ago"
    return wrong(subject, words, cure) if age > timedelta(seconds=LEASE_DURATION) else good(subject, words)


async def journal(api: Any, namespace: str) -> Finding:
    """How much is on its way to Jira."""
    subject = "journal"
    try:
        pages = await load_pages(api, namespace)
    except ClusterError as error:
        return unknown(subject, error)
    texts = [each.get("data") or {} for each in pages]
    listed, size = sum(map(len, texts)), sum(len(json.dumps(each)) for each in texts)
    return good(subject, f"{listed} Jira deployments listed, {size / 1000:.0f} kB in {len(pages)} pages")


async def rollouts(api: Any) -> Finding:
    """Whether there are Argo Rollouts."""
    subject = "Argo Rollouts"
    try:
        served = await discover(api, "")
    except ClusterError as error:
        return unknown(subject, error)
    return good(subject, "installed" if Kind.ROLLOUT in served.kinds else "not installed, which is fine")


async def policy(api: Any, namespace: str) -> Finding:
    """Whether a policy keeps the operator from changing more of a workload than its condition."""
    subject, suffix = "conditions policy", f"-own-status-{namespace}"
    try:
        names = [each["metadata"]["name"] async for each in list_pages(api, _POLICIES, metadata_only=True)]
    except ClusterError as error:
        return unknown(subject, error)
    if any(name.endswith(suffix) for name in names):
        return good(
            subject, "nothing of a workload's status but our condition may be changed by the operator"
        )
    words = "there is none, so the operator's token could change more of a workload's status than it should"
    return noted(subject, words, "set the chart value admissionPolicy.enabled to true")
