"""Settings of the operator; the command line reads them from flags and environment."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rollout_reporter.core.seen import KEYS_QUIET_TIME

EVERYWHERE: Final = "::"
"""All addresses, of IPv6 and of IPv4: a pod's probes come from outside the pod."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the operator runs."""

    namespace: str
    """The operator's own Namespace: JiraSites, their Secrets, the Lease."""
    cluster_name: str | None = None
    """First part of every pipeline's id; `None` takes the uid of Namespace `kube-system`."""
    watch_namespaces: tuple[str, ...] = ()
    """Empty for the whole cluster."""
    exclude_namespaces: tuple[str, ...] = ()
    """Globs."""
    namespace_selector: str = ""
    allowed_hosts: tuple[str, ...] = ()
    conditions_on_workloads: bool = True
    keys_quiet_time: timedelta = KEYS_QUIET_TIME
    """How long changed issue keys wait for a rollout that they may be meant for."""
    dry_run: bool = False
    read_back: bool = False
    """Whether to look if Jira holds what it has accepted, see `readback`."""
    host: str = EVERYWHERE
    probe_port: int = 8081
    metrics_port: int = 8080


LINGER: Final = timedelta(milliseconds=20)
"""How long a report waits for others to share its request."""
DESCRIPTION_LINGER: Final = timedelta(seconds=5)
"""How long a mere change of description waits for the next one."""
ANNOUNCE_AFTER: Final = timedelta(milliseconds=200)
"""A new rollout whose first report takes no longer than this shows no `Sending`: meanwhile its controller
writes often, and a write of ours would meet one of those."""
QUIET: Final = timedelta(seconds=2)
"""An acknowledged workload whose news take no longer than this shows no `Sending`."""
CONFLICT_PAUSE: Final = timedelta(seconds=1)
"""How long the condition waits if its workload has just changed; the watch usually shows that sooner."""
SITES_PERIOD: Final = timedelta(seconds=5)
"""How often JiraSites and their Secrets are read. They are few, and reading heals what a watch can miss."""
DISCOVERY_PERIOD: Final = timedelta(seconds=10)
"""How often the API server is asked whether it knows Rollouts."""
STEADY: Final = timedelta(minutes=1)
"""What has run for as long as this has not failed at once: the next failure begins a new series."""
BACKOFF_FIRST: Final = timedelta(seconds=1)
BACKOFF_MOST: Final = timedelta(minutes=1)
MUTE: Final = 3
"""After so many answers without a word on what was asked, a person is told."""
JIRA_BACKOFF_MOST: Final = timedelta(seconds=30)
"""After an outage people wait for what is true. Each attempt in vain is shown on all workloads that wait."""
NOTE_PERIOD: Final = timedelta(seconds=1)
"""How soon is in the journal, too, what Jira does not take at present."""
FORBIDDEN_PERIOD: Final = timedelta(minutes=1)
"""A credential that Jira forbids is tried this seldom: a person has to act first."""
DOUBT: Final = timedelta(seconds=30)
"""How long an API server may lag behind what another one has shown."""
HIDDEN_GRACE: Final = timedelta(minutes=1)
"""How long a workload may be unreadable before it is given up; rights may be on their way."""
HIDDEN_PERIOD: Final = timedelta(seconds=10)
"""How often one looks meanwhile whether it can be read again."""
PATIENCE_WITH_RIGHTS: Final = timedelta(seconds=15)
"""After so long a time of refusals, what was seen and cannot be looked into is passed over."""
OWNED_PERIOD: Final = timedelta(minutes=1)
"""How often a workload that another installation reports is looked at: that one may be gone."""
NAMESPACE_PERIOD: Final = timedelta(minutes=5)
"""How often a workload that has no site, or may not report to it, is looked at: its Namespace, which is not
watched, may have been told another one."""
STOP_GRACE: Final = timedelta(seconds=5)
"""How long a stopping operator goes on sending what is due."""
FINISH_PERIOD: Final = timedelta(milliseconds=50)
"""How often a stopping operator looks whether anything is left to do."""
JOURNAL_PERIOD: Final = timedelta(minutes=10)
"""How long what is over may stay in the journal if no other write takes it out. Where a record says that Jira
has answered, it costs nothing there."""
WORKERS: Final = 16
"""How many workloads are judged at the same time. Each has a connection of its own to the API server, whose
buffers cost a quarter of a megabyte."""
WRITERS: Final = 4
"""For how many workloads it is written at the same time how things stand. Fewer than are judged: where both
wait for a busy API server, what Jira is to be told comes first."""
