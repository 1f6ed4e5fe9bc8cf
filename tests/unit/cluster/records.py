"""RolloutReports that are there already."""

from collections.abc import Sequence

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.reports import StoredReport, claim_report, store_report
from rollout_reporter.cluster.resources import ConditionModel
from rollout_reporter.core.ledger import Ledger

OPS = "ops"
"""Namespace of the installation."""


async def recorded(
    api: ApiClient, ledger: Ledger, conditions: Sequence[ConditionModel] = (), *, installation: str = OPS
) -> StoredReport:
    """Record what a workload's ledger says, as an installation does that meets it for the first time."""
    claimed = await claim_report(api, ledger.ref, installation)
    return await store_report(api, ledger, conditions, claimed)
