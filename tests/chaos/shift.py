"""Playing many plans, some at a time."""

import queue
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

from chaos.plan import Plan
from chaos.run import Result, play
from chaos.script import Script
from chaos.twin import Panel
from controlplane import LocalCluster, provide_local_cluster

Twins = Mapping[Script, Panel]
"""What was in Jira after an undisturbed run of each script; runs of others have no twin."""


def played(
    plans: Iterable[Plan], folder: Path, jobs: int, twins: Twins, *, share: bool = False
) -> Iterator[Result]:
    """Play all plans and yield what became of each, in the order in which they end.

    Each job has a cluster of its own, or all `share` one: then no plan may break what others need. What a run
    that went wrong has left is in a folder of the plan's name within `folder`.
    """
    shift = _Shift(plans, folder, twins)
    with ExitStack() as stack:
        shared = stack.enter_context(provide_local_cluster()) if share else None
        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        for _ in range(jobs):
            pool.submit(shift.work, nullcontext(shared) if shared else provide_local_cluster())
        stack.callback(shift.given_up.set)
        yield from shift.results(jobs)


def folder_of(plan: Plan, folder: Path) -> Path:
    """Where the evidence of a plan is kept."""
    return folder / plan.name.replace(" ", "-")


class _Shift:
    def __init__(self, plans: Iterable[Plan], folder: Path, twins: Twins) -> None:
        self.given_up = threading.Event()
        self._waiting: queue.SimpleQueue[Plan] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[Result | BaseException | None] = queue.SimpleQueue()
        self._folder, self._twins = folder, twins
        for each in plans:
            self._waiting.put(each)

    def work(self, provided: AbstractContextManager[LocalCluster]) -> None:
        """Play on a cluster until nothing waits."""
        try:
            with provided as cluster:
                while not self.given_up.is_set():
                    self._ended.put(self._play(cluster, self._waiting.get_nowait()))
        except queue.Empty:
            self._ended.put(None)
        except BaseException as error:  # noqa: BLE001 (whoever waits for results has to know)
            self._ended.put(error)

    def _play(self, cluster: LocalCluster, plan: Plan) -> Result:
        folder = folder_of(plan, self._folder)
        folder.mkdir(parents=True)
        result = play(cluster, plan, folder, self.given_up, self._twins.get(plan.script))
        if result.is_clean:
            shutil.rmtree(folder)
        return result

    def results(self, jobs: int) -> Iterator[Result]:
        """Everything that ends, until all jobs have."""
        while jobs:
            ended = self._ended.get()
            if isinstance(ended, BaseException):
                raise ended
            if ended is None:
                jobs -= 1
            else:
                yield ended
