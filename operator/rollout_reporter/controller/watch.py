"""Watching workloads with kopf: handlers without decisions, in a thread of their own, supervised.

kopf ends on several answers of the API server and cancels every task that was created after it, so it gets a
thread and event loop to itself, is started again when it ends, and shares nothing but `Sightings`.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

import kopf
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.discovery import Served, discover
from rollout_reporter.cluster.errors import ClusterError, ForbiddenError
from rollout_reporter.cluster.lookups import count_workloads, list_references
from rollout_reporter.cluster.rights import watching_is_forbidden
from rollout_reporter.core import names
from rollout_reporter.core.workload import Kind

from .backoff import Backoff
from .first_list import FirstList
from .kopf_settings import NoMemories, connection, operator_settings
from .metrics import METRICS
from .observer import Observer
from .pulse import SILENCE, Pulse
from .settings import DISCOVERY_PERIOD, STEADY, Settings
from .sightings import Sighting, Sightings

log = logging.getLogger(__name__)

CANCELLATIONS: Final = 20
"""So often the tasks of a watch that is over are cancelled; some swallow the first time."""
THREAD_GRACE: Final = timedelta(seconds=5)
"""How long the thread of a watch that is over may take to end."""

CURE: Final = "give its ServiceAccount what the chart grants; rollout-reporter doctor looks at all rights"

_RESOURCES: Final = {
    Kind.DEPLOYMENT: ("apps", "v1", "deployments"),
    Kind.ROLLOUT: ("argoproj.io", "v1alpha1", "rollouts"),
}


class Watch:
    """Keeps kopf running for whatever the cluster serves."""

    def __init__(self, api: ApiClient, settings: Settings, sightings: Sightings) -> None:
        self._api, self._settings, self._sightings = api, settings, sightings
        self._wanted: tuple[str, ...] = settings.watch_namespaces or ("",)
        self._watched = self._wanted
        self._selected: frozenset[str] | None = None
        self._known: set[str] = set()
        self._end: Callable[[], None] = _nothing
        self._pulse: Pulse | None = None
        self._list: FirstList | None = None
        self._forbidden: str | None = None
        """Why nothing can be watched, if a right is missing."""

    def why_unhealthy(self) -> str | None:
        """What only a new process can cure, in a sentence: kopf's thread does nothing any more."""
        silence = self._pulse.silence if self._pulse else timedelta(0)
        if silence <= SILENCE:
            return None
        return f"the thread of the watch has not moved for {silence.total_seconds():.0f} s"

    def why_unready(self) -> str | None:
        """Why it does not show all workloads (yet), in a sentence."""
        if self._forbidden:
            return self._forbidden
        if not self._sightings.references_known.is_set():
            return "the API server has not told yet what there is to watch"
        if self._list is None:
            return "the watch does not run, and is about to be started again"
        return self._list.why_not_over()

    async def run(self) -> None:
        """Watch until cancelled."""
        backoff = Backoff()
        while True:
            served = await self._discover()
            places = await self._watchable(served) if served else ()
            if served and places and await self._learn_references(served, places):
                started = asyncio.get_running_loop().time()
                was_superseded = await self._watch(served, places)
                METRICS.watch_restarts.inc()
                if was_superseded or asyncio.get_running_loop().time() - started > STEADY.total_seconds():
                    backoff.reset()
            await asyncio.sleep(backoff.next().total_seconds())

    async def _discover(self) -> Served | None:
        try:
            return await discover(self._api, self._settings.namespace_selector)
        except ClusterError as error:
            log.warning("cannot ask the API server what it serves: %s", error)
            return None

    async def _watchable(self, served: Served) -> tuple[str, ...]:
        """Namespaces that may be watched, `""` for all at once.

        One that may not be watched kopf would try again and again for minutes, and then end as a whole.
        """
        hindrances = {each: await self._hindrance(served, each) for each in self._wanted}
        told = [f"{each}: {CURE}" for each in hindrances.values() if each]
        for each in told:
            log.error("%s", each)
        self._watched = tuple(place for place, hindrance in hindrances.items() if not hindrance)
        self._forbidden = None if self._watched else told[0]
        return self._watched

    async def _hindrance(self, served: Served, place: str) -> str | None:
        try:
            return await watching_is_forbidden(self._api, served.kinds, place)
        except ClusterError as error:  # it is not believed to forbid anything
            log.debug("the API server does not tell what the operator may do: %s", error)
            return None

    async def _learn_references(self, served: Served, places: Sequence[str]) -> bool:
        """See the Rollouts that use a Deployment's template before any Deployment; False if that failed."""
        self._selected = served.namespaces
        observer = Observer(self._put, self.is_served, self._known)
        for place in places if Kind.ROLLOUT in served.kinds else ():
            try:
                async for body in list_references(self._api, place):
                    observer.observe(Kind.ROLLOUT, {"type": None, "object": body})
            except ClusterError as error:
                if place and isinstance(error, ForbiddenError):
                    log.warning("the Rollouts of namespace %s may not be listed: %s", place, error)
                    continue
                log.warning("cannot list the Rollouts: %s", error)
                return False
        self._sightings.references_known.set()
        return True

    async def _watch(self, served: Served, places: Sequence[str]) -> bool:
        """Run kopf until it ends or there is something else to watch; tell whether it was that."""
        loop = asyncio.get_running_loop()
        stop, ended = threading.Event(), asyncio.Event()
        self._end = stop.set

        def deliver(sighting: Sighting, is_listed: bool) -> None:  # noqa: FBT001 (see `Observer.deliver`)
            loop.call_soon_threadsafe(self._put, sighting, is_listed)

        def end() -> None:
            loop.call_soon_threadsafe(ended.set)

        self._list = first_list = FirstList(await self._count(served, places))
        registry = _registry(Observer(deliver, self.is_served, self._known), first_list, served, self._api)
        self._pulse = Pulse()
        arguments = (registry, places, stop, end, self._pulse)
        thread = threading.Thread(target=_kopf_thread, args=arguments, name="kopf", daemon=True)
        log.info("watching %s", " and ".join(served.kinds))
        thread.start()
        METRICS.watch_running.set(1)
        self._sightings.gap.set()
        try:
            while not await _is_set_within(DISCOVERY_PERIOD.total_seconds(), ended):
                if not await self._is_all(served, places):
                    return True
            return False
        finally:
            METRICS.watch_running.set(0)
            self._end = _nothing
            stop.set()
            await asyncio.shield(ended.wait())
            await asyncio.to_thread(thread.join, THREAD_GRACE.total_seconds())
            self._pulse = self._list = None

    async def _is_all(self, served: Served, places: Sequence[str]) -> bool:
        """Whether there is nothing else to watch by now; who does not tell has nothing else."""
        if await self._discover() not in {served, None}:
            return False
        try:
            for place in self._wanted:
                if place not in places and not await watching_is_forbidden(self._api, served.kinds, place):
                    log.info("namespace %s may be watched now", place)
                    return False
        except ClusterError as error:
            log.debug("the API server does not tell what the operator may do: %s", error)
        return True

    async def _count(self, served: Served, places: Sequence[str]) -> int:
        """How many workloads there are to list, or 0 if the API server does not tell."""
        lists = [(kind, place) for kind in served.kinds for place in places]
        try:
            return sum([await count_workloads(self._api, *each) for each in lists])
        except ClusterError as error:
            log.debug("the number of workloads is not known: %s", error)
            return 0

    def _put(self, sighting: Sighting, is_listed: bool) -> None:  # noqa: FBT001 (see `Observer.deliver`)
        self._sightings.put(sighting, after_gap=is_listed)

    def follow(self, uid: str) -> None:
        """Show a workload's changes until its rollout is over, though it may not be annotated any more."""
        self._known.add(uid)

    def restart(self) -> None:
        """Begin anew: what this watch has shown is less than there is."""
        self._end()

    def is_served(self, namespace: str) -> bool:
        """Whether workloads of a Namespace are watched."""
        if self._settings.watch_namespaces and namespace not in self._watched:
            return False
        if self._selected is not None and namespace not in self._selected:
            return False
        return not any(fnmatchcase(namespace, glob) for glob in self._settings.exclude_namespaces)


def _nothing() -> None:
    """No watch runs."""


async def _is_set_within(seconds: float, event: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def _registry(
    observer: Observer, first_list: FirstList, served: Served, api: ApiClient
) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(lambda **_: connection(api))
    for kind in served.kinds:
        _register(registry, kind, observer, first_list)
    return registry


def _register(registry: kopf.OperatorRegistry, kind: Kind, observer: Observer, first_list: FirstList) -> None:
    async def observe(event: Mapping[str, Any], **_: Any) -> None:
        observer.observe(kind, event)
        first_list.see(is_listed=event["type"] is None)

    kopf.on.event(*_RESOURCES[kind], registry=registry, id=f"observe-{kind.lower()}")(observe)


def _kopf_thread(
    registry: kopf.OperatorRegistry,
    places: Sequence[str],
    stop: threading.Event,
    ended: Callable[[], None],
    pulse: Pulse,
) -> None:
    try:
        asyncio.run(_kopf(registry, places, stop, pulse, ended))
    except Exception as error:
        log.warning("the watch ended and is started again: %s: %s", type(error).__name__, error)
        log.debug("how the watch ended", exc_info=True)
    finally:
        ended()


async def _kopf(
    registry: kopf.OperatorRegistry,
    places: Sequence[str],
    stop: threading.Event,
    pulse: Pulse,
    ended: Callable[[], None],
) -> None:
    """Run kopf until it is told to stop, or ends by itself, as it does on several answers.

    Its tasks are ended here and not by `kopf.run_tasks`, which waits without end for a watcher that has
    swallowed its cancellation.
    """
    namespaces = [each for each in places if each]
    asyncio.get_running_loop().set_exception_handler(_note)
    tasks = await kopf.spawn_tasks(
        registry=registry,
        settings=operator_settings(),
        memories=NoMemories(),
        clusterwide=not namespaces,
        namespaces=namespaces,
        stop_flag=stop,
        # Given, or kopf asks for the user's name, and in a container the uid may have none.
        identity=names.APP,  # type: ignore[arg-type]  # a private NewType of str
    )
    beating = asyncio.create_task(pulse.beat(is_over=stop.is_set))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # One of kopf's threads waits for it, and the event loop cannot be closed before that thread ends.
        stop.set()
        beating.cancel()
        await _end_all_tasks()
        ended()
    for task in done:
        if not task.cancelled():
            task.result()


def _note(_: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """Errors of kopf's lesser tasks: the one that ended it is told where the watch is started again."""
    log.debug("kopf: %s: %s", context["message"], context.get("exception"))


async def _end_all_tasks() -> None:
    """Cancel whatever is left in this event loop, which is kopf's own, as often as it takes."""
    for _ in range(CANCELLATIONS):
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if not rest:
            return
        for task in rest:
            task.cancel()
        await asyncio.wait(rest, timeout=0.5)
    log.warning("%d tasks of an earlier watch do not end, and are left alone", len(rest))
