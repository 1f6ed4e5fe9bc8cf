"""What only a leader can tell: gauges of one term of leadership, read when they are asked for.

Those of a former leader would contradict its successor's, so they vanish with the term.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from rollout_reporter.core.conditions import UNREPORTED
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.core.report import State

Count = Callable[[], float]

OPEN: Final = tuple(state for state in State if state.is_open)


class TermMetrics:
    """The gauges of one term."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._tracked = Gauge(
            "rollout_reporter_tracked_workloads", "Workloads that are reported.", registry=registry
        )
        self._unreported = Gauge(
            "rollout_reporter_unreported_workloads",
            "Workloads of which Jira does not hold what it should, by the reason that their condition gives.",
            ["reason"],
            registry=registry,
        )
        self._open = Gauge(
            "rollout_reporter_open_deployments",
            "Jira deployments that Jira is still owed the end of.",
            ["state"],
            registry=registry,
        )
        self._journal = Gauge(
            "rollout_reporter_journal_entries",
            "Jira deployments in the journal: what a new leader compares with its records.",
            registry=registry,
        )
        self._waiting = Gauge(
            "rollout_reporter_waiting_deployments",
            "Jira deployments that wait for an answer of Jira's, those under way included.",
            ["site"],
            registry=registry,
        )
        self._oldest = Gauge(
            "rollout_reporter_oldest_waiting_seconds",
            "How long the oldest waiting Jira deployment has waited.",
            ["site"],
            registry=registry,
        )
        self._trouble = Gauge(
            "rollout_reporter_site_trouble",
            "1 while a site cannot be reported to.",
            ["site", "reason"],
            registry=registry,
        )
        self._patience = Gauge(
            "rollout_reporter_site_wait_seconds",
            "What is left of the time for which a site has asked to be left alone.",
            ["site"],
            registry=registry,
        )
        self._depth = Gauge("workqueue_depth", "Keys that wait for a worker.", ["name"], registry=registry)
        self._unfinished = Gauge(
            "workqueue_unfinished_work_seconds",
            "Seconds that keys have been in the hands of workers, all together: growing if some are stuck.",
            ["name"],
            registry=registry,
        )
        self._longest = Gauge(
            "workqueue_longest_running_processor_seconds",
            "Seconds for which the slowest worker has had its key.",
            ["name"],
            registry=registry,
        )

    def open_book(
        self,
        *,
        tracked: Count,
        journal: Count,
        open_in: Callable[[State], float],
        unreported: Callable[[str], float],
    ) -> None:
        """Tell from now on what is reported or not, what the journal lists, what is open in which state."""
        self._tracked.set_function(tracked)
        self._journal.set_function(journal)
        for reason in UNREPORTED:
            self._unreported.labels(reason).set_function(partial(unreported, reason))
        for state in OPEN:
            self._open.labels(state.value).set_function(partial(open_in, state))

    def open_queue(self, name: str, *, depth: Count, unfinished: Count, longest: Count) -> None:
        """Tell from now on of a work queue."""
        self._depth.labels(name).set_function(depth)
        self._unfinished.labels(name).set_function(unfinished)
        self._longest.labels(name).set_function(longest)

    def open_site(self, site: str, *, waiting: Count, oldest: Count) -> None:
        """Tell from now on what waits for a site."""
        self._waiting.labels(site).set_function(waiting)
        self._oldest.labels(site).set_function(oldest)

    def open_patience(self, site: str, left: Count) -> None:
        """Tell from now on for how long a site wants to be left alone."""
        self._patience.labels(site).set_function(left)

    def troubled(self, site: str, trouble: Trouble) -> None:
        """Tell why a site cannot be reported to."""
        for reason in TroubleReason:
            self._trouble.labels(site, reason.value).set(reason is trouble.reason)

    def recovered(self, site: str) -> None:
        """Tell that a site works (again)."""
        for reason in TroubleReason:
            self._trouble.labels(site, reason.value).set(0)
