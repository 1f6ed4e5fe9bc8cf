"""What Jira is told by the leader that follows one which has ended at a bad moment."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.journal_pages import Listed
from rollout_reporter.cluster.reports import StoredReport
from rollout_reporter.controller.book import Book
from rollout_reporter.controller.observer import Observer
from rollout_reporter.controller.sightings import Gone
from rollout_reporter.core import entry as entries
from rollout_reporter.core import names
from rollout_reporter.core.deployments import read_deployment
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.report import State
from rollout_reporter.core.workload import Kind, Snapshot
from unit.cluster.fake_cluster import APPS, OURS, FakeCluster
from unit.cluster.records import recorded
from unit.controller.awaiting import until
from unit.controller.fake_jira import BAD, DOWN, FakeJira
from unit.controller.leading import CEILING, Leader, leading
from unit.core.situations import NOW, accepted, deployment, entry, moved_on, ref, replica_set

PLACE = ref().place
DEPLOYMENT = f"{APPS}/deployments/checkout"
REPORTS = f"{OURS}/shop/rolloutreports"
REPORT = f"{REPORTS}/deployment-checkout"
PAGE = "/api/v1/namespaces/ops/configmaps/rollout-reporter-journal-0"
UNDER_WAY = accepted(entry(state=State.IN_PROGRESS))


@pytest.fixture(autouse=True)
def _a_namespace(cluster: FakeCluster) -> None:
    cluster.hold("/api/v1/namespaces/shop", {})


@pytest.fixture
def jira() -> FakeJira:
    return FakeJira(seconds=0)


def told(jira: FakeJira) -> list[tuple[int, str]]:
    """What it was told: revision and state, in that order."""
    reports = [report for batch in jira.batches for report in batch]
    return [(each.number % 1_000_000, each.state.value) for each in reports]


def was_told(jira: FakeJira, revision: int) -> bool:
    return (revision, "successful") in told(jira)


def rolled_out(cluster: FakeCluster, revision: int) -> Snapshot:
    """The next version, complete, as the watch shows it."""
    image, tail = f"registry.example/checkout:1.{revision}", f"r{revision}"
    behind = replica_set(revision=str(revision), tail=tail)
    behind["spec"]["template"]["spec"]["containers"][0]["image"] = image
    behind["metadata"]["creationTimestamp"] = f"2026-11-24T07:5{revision}:00Z"
    cluster.hold(f"{APPS}/replicasets/checkout-{tail}", behind)
    body = deployment(generation=revision)
    body["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = str(revision)
    body["spec"]["template"]["spec"]["containers"][0]["image"] = image
    body["status"]["observedGeneration"] = revision
    for each in body["status"]["conditions"]:
        each["message"] = each["message"].replace("7d9f", tail)
    return read_deployment(cluster.hold(DEPLOYMENT, body))


def noted(*ended: Entry) -> list[Listed]:
    """What the journal lists."""
    return [Listed(ref(), replace(each, acknowledged=None), NOW) for each in ended]


def book(stored: StoredReport | None, listed: Sequence[Listed] = ()) -> Book:
    return Book.of([stored] if stored else [], listed, NOW)


@pytest.fixture
def asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """In half a second, rather than in half a minute."""
    monkeypatch.setattr(entries, "RECHECK_FIRST", timedelta(seconds=0.5))
    monkeypatch.setattr(entries, "RECHECK_MOST", timedelta(seconds=0.5))
    monkeypatch.setattr(entries, "RECHECK_UNTIL", timedelta(days=9999))


@pytest.mark.usefixtures("asked_again_soon")
async def test_the_end_of_a_deleted_workload_that_jira_has_refused_is_told_once_more(
    cluster: FakeCluster, api: ApiClient, jira: FakeJira
) -> None:
    """Else it would be in progress there for ever."""
    stored = await recorded(api, Ledger(ref(), (UNDER_WAY,)))
    jira.next.append(BAD)
    async with leading(api) as context:
        await context.journal.take_over(1000)
        leader = Leader(context, book(stored), jira)
        async with leader.working():
            await until(lambda: len(told(jira)) == 1)
            assert REPORT in cluster.objects
            await until(lambda: PLACE not in leader.book)

    assert told(jira) == [(4, "cancelled")] * 2
    assert REPORT not in cluster.objects


async def test_one_that_jira_has_refused_for_a_week_is_given_up_in_the_journal_too(
    cluster: FakeCluster, api: ApiClient, jira: FakeJira, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "RECHECK_UNTIL", timedelta(0))
    stored = await recorded(api, Ledger(ref(), (UNDER_WAY,)))
    jira.next.append(BAD)
    async with leading(api) as context:
        await context.journal.take_over(1000)
        leader = Leader(context, book(stored), jira)
        await leader.work_until(lambda: bool(told(jira)) and PLACE not in leader.book)
        await context.journal.flush(CEILING)

    assert len(context.journal) == 0
    assert REPORT not in cluster.objects


@pytest.mark.usefixtures("asked_again_soon")
async def test_so_is_that_of_a_workload_whose_annotation_was_removed(
    cluster: FakeCluster, api: ApiClient, jira: FakeJira
) -> None:
    """Whatever else Jira does not know of it, that nobody asks about any more."""
    linked_in_part = accepted(entry(number=1, rollout_id="1-release-1"), unknown=["SHOP-57"])
    stored = await recorded(api, Ledger(ref(), (linked_in_part, UNDER_WAY)))
    jira.next.append(BAD)
    held = cluster.hold(DEPLOYMENT, deployment(keys=None))
    async with leading(api) as context:
        await context.journal.take_over(1000)
        leader = Leader(context, book(stored), jira)
        leader.sightings.put(read_deployment(held))
        await leader.work_until(lambda: told(jira) == [(4, "successful")] * 2)


async def reported(cluster: FakeCluster, api: ApiClient, *revisions: int) -> tuple[list[Snapshot], Ledger]:
    """What a leader has seen of some versions, and what it leaves on record of them."""
    jira = FakeJira(seconds=0)
    async with leading(api) as context:
        await context.journal.take_over(1000)
        leader = Leader(context, Book(), jira)
        leader.know_sites()
        seen = []
        async with leader.working():
            for revision in revisions:
                seen.append(rolled_out(cluster, revision))
                leader.sightings.put(seen[-1])
                await until(partial(was_told, jira, revision))
            await until(lambda: leader.book[PLACE].ledger.is_settled)
    return seen, leader.book[PLACE].ledger


@pytest.mark.parametrize("state", [State.SUCCESSFUL, State.IN_PROGRESS, State.FAILED])
async def test_a_watch_that_is_late_rolls_nothing_back(
    cluster: FakeCluster, api: ApiClient, jira: FakeJira, state: State
) -> None:
    """A standby's may be, and the leader before it has told of the next version already."""
    (old, new), ledger = await reported(cluster, api, 4, 5)
    assert ledger.current is not None
    ledger = ledger.put(accepted(replace(ledger.current, state=state, acknowledged=None)))
    async with leading(api) as context:
        await context.journal.take_over(2000)
        leader = Leader(context, book(StoredReport(ledger, (), "7", "ops")), jira)
        leader.know_sites()
        leader.sightings.put(old)
        async with leader.working():
            await until(lambda: leader.book[PLACE].snapshot is not None)
            leader.sightings.put(new)
            await until(lambda: leader.states() == ["successful", "successful"])

    assert set(told(jira)) <= {(5, "successful")}


async def test_nor_does_it_bring_back_a_workload_that_is_gone(
    cluster: FakeCluster, api: ApiClient, jira: FakeJira
) -> None:
    """The sweep has found its end already, and Jira has not answered to that yet."""
    (_, late), ledger = await reported(cluster, api, 4, 5)
    assert ledger.current is not None
    begun = replace(ledger.current, state=State.IN_PROGRESS, acknowledged=None)
    stored = StoredReport(ledger.put(accepted(begun)), (), "7", "ops")
    cluster.remove(DEPLOYMENT)
    jira.down = DOWN
    async with leading(api) as context:
        await context.journal.take_over(1000)
        leader = Leader(context, book(stored), jira)
        leader.know_sites()
        async with leader.working():
            leader.sightings.put(Gone(ref()))
            await until(lambda: leader.states() == ["successful", "cancelled"])
            await until(lambda: bool(told(jira)))
            leader.sightings.put(late)
            jira.down = None
            await until(lambda: len(told(jira)) > 1)

    assert {state for _, state in told(jira)} == {"cancelled"}


@pytest.mark.parametrize("is_readable", [True, False])
async def test_what_the_journal_tells_counts_though_the_record_could_not_be_read_at_first(
    cluster: FakeCluster, api: ApiClient, jira: FakeJira, *, is_readable: bool
) -> None:
    """Rights in a Namespace may be late, while the others are served already."""
    stored = await recorded(api, Ledger(ref(), (UNDER_WAY,)))
    ended = noted(moved_on(UNDER_WAY, State.SUCCESSFUL, "done"))
    async with leading(api) as context:
        await context.journal.take_over(1000)
        leader = Leader(context, book(stored if is_readable else None, ended), jira)
        leader.know_sites()
        leader.sightings.put(rolled_out(cluster, 5))
        await leader.work_until(lambda: {(4, "successful"), (5, "successful")} <= set(told(jira)))

    assert leader.states() == ["successful", "successful"]
    assert len(told(jira)) == 2


async def test_a_workload_that_is_reported_goes_on_while_the_crd_is_away(
    cluster: FakeCluster, api: ApiClient, jira: FakeJira
) -> None:
    stored = await recorded(api, Ledger(ref(), (accepted(entry()),)))
    async with leading(api) as context:
        await context.journal.take_over(1000)
        leader = Leader(context, book(stored), jira)
        leader.know_sites()
        for each in (f"PUT {REPORT}/status", f"GET {REPORT}", f"POST {REPORTS}", f"GET {REPORTS}"):
            cluster.refusals[each] = (404, "the server could not find the requested resource")
        async with leader.working():
            for revision in (5, 6):
                leader.sightings.put(rolled_out(cluster, revision))
                await until(partial(was_told, jira, revision))
                await until(lambda: leader.book[PLACE].stored is None)
            assert len(context.journal) == 2
            cluster.refusals.clear()  # what was on record before is older than what is known
            leader.sightings.put(rolled_out(cluster, 7))
            await until(partial(was_told, jira, 7))
            await until(lambda: leader.book[PLACE].ledger.is_settled)

    assert told(jira) == [(revision, "successful") for revision in (5, 6, 7)]
    assert leader.states() == ["successful"] * 4


def test_a_number_that_is_far_ahead_is_passed_though_the_journal_owes_the_end_again() -> None:
    """The clock was wrong when Jira acknowledged it, and was put right since."""
    ahead = accepted(entry(state=State.IN_PROGRESS), number=10**14)
    stored = StoredReport(Ledger(ref(), (ahead,)), (), "7", "ops")
    [owed] = book(stored, noted(moved_on(ahead, State.SUCCESSFUL, "done")))[PLACE].due.values()

    assert owed.state is State.SUCCESSFUL
    assert owed.acknowledged is not None
    assert owed.acknowledged.update_number == 10**14


async def test_an_end_counts_for_more_than_an_older_record_though_the_clock_was_set_back(
    cluster: FakeCluster, api: ApiClient, jira: FakeJira
) -> None:
    [seen], ledger = await reported(cluster, api, 4)
    assert ledger.current is not None
    ahead = datetime.now(UTC) + timedelta(hours=1)
    under_way = accepted(replace(ledger.current, state=State.IN_PROGRESS, since=ahead, acknowledged=None))
    stored = StoredReport(Ledger(ref(), (under_way,)), (), "7", "ops")
    cluster.remove(PAGE)
    async with leading(api) as context:
        await context.journal.take_over(1000)
        leader = Leader(context, book(stored), jira)
        leader.sightings.put(seen)
        await leader.work_until(lambda: told(jira) == [(4, "successful")])
        listed, _ = await context.journal.take_over(2000)

    [owed] = book(stored, listed)[PLACE].due.values()
    assert owed.state is State.SUCCESSFUL


def is_under_way(leader: Leader, revision: int) -> bool:
    rollout = leader.book[PLACE].course.taken_up
    return leader.book[PLACE].snapshot is not None and rollout is not None and rollout.revision == revision


@pytest.mark.parametrize("is_new_process", [False, True])
async def test_a_way_back_to_before_the_annotation_is_followed_to_its_end(
    cluster: FakeCluster, api: ApiClient, jira: FakeJira, *, is_new_process: bool
) -> None:
    """`kubectl rollout undo` takes the annotation away as it begins, so no watch would show the end."""
    rolled_out(cluster, 4)
    before = deepcopy(cluster.objects[DEPLOYMENT])
    _, ledger = await reported(cluster, api, 5)
    annotated = deepcopy(cluster.objects[DEPLOYMENT])
    del before["metadata"]["annotations"][names.ISSUE_KEYS]
    revision = "deployment.kubernetes.io/revision"
    before["metadata"]["annotations"][revision] = "6"
    before["metadata"]["generation"] = before["status"]["observedGeneration"] = 6
    came_back = cluster.objects[f"{APPS}/replicasets/checkout-r4"]
    came_back["metadata"]["annotations"] |= {revision: "6", f"{revision}-history": "4"}
    cluster.hold(f"{APPS}/replicasets/checkout-r4", came_back)
    begun = deepcopy(before)
    begun["status"] |= {"replicas": 2, "updatedReplicas": 1, "availableReplicas": 1}
    for each in begun["status"]["conditions"]:
        each["reason"] = "ReplicaSetUpdated"

    known: set[str] = set()
    async with leading(api, follow=known.add) as context:
        await context.journal.take_over(2000)
        leader = Leader(context, book(StoredReport(ledger, (), "7", "ops")), jira)
        leader.know_sites()
        observer = Observer(
            lambda seen, gap: leader.sightings.put(seen, after_gap=gap), lambda _: True, known
        )
        if not is_new_process:
            observer.observe(Kind.DEPLOYMENT, {"type": None, "object": annotated})
        held = cluster.hold(DEPLOYMENT, begun)
        observer.observe(Kind.DEPLOYMENT, {"type": None if is_new_process else "MODIFIED", "object": held})
        async with leader.working():
            await until(lambda: is_under_way(leader, 6))
            held = cluster.hold(DEPLOYMENT, before)
            observer.observe(Kind.DEPLOYMENT, {"type": "MODIFIED", "object": held})
            assert leader.sightings.get(PLACE) == read_deployment(held)
            await until(lambda: leader.states() == ["rolled_back"])
