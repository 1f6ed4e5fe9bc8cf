"""Metrics, in the naming of Prometheus; no label grows with issues, revisions or workloads."""

from typing import Final

from prometheus_client import Counter, Gauge, Info

from rollout_reporter import __version__
from rollout_reporter.core.outcome import Outcome, Trouble
from rollout_reporter.core.report import State


class Metrics:
    """All metrics of the operator."""

    def __init__(self) -> None:
        self._build = Info("rollout_reporter_build", "Version of the operator.")
        self._build.info({"version": __version__})
        self._reports = Counter(
            "rollout_reporter_reports", "Updates that Jira answered.", ["site", "state", "outcome"]
        )
        self._troubles = Counter(
            "rollout_reporter_troubles", "Requests to Jira that came to nothing.", ["site", "reason"]
        )
        self._not_held = Counter(
            "rollout_reporter_not_held", "Updates that Jira accepted but did not hold later.", ["site"]
        )
        self.leader = Gauge("rollout_reporter_leader", "1 while this process is the leader.")
        self.tracked = Gauge("rollout_reporter_tracked_workloads", "Workloads that are reported.")

    def reported(self, site: str, state: State, outcome: Outcome) -> None:
        """Count Jira's word on one update."""
        self._reports.labels(site, state.value, type(outcome).__name__.lower()).inc()

    def not_held(self, site: str) -> None:
        """Count an update that was accepted in vain."""
        self._not_held.labels(site).inc()

    def troubled(self, site: str, trouble: Trouble) -> None:
        """Count a request that came to nothing."""
        self._troubles.labels(site, trouble.reason.value).inc()


METRICS: Final = Metrics()
