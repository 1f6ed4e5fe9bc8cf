"""Metrics, in the naming of Prometheus; no label grows with issues, revisions or workloads.

The work queues have the names that controller-runtime gives its own, so that dashboards for those fit.
`docs/metrics.md` is made of the help texts.
"""

from typing import Final

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Info

from rollout_reporter import __version__
from rollout_reporter.cluster.errors import ClusterError
from rollout_reporter.core.outcome import Outcome, Trouble, Unanswered
from rollout_reporter.core.report import State
from rollout_reporter.core.workload import Kind

from .term_metrics import TermMetrics

_DELAYS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
_WORK: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60)


class Metrics:
    """All metrics of the operator."""

    def __init__(self) -> None:
        self.term = TermMetrics()
        """Of the present term of leadership; shown to nobody while there is none."""
        self._build = Info("rollout_reporter_build", "Version of the operator.")
        self._build.info({"version": __version__})
        self.leader = Gauge("rollout_reporter_leader", "1 while this process is the leader.")
        self.watch_running = Gauge("rollout_reporter_watch_running", "1 while workloads are watched.")
        self.watch_restarts = Counter(
            "rollout_reporter_watch_restarts",
            "Times that the watch had ended and was started again; a new kind to watch is a cause, too.",
        )
        self._verdicts = Counter(
            "rollout_reporter_verdicts", "Judgements that changed what Jira should hold.", ["kind", "state"]
        )
        self._reports = Counter(
            "rollout_reporter_reports",
            "Updates by outcome: accepted, rejected, or unanswered (Jira said, or heard, nothing).",
            ["site", "state", "outcome"],
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
        self._not_held = Counter(
            "rollout_reporter_not_held", "Updates that Jira accepted but did not hold later.", ["site"]
        )
        self.skipped_numbers = Counter(
            "rollout_reporter_ignored_numbers", "Update numbers on record that were too far ahead to be true."
        )
        self._renewals = Counter(
            "rollout_reporter_token_renewals",
            "Access tokens asked for: `granted`, or the reason why there was none.",
            ["site", "result"],
        )
        self._api_errors = Counter(
            "rollout_reporter_api_errors",
            "Errors of the Kubernetes API that work on workloads has met; it is begun again later.",
            ["error"],
        )
        self._adds = Counter("workqueue_adds", "Keys that were added to a queue.", ["name"])
        self._retries = Counter("workqueue_retries", "Keys that were added for a later time.", ["name"])
        self._queued = Histogram(
            "workqueue_queue_duration_seconds",
            "Time that keys waited for a worker.",
            ["name"],
            buckets=_WORK,
        )
        self._worked = Histogram(
            "workqueue_work_duration_seconds", "Time that workers took for a key.", ["name"], buckets=_WORK
        )

    def begin_term(self) -> None:
        """Show what only a leader can tell."""
        self.leader.set(1)
        self.term = TermMetrics()
        REGISTRY.register(self.term.registry)

    def end_term(self) -> None:
        """Tell nothing of it any more: somebody else may lead."""
        self.leader.set(0)
        REGISTRY.unregister(self.term.registry)
        self.term = TermMetrics()

    def judged(self, kind: Kind, state: State) -> None:
        """Count a judgement by which a Jira deployment should have another state."""
        self._verdicts.labels(kind.value, state.value).inc()

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
        self.term.troubled(site, trouble)

    def token_renewed(self, site: str, trouble: Trouble | None) -> None:
        """Count a token that was asked for, and what came of it."""
        self._renewals.labels(site, trouble.reason.value if trouble else "granted").inc()

    def api_error(self, error: ClusterError) -> None:
        """Count an error of the Kubernetes API."""
        self._api_errors.labels(type(error).__name__.removesuffix("Error").lower()).inc()

    def queue_added(self, name: str) -> None:
        """Count a key that was added to a queue."""
        self._adds.labels(name).inc()

    def queue_postponed(self, name: str) -> None:
        """Count a key that was added for a later time."""
        self._retries.labels(name).inc()

    def queue_taken(self, name: str, waited: float) -> None:
        """Count the seconds that a key has waited for a worker."""
        self._queued.labels(name).observe(waited)

    def queue_done(self, name: str, worked: float) -> None:
        """Count the seconds that a worker has had a key."""
        self._worked.labels(name).observe(worked)


METRICS: Final = Metrics()
