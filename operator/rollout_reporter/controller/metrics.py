"""Metrics, in the naming of Prometheus; no label grows with issues, revisions or workloads."""

from collections.abc import Callable
from typing import Final

from prometheus_client import Counter, Gauge, Histogram, Info

from rollout_reporter import __version__
from rollout_reporter.core.outcome import Outcome, Trouble, TroubleReason, Unanswered
from rollout_reporter.core.report import State

_DELAYS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)


class Metrics:
    """All metrics of the operator."""

    def __init__(self) -> None:
        self._build = Info("rollout_reporter_build", "Version of the operator.")
        self._build.info({"version": __version__})
        self._reports = Counter(
            "rollout_reporter_reports", "Updates that Jira answered.", ["site", "state", "outcome"]
        )
        self._delays = Histogram(
            "rollout_reporter_delivery_seconds",
            "Time from when an update was wanted until Jira answered it.",
            ["site"],
            buckets=_DELAYS,
        )
        self._troubles = Counter(
            "rollout_reporter_troubles", "Requests to Jira that came to nothing.", ["site", "reason"]
        )
        self._trouble = Gauge(
            "rollout_reporter_site_trouble", "1 while a site cannot be reported to.", ["site", "reason"]
        )
        self._waiting = Gauge(
            "rollout_reporter_waiting_deployments", "Jira deployments that wait to be sent.", ["site"]
        )
        self._oldest = Gauge(
            "rollout_reporter_oldest_waiting_seconds", "How long the oldest of them has waited.", ["site"]
        )
        self._not_held = Counter(
            "rollout_reporter_not_held", "Updates that Jira accepted but did not hold later.", ["site"]
        )
        self.leader = Gauge("rollout_reporter_leader", "1 while this process is the leader.")
        self.tracked = Gauge("rollout_reporter_tracked_workloads", "Workloads that are reported.")
        self.skipped_numbers = Counter(
            "rollout_reporter_ignored_numbers", "Update numbers on record that were too far ahead to be true."
        )

    def open_site(self, site: str, *, waiting: Callable[[], float], oldest: Callable[[], float]) -> None:
        """Tell from now on what waits for a site."""
        self._waiting.labels(site).set_function(waiting)
        self._oldest.labels(site).set_function(oldest)

    def close_sites(self) -> None:
        """Tell nothing more of what waits: somebody else may lead."""
        for gauge in (self._waiting, self._oldest, self._trouble):
            gauge.clear()

    def reported(self, site: str, state: State, outcome: Outcome, waited: float) -> None:
        """Count Jira's word on one update, and the seconds that it took."""
        self._reports.labels(site, state.value, type(outcome).__name__.lower()).inc()
        if not isinstance(outcome, Unanswered):
            self._delays.labels(site).observe(waited)

    def not_held(self, site: str) -> None:
        """Count an update that was accepted in vain."""
        self._not_held.labels(site).inc()

    def troubled(self, site: str, trouble: Trouble) -> None:
        """Count a request that came to nothing."""
        self._troubles.labels(site, trouble.reason.value).inc()
        for reason in TroubleReason:
            self._trouble.labels(site, reason.value).set(reason is trouble.reason)

    def recovered(self, site: str) -> None:
        """Tell that a site works (again)."""
        for reason in TroubleReason:
            self._trouble.labels(site, reason.value).set(0)


METRICS: Final = Metrics()
