"""All outside things that a leader works with, in one object, put together in `app`."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.journal import Journal

from .settings import Settings
from .sightings import Sightings
from .sites import Sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What one term of leadership works with."""

    api: ApiClient
    settings: Settings
    identity: str
    """Of this process; shown in Events."""
    cluster: str
    """First part of every pipeline's id."""
    sightings: Sightings
    is_served: Callable[[str], bool]
    """Whether workloads of a Namespace are watched."""
    follow: Callable[[str], None]
    """To be called with the uid of a workload whose changes are to be seen though it is not annotated now."""
    restart_watch: Callable[[], None]
    """To be called when it has proved to be broken."""
    sites: Sites
    journal: Journal
    now: Callable[[], datetime]
    """The API server's time, aware: this machine's clock may be wrong, or be set while we run."""
    is_leader: Callable[[], bool]
    next_number: Callable[[], Awaitable[int]]
    """Issues update numbers, see `Leadership.next_number`."""
    start_above: Callable[[Iterable[int]], Awaitable[object]]
    """Makes all further update numbers higher than these, see `Leadership.start_above`."""
    ceiling: Callable[[], int]
    """The highest number that may be issued now."""
