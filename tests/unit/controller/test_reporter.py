"""What a new leader makes of the places on record and of what the watch has seen meanwhile."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.errors import TerminatingError
from rollout_reporter.cluster.journal_pages import Listed
from rollout_reporter.controller import follower
from rollout_reporter.controller import reporter as reporting
from rollout_reporter.controller import sweep as sweeping
from rollout_reporter.controller.backoff import Backoffs
from rollout_reporter.controller.book import Book
from rollout_reporter.controller.sightings import Gone, Hidden, Sightings
from rollout_reporter.core.deployments import read_deployment
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.outcome import Accepted, Rejected
from rollout_reporter.core.report import DeploymentKey, State, Update
from rollout_reporter.core.resync import Resync
from rollout_reporter.core.rollouts import read_rollout
from rollout_reporter.core.workload import Place, Snapshot
from unit.cluster.fake_cluster import APPS, ARGO, FakeCluster
from unit.cluster.records import recorded
from unit.controller.awaiting import until
from unit.controller.fake_jira import FakeJira
from unit.controller.leading import Leader, leading
from unit.core.situations import (
    NOW,
    accepted,
    deployment,
    entry,
    moved_on,
    ref,
    replica_set,
    snapshot,
    wishes,
)

PLACE = ref().place
DEPLOYMENT = f"{APPS}/deployments/checkout"
DOMAIN = "rollout-reporter.dev"
NAMESPACE = "GET /api/v1/namespaces/shop"
IN_PROGRESS = accepted(entry(state=State.IN_PROGRESS))


@pytest.fixture
async def leader(api: ApiClient) -> AsyncIterator[Leader]:
    stored = await recorded(api, Ledger(ref(), (IN_PROGRESS,)))
    async with leading(api) as context:
        yield Leader(context, Book.of([stored], [], NOW))


async def test_a_rollout_whose_workload_is_not_there_any_more_is_closed(leader: Leader) -> None:
    await leader.work_until(lambda: leader.states() == ["cancelled"])


class Noting:
    """Notes what is to be read back in place of doing it."""

    def __init__(self, *_: object) -> None:
        self.expected: dict[DeploymentKey, int] = {}

    def expect(self, _: str, __: Place, update: Update) -> None:
        self.expected[update.report.key] = update.number

    def forget(self, _: str, key: DeploymentKey) -> None:
        self.expected.pop(key, None)


async def test_an_end_is_read_back_until_jira_takes_that_it_goes_on(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal in between changes nothing of what Jira holds."""
    monkeypatch.setattr(reporting, "ReadBack", Noting)
    going_on, failed = IN_PROGRESS, moved_on(IN_PROGRESS, State.FAILED, "deadline exceeded")
    stored = await recorded(api, Ledger(ref(), (failed,)))
    async with leading(api, read_back=True) as context:
        reporter = reporting.Reporter(context, Book.of([stored], [], NOW))
        noting = cast("Noting", reporter._read_back)

        reporter.settle(PLACE, Update(failed.report, 101), Accepted())
        reporter.settle(PLACE, Update(failed.report, 102), Rejected(("Not now",)))
        assert noting.expected == {failed.key: 101}

        reporter.settle(PLACE, Update(going_on.report, 103), Accepted())
        assert noting.expected == {}


async def test_a_rollout_whose_workload_was_seen_to_end_is_closed(leader: Leader) -> None:
    leader.sightings.put(Gone(ref()))
    await leader.work_until(lambda: leader.states() == ["cancelled"])


async def test_a_rollout_of_a_workload_that_was_made_again_is_closed(
    cluster: FakeCluster, leader: Leader
) -> None:
    cluster.hold(DEPLOYMENT, deployment(uid="uid-2"))
    cluster.hold(f"{APPS}/replicasets/checkout-7d9f", replica_set(owner="uid-2"))
    leader.sightings.put(read_deployment(deployment(uid="uid-2")))
    await leader.work_until(lambda: leader.states() == ["cancelled"])

    assert leader.book[PLACE].ref == ref(uid="uid-2")


async def test_a_late_sighting_of_a_workload_that_was_made_again_changes_nothing(
    cluster: FakeCluster, leader: Leader
) -> None:
    held = cluster.hold(DEPLOYMENT, deployment(uid="uid-2"))
    cluster.hold(f"{APPS}/replicasets/checkout-7d9f", replica_set(owner="uid-2"))
    leader.sightings.put(read_deployment(held))
    await leader.work_until(lambda: leader.states() == ["cancelled"])
    leader.sightings.put(read_deployment(deployment(resourceVersion="5")))
    await leader.work_until(lambda: leader.sightings.next(PLACE) is not None)

    assert leader.book[PLACE].ref == ref(uid="uid-2")
    assert leader.states() == ["cancelled"]


async def test_a_rollout_of_a_workload_whose_namesake_has_ended_too_is_closed(leader: Leader) -> None:
    leader.sightings.put(Gone(ref(uid="uid-2")))
    await leader.work_until(lambda: leader.states() == ["cancelled"])


@pytest.fixture
def retried_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "Backoffs", partial(Backoffs, first=timedelta(milliseconds=50)))


@pytest.mark.usefixtures("retried_soon")
async def test_what_was_seen_while_rights_were_late_is_not_forgotten_for_what_came_then(
    cluster: FakeCluster, leader: Leader
) -> None:
    """An API server that was restarted forbids everything for a while."""
    cluster.hold("/api/v1/namespaces/shop", {})
    cluster.refusals[NAMESPACE] = (403, "the role is not known yet")
    first = replace(read_deployment(deployment("cart", uid="uid-3")), observed=False)
    second = replace(first, template="next", release="next", resource_version=11)
    leader.sightings.put(first)

    def is_passed_by() -> bool:
        if _refused(cluster) == 2 and leader.sightings.get(first.ref.place) is first:
            leader.sightings.put(second)
        if _refused(cluster) == 3:
            cluster.refusals.clear()
        tracked = leader.book.get(first.ref.place)
        return tracked is not None and [each.release for each in tracked.course.passed_by] == [first.release]

    await leader.work_until(is_passed_by)


@pytest.mark.parametrize(("owner", "told"), [(None, ["successful"]), ("other", [])])
async def test_the_end_of_a_rollout_is_told_though_nothing_can_be_recorded_any_more(
    cluster: FakeCluster,
    leader: Leader,
    monkeypatch: pytest.MonkeyPatch,
    owner: str | None,
    told: list[str],
) -> None:
    """Its Namespace was deleted before it was first seen. What another installation reports stays its own."""

    claims: list[object] = []

    async def claim(*claimed: object) -> None:
        claims.append(claimed)
        raise TerminatingError("shop is being terminated")

    monkeypatch.setattr(follower, "claim_report", claim)
    cluster.hold("/api/v1/namespaces/shop", {})
    leader.know_sites()
    cart = ref("cart", uid="uid-3")
    leader.book.place_for(cart).owner = owner
    created(cluster, leader.sightings, "cart", "uid-3")

    await leader.work_until(lambda: bool(claims))
    assert leader.handed(cart.place) == told


@pytest.mark.parametrize("there_is", [None, "uid-4"])
async def test_a_workload_that_only_a_watch_still_shows_is_not_taken_up_again(
    cluster: FakeCluster, leader: Leader, there_is: str | None
) -> None:
    """Who led before has told Jira of its deletion, and removed what was on record of it."""
    cart = ref("cart", uid="uid-3")
    cluster.hold("/api/v1/namespaces/shop", {})
    leader.know_sites()
    created(cluster, leader.sightings, "cart", "uid-3")
    cluster.remove(f"{APPS}/deployments/cart")
    if there_is:
        cluster.hold(f"{APPS}/deployments/cart", deployment("cart", uid=there_is))
    cluster.forget_requests()

    await leader.work_until(lambda: f"GET {APPS}/deployments/cart" in map(str, cluster.asked))
    await leader.work_until(lambda: leader.states() == ["cancelled"])

    assert leader.handed(cart.place) == []
    assert [each for each in cluster.writes() if "cart" in each] == []


async def test_a_workload_that_the_api_server_does_not_know_yet_is_taken_up_a_little_later(
    cluster: FakeCluster, leader: Leader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch was faster than the API server that was asked."""
    monkeypatch.setattr(follower, "DOUBT", timedelta(milliseconds=50))
    cart = ref("cart", uid="uid-3")
    cluster.hold("/api/v1/namespaces/shop", {})
    leader.know_sites()
    created(cluster, leader.sightings, "cart", "uid-3")
    held = cluster.objects[f"{APPS}/deployments/cart"]
    cluster.remove(f"{APPS}/deployments/cart")
    cluster.forget_requests()

    async with leader.working():
        await until(lambda: f"GET {APPS}/deployments/cart" in map(str, cluster.asked))
        assert leader.handed(cart.place) == []
        cluster.hold(f"{APPS}/deployments/cart", held)
        await until(lambda: leader.handed(cart.place) == ["successful"])


def _refused(cluster: FakeCluster) -> int:
    return sum(str(each) == NAMESPACE for each in cluster.asked)


async def test_without_its_jira_site_a_workload_waits_and_says_so(
    cluster: FakeCluster, leader: Leader
) -> None:
    cluster.hold("/api/v1/namespaces/shop", {})
    created(cluster, leader.sightings, "cart", "uid-3")
    await leader.work_until(lambda: _reason(cluster) == "SiteNotFound")


async def test_a_workload_whose_namespace_is_told_its_site_later_is_reported_though_nothing_of_it_changes(
    cluster: FakeCluster, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Namespaces are not watched."""
    monkeypatch.setattr(follower, "NAMESPACE_PERIOD", timedelta(milliseconds=50))
    cluster.hold("/api/v1/namespaces/shop", of_site("another"))
    async with leading(api) as context:
        leader = Leader(context, Book())
        leader.know_sites()
        created(cluster, context.sightings, "cart", "uid-3")
        async with leader.working():
            await until(lambda: _reason(cluster) == "SiteNotFound")
            cluster.hold("/api/v1/namespaces/shop", of_site("default"))
            await until(lambda: bool(leader.entries()))


async def test_workloads_of_one_pipeline_that_were_made_in_one_second_have_numbers_of_their_own(
    cluster: FakeCluster, api: ApiClient
) -> None:
    """Else the report of one would replace that of the other."""
    cluster.hold("/api/v1/namespaces/shop", {})
    async with leading(api) as context:
        leader = Leader(context, Book())
        leader.know_sites()
        for name, uid in (("cart", "uid-3"), ("search", "uid-4")):
            created(cluster, context.sightings, name, uid, pipeline="shop", environment="production")
        await leader.work_until(lambda: len(leader.entries()) == 2)

    assert len({each.key for each in leader.entries()}) == 2
    assert len({each.pipeline.id for each in leader.entries()}) == 1


def of_site(name: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {f"{DOMAIN}/site": name}}}


def created(cluster: FakeCluster, sightings: Sightings, name: str, uid: str, **notes: str) -> None:
    body = deployment(name, uid=uid)
    body["metadata"]["annotations"] |= {f"{DOMAIN}/{each}": text for each, text in notes.items()}
    held = cluster.hold(f"{APPS}/deployments/{name}", body)
    cluster.hold(f"{APPS}/replicasets/{name}-7d9f", replica_set(name, owner=uid))
    sightings.put(read_deployment(held))


def _reason(cluster: FakeCluster) -> str | None:
    shown = cluster.conditions(f"{APPS}/deployments/cart").get("rollout-reporter.dev/Reported", {})
    reason: str | None = shown.get("reason")
    return reason


async def test_a_workload_that_may_not_be_read_is_not_reported_as_it_was_once_and_given_up_later(
    cluster: FakeCluster, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the journal lists may be older than what an earlier leader has told Jira."""
    monkeypatch.setattr(follower, "HIDDEN_GRACE", timedelta(milliseconds=100))
    cluster.refusals[f"GET {DEPLOYMENT}"] = (403, "no rights")
    async with leading(api, watch_namespaces=("shop",)) as context:
        leader = Leader(context, Book.of([], [Listed(ref(), entry(state=State.IN_PROGRESS), NOW)], NOW))
        handed: list[str] = []

        def is_given_up() -> bool:
            tracked = leader.book[PLACE]
            handed.extend(tracked.ledger.entries[0].state.value for _ in tracked.handed)
            return leader.states() == ["unknown"] and bool(tracked.handed)

        await leader.work_until(is_given_up)

    assert set(handed) == {"unknown"}
    assert cluster.writes() == []


async def test_a_workload_whose_namespace_took_our_rights_along_unseen_is_given_up_soon(
    cluster: FakeCluster, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch may tell nothing of it either, and the sweep comes every five minutes (seed 40070)."""
    monkeypatch.setattr(follower, "HIDDEN_GRACE", timedelta(milliseconds=100))
    retry_quickly(monkeypatch, patience=timedelta(milliseconds=50))
    listed = Listed(ref(), entry(state=State.IN_PROGRESS), NOW)
    seen = read_deployment(cluster.hold(DEPLOYMENT, deployment()))
    for path in (DEPLOYMENT, f"{APPS}/replicasets", "/api/v1/namespaces/shop/pods"):
        cluster.refusals[f"GET {path}"] = (403, "no rights")
    async with leading(api, watch_namespaces=("shop",)) as context:
        leader = Leader(context, Book.of([], [listed], NOW))
        leader.sightings.put(seen)
        await leader.work_until(lambda: leader.states() == ["unknown"])


async def test_a_workload_that_may_be_read_again_is_not_given_up_though_the_watch_has_nothing_new(
    cluster: FakeCluster, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rights that come back do not make a watch begin anew that had gone on."""
    monkeypatch.setattr(follower, "HIDDEN_GRACE", timedelta(milliseconds=300))
    cluster.hold("/api/v1/namespaces/shop", {})
    cluster.hold(f"{APPS}/replicasets/checkout-7d9f", replica_set())
    cluster.hold(DEPLOYMENT, deployment())
    cluster.refusals[f"GET {DEPLOYMENT}"] = (403, "no rights")
    async with leading(api, watch_namespaces=("shop",)) as context:
        leader = Leader(context, Book.of([], [Listed(ref(), entry(state=State.IN_PROGRESS), NOW)], NOW))
        leader.know_sites()
        leader.sightings.put(Hidden(ref()))
        async with leader.working():
            await until(lambda: leader.book[PLACE].hidden_since is not None)
            del cluster.refusals[f"GET {DEPLOYMENT}"]
            await until(lambda: leader.book[PLACE].snapshot is not None)
            await until(lambda: isinstance(leader.sightings.get(PLACE), Snapshot))

    assert "unknown" not in leader.states()


def retry_quickly(monkeypatch: pytest.MonkeyPatch, *, patience: timedelta | None = None) -> None:
    quick = partial(Backoffs, timedelta(milliseconds=1), timedelta(milliseconds=20))
    monkeypatch.setattr(reporting, "Backoffs", quick)
    if patience:
        monkeypatch.setattr(reporting, "PATIENCE_WITH_RIGHTS", patience)


async def test_what_is_refused_often_in_a_short_time_is_not_passed_over(
    cluster: FakeCluster, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each event of a busy workload is an attempt, and an API server that has just started forbids all."""
    retry_quickly(monkeypatch)
    cluster.hold("/api/v1/namespaces/shop", {})
    cluster.hold(f"{APPS}/replicasets/checkout-7d9f", replica_set())
    refused = f"GET {APPS}/replicasets"
    cluster.refusals[refused] = (403, "no rights")
    async with leading(api) as context:
        leader = Leader(context, Book())
        leader.know_sites()
        leader.sightings.put(read_deployment(cluster.hold(DEPLOYMENT, deployment())))
        async with leader.working():
            await until(lambda: [str(each) for each in cluster.asked].count(refused) > 9)
            del cluster.refusals[refused]
            await until(lambda: bool(leader.entries()))

    assert isinstance(leader.sightings.get(PLACE), Snapshot)


async def test_the_template_of_a_rollout_that_may_not_be_read_for_a_while_is_not_told_by_itself(
    cluster: FakeCluster, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    retry_quickly(monkeypatch, patience=timedelta(milliseconds=50))
    monkeypatch.setattr(follower, "HIDDEN_GRACE", timedelta(milliseconds=300))
    cluster.hold("/api/v1/namespaces/shop", {})
    cluster.hold(f"{APPS}/replicasets/checkout-7d9f", replica_set())
    template = read_deployment(cluster.hold(DEPLOYMENT, deployment()))
    user = read_rollout(cluster.hold(f"{ARGO}/rollouts/front", rollout(uses=template.ref.name)))
    refused = {f"GET {DEPLOYMENT}", f"GET {ARGO}/rollouts/front"}
    cluster.refusals |= dict.fromkeys(refused, (403, "no rights"))
    async with leading(api) as context:
        leader = Leader(context, Book())
        leader.know_sites()
        leader.sightings.put(user)
        leader.sightings.put(template)
        async with leader.working():
            await until(lambda: isinstance(leader.sightings.get(user.ref.place), Hidden))
            for each in refused:
                del cluster.refusals[each]
            await until(lambda: PLACE in leader.book and leader.book[PLACE].snapshot is not None)
            await until(lambda: isinstance(leader.sightings.get(user.ref.place), Snapshot))

    tracked = leader.book[PLACE]
    assert tracked.snapshot is not None
    assert tracked.snapshot.is_muted
    assert tracked.ledger.entries == ()


def rollout(*, uses: str) -> dict[str, Any]:
    """Argo's controller has not seen it yet."""
    return {
        "metadata": {
            "name": "front",
            "namespace": "shop",
            "uid": "uid-2",
            "generation": 1,
            "creationTimestamp": "2026-11-24T12:00:00Z",
        },
        "spec": {"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": uses}},
    }


async def test_a_namespace_that_was_set_up_before_the_site_counts_though_it_was_just_read(
    cluster: FakeCluster, api: ApiClient
) -> None:
    """As when all is applied at once, and in no particular order."""
    namespace = "/api/v1/namespaces/shop"
    cluster.hold(namespace, {})
    cluster.hold(f"{APPS}/replicasets/checkout-7d9f", replica_set())
    async with leading(api) as context:
        leader = Leader(context, Book())
        leader.sightings.put(read_deployment(cluster.hold(DEPLOYMENT, deployment())))
        async with leader.working():
            await until(lambda: PLACE in leader.book and leader.book[PLACE].no_site is not None)
            cluster.hold(namespace, {"metadata": {"labels": {"environment": "production"}}})
            leader.know_sites()
            leader.site_changed()
            await until(lambda: bool(leader.entries()))

    assert [each.environment.name for each in leader.entries()] == ["production"]


async def test_what_is_deleted_before_there_is_a_site_for_it_goes_untold_but_not_in_silence(
    cluster: FakeCluster, api: ApiClient, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.hold("/api/v1/namespaces/shop", {})
    cluster.hold(f"{APPS}/replicasets/checkout-7d9f", replica_set())
    async with leading(api) as context:
        leader = Leader(context, Book())
        leader.sightings.put(read_deployment(cluster.hold(DEPLOYMENT, deployment())))
        async with leader.working():
            await until(lambda: PLACE in leader.book and leader.book[PLACE].untold is not None)
            leader.sightings.put(Gone(ref()))
            leader.site_changed()
            await until(lambda: bool(caplog.messages))

    [said] = caplog.messages
    assert said.startswith(f"{PLACE}: the workload was deleted; Jira is not told of revision 1 and later: ")
    assert "JiraSite" in said


async def test_a_resync_holds_for_records_too_that_can_be_read_only_later(
    cluster: FakeCluster, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rights in one of several Namespaces may be late."""
    monkeypatch.setattr(sweeping, "PERIOD", timedelta(milliseconds=50))
    cluster.hold("/api/v1/namespaces/shop", {})
    cluster.hold(DEPLOYMENT, deployment())
    await recorded(api, Ledger(ref(), (accepted(entry()),)))
    jira = FakeJira(seconds=0)
    async with leading(api, watch_namespaces=("shop",)) as context:
        await context.journal.take_over(1000)
        leader = Leader(context, Book(), jira, unread=frozenset({"shop"}))
        leader.know_sites()
        assert leader.resend(Resync(NOW + timedelta(days=9))) == 0
        await leader.work_until(lambda: bool(jira.held))


async def test_a_resync_that_is_over_prunes_no_keys_that_go_later(
    cluster: FakeCluster, api: ApiClient
) -> None:
    """Also while a Namespace cannot be read, and is asked for its records with every sweep."""
    cluster.refusals[f"GET /apis/{DOMAIN}/v1alpha1/namespaces/other/rolloutreports"] = 403, "forbidden"
    two = replace(entry(), issue_keys=("SHOP-1", "SHOP-2"), noted_keys=("SHOP-2",))
    stored = await recorded(api, Ledger(ref(), (accepted(two),)))
    async with leading(api, watch_namespaces=("shop", "other")) as context:
        book = Book.of([stored], [], NOW)
        leader = Leader(context, book, unread=frozenset({"other"}))
        book[PLACE].snapshot = snapshot(wishes=wishes("SHOP-1,SHOP-2"))
        assert leader.resend(Resync(NOW - timedelta(days=9), prune_keys=True)) == 0

        book[PLACE].snapshot = snapshot(wishes=wishes("SHOP-2"))
        await leader.read_unread()
        assert book[PLACE].ledger.entries[-1].issue_keys == ("SHOP-1", "SHOP-2")
