import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster.reports import StoredReport, load_report, store_report
from rollout_reporter.controller import publisher as publishing
from rollout_reporter.controller.backoff import Backoffs
from rollout_reporter.controller.book import Book, Tracked
from rollout_reporter.controller.outbox import Item
from rollout_reporter.controller.post import Post
from rollout_reporter.controller.publisher import Publisher
from rollout_reporter.controller.settings import ANNOUNCE_AFTER
from rollout_reporter.controller.sightings import Gone, Sightings
from rollout_reporter.core.condition import Condition, ShownCondition, Status
from rollout_reporter.core.conditions import UNREPORTED
from rollout_reporter.core.deployments import read_deployment
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.names import REPORTED
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.core.report import State
from unit.cluster.fake_cluster import APPS, EVENTS, OURS, FakeCluster
from unit.cluster.records import recorded
from unit.controller.awaiting import until
from unit.controller.fake_jira import Desk
from unit.controller.leading import leading
from unit.core.situations import NOW, accepted, deployment, entry, moved_on, ref, rejected, snapshot, wishes

PLACE = ref().place
DEPLOYMENT = f"{APPS}/deployments/checkout"
REPORTS = f"{OURS}/shop/rolloutreports"
REPORT = f"{REPORTS}/deployment-checkout"

NEW_REPORT = [f"POST {REPORTS}", f"PUT {REPORT}/status"]
REPORT_AGAIN = [f"PUT {REPORT}/status"]
CONDITION = [f"PATCH {DEPLOYMENT}/status"]
EVENT = [f"POST {EVENTS}"]

IN_PROGRESS = entry(state=State.IN_PROGRESS)
LONG_AGO = timedelta(hours=1)


@dataclass
class Shop:
    """One Deployment in a cluster, what the operator knows of it, and who shows that."""

    cluster: FakeCluster
    api: ApiClient
    book: Book
    sightings: Sightings
    publisher: Publisher
    post: Post

    @property
    def tracked(self) -> Tracked:
        """What is known of the Deployment."""
        return self.book[PLACE]

    def know(self, *entries: Entry, **known: Any) -> None:
        """Know the Deployment's history; it stands in the cluster as it was last shown."""
        ledger = Ledger(ref(), entries)
        now = replace(read_deployment(self.cluster.objects[DEPLOYMENT]), revision=4)
        usual: dict[str, Any] = {"course": ledger.course, "snapshot": now, "issue_keys": ("SHOP-41",)}
        self.book[PLACE] = Tracked(ledger=ledger, **(usual | known))

    def learn(self, one: Entry, *, after: timedelta = LONG_AGO) -> None:
        """Put an entry into the ledger; what is due has been so for a while."""
        self.tracked.ledger = self.tracked.ledger.put(one)
        self.tracked.urgent_since = datetime.now(UTC) - after if one.is_due else None

    async def shown(self) -> list[str]:
        """Show it, and tell which writes that took."""
        self.cluster.forget_requests()
        self.publisher.publish(PLACE)
        while not self.publisher.is_idle:  # noqa: ASYNC110 (nothing tells of that)
            await asyncio.sleep(0.001)
        return self.cluster.writes()

    @property
    def condition(self) -> dict[str, Any] | None:
        """Our condition on the Deployment."""
        return self.cluster.conditions(DEPLOYMENT).get(REPORTED)

    @property
    def reason(self) -> str | None:
        """Its reason."""
        return self.condition["reason"] if self.condition else None


@asynccontextmanager
async def running(cluster: FakeCluster, api: ApiClient, **options: Any) -> AsyncIterator[Shop]:
    trouble = Trouble(TroubleReason.UNAVAILABLE, "Jira is down.")
    async with leading(api, **options) as context:
        desk, book = Desk(), Book()
        post = Post(lambda _: trouble, desk.next_number, desk, context.now)
        publisher = Publisher(context, book, post)
        shop = Shop(cluster, api, book, context.sightings, publisher, post)
        tasks = [asyncio.create_task(work.run()) for work in (publisher, post)]
        try:
            yield shop
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


@pytest.fixture
async def shop(cluster: FakeCluster, api: ApiClient) -> AsyncIterator[Shop]:
    cluster.hold(DEPLOYMENT, deployment())
    async with running(cluster, api) as shop:
        yield shop


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be done again in seconds is done again at once."""
    monkeypatch.setattr(publishing, "Backoffs", partial(Backoffs, first=timedelta(milliseconds=1)))
    monkeypatch.setattr(publishing, "QUIET", timedelta(milliseconds=20))


# As few writes as it takes.


async def test_what_jira_holds_is_shown_on_report_and_workload_and_told_once(shop: Shop) -> None:
    shop.know(accepted(entry()))

    assert await shop.shown() == NEW_REPORT + CONDITION + EVENT
    assert shop.reason == "Successful"


async def test_showing_the_same_again_writes_nothing(shop: Shop) -> None:
    shop.know(accepted(entry()))
    await shop.shown()

    assert await shop.shown() == []


async def test_the_next_state_costs_one_write_of_each(shop: Shop) -> None:
    shop.know(accepted(IN_PROGRESS))
    await shop.shown()
    shop.learn(accepted(entry(), number=101))

    assert await shop.shown() == REPORT_AGAIN + CONDITION + EVENT
    assert shop.reason == "Successful"


async def test_a_mere_message_is_shown_without_an_event_and_keeps_the_time(shop: Shop) -> None:
    shop.know(accepted(IN_PROGRESS))
    await shop.shown()
    before = shop.condition
    shop.learn(accepted(replace(IN_PROGRESS, because="2 of 3 new pods available"), number=101))

    shop.tracked.described_since = datetime.now(UTC) - LONG_AGO
    assert await shop.shown() == REPORT_AGAIN + CONDITION
    assert before is not None
    assert shop.condition is not None
    assert "2 of 3" in shop.condition["message"]
    assert shop.condition["lastTransitionTime"] == before["lastTransitionTime"]


async def test_a_new_rollout_of_the_same_state_is_news(shop: Shop) -> None:
    shop.know(accepted(entry()))
    await shop.shown()
    later = entry(number=2**52, rollout_id="5", revision=5)
    shop.learn(accepted(later))
    shop.tracked.course = shop.tracked.ledger.course

    assert EVENT[0] in await shop.shown()


async def test_after_a_restart_what_is_settled_is_not_written_again(shop: Shop) -> None:
    shop.know(accepted(entry()))
    await shop.shown()
    stored = await load_report(shop.api, ref())
    assert stored is not None
    shop.book[PLACE] = Book.of([stored], [], NOW)[PLACE]
    shop.tracked.see(read_deployment(shop.cluster.objects[DEPLOYMENT]), NOW)
    shop.learn(shop.tracked.ledger.entries[0])

    assert await shop.shown() == []


async def test_what_others_made_of_our_condition_is_put_right(shop: Shop) -> None:
    shop.know(accepted(entry()))
    await shop.shown()
    body = deployment()
    body["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "4"
    shop.cluster.hold(DEPLOYMENT, body)
    shop.tracked.see(read_deployment(shop.cluster.objects[DEPLOYMENT]), NOW)

    assert await shop.shown() == CONDITION
    assert shop.reason == "Successful"


async def test_nothing_is_written_on_a_deployment_whose_controller_is_about_to_write(shop: Shop) -> None:
    """If its word on a new ReplicaSet meets our write it is lost, and with it the deadline."""
    shop.know(accepted(entry()))
    assert shop.tracked.snapshot
    shop.tracked.snapshot = replace(shop.tracked.snapshot, observed=False)

    assert CONDITION[0] not in await shop.shown()


async def test_a_deployment_that_was_changed_meanwhile_is_not_written_until_the_change_was_seen(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its controller may be about to say, once, that there is a new ReplicaSet."""
    monkeypatch.setattr(publishing, "CONFLICT_PAUSE", timedelta(milliseconds=20))
    shop.know(accepted(entry()))
    changed = shop.cluster.hold(DEPLOYMENT, deployment())
    await shop.shown()
    assert shop.condition is None

    shop.tracked.see(replace(read_deployment(changed), revision=4), NOW)
    await until(lambda: shop.reason == "Successful")


async def test_a_change_that_was_seen_and_waits_for_its_turn_costs_no_refused_write(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "CONFLICT_PAUSE", timedelta(milliseconds=20))
    shop.know(accepted(entry()))
    changed = replace(read_deployment(shop.cluster.hold(DEPLOYMENT, deployment())), revision=4)
    shop.sightings.put(changed)
    assert CONDITION[0] not in await shop.shown()

    shop.tracked.see(changed, NOW)
    await until(lambda: shop.reason == "Successful")


async def test_a_message_that_met_another_write_does_not_wait_for_the_next_change_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy cluster that would go on for minutes, with an attempt shown as the next one that is over."""
    monkeypatch.setattr(publishing, "QUIET", LONG_AGO / 2)
    monkeypatch.setattr(publishing, "CONFLICT_PAUSE", timedelta(milliseconds=20))
    shop.know(accepted(IN_PROGRESS))
    await shop.shown()
    shop.tracked.see(replace(read_deployment(shop.cluster.objects[DEPLOYMENT]), revision=4), NOW)
    shop.learn(accepted(replace(IN_PROGRESS, because="2 of 3 new pods available"), number=101))
    shop.tracked.described_since = datetime.now(UTC) - LONG_AGO
    changed = shop.cluster.hold(DEPLOYMENT, shop.cluster.objects[DEPLOYMENT])
    await shop.shown()
    assert shop.condition is not None
    assert "2 of 3" not in shop.condition["message"]

    shop.tracked.see(replace(read_deployment(changed), revision=4), NOW)
    await until(lambda: shop.condition is not None and "2 of 3" in shop.condition["message"])


async def test_what_has_changed_while_it_was_recorded_is_not_shown_as_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow_store(*args: Any) -> StoredReport:
        stored = await store_report(*args)
        shop.learn(accepted(entry(), number=101))
        return stored

    monkeypatch.setattr(publishing, "store_report", slow_store)
    shop.know(accepted(IN_PROGRESS))

    assert await shop.shown() == NEW_REPORT + REPORT_AGAIN + CONDITION + EVENT
    assert shop.reason == "Successful"


async def test_a_mere_message_waits_a_while(shop: Shop) -> None:
    shop.know(accepted(entry()))
    await shop.shown()
    shop.learn(accepted(moved_on(entry(), State.SUCCESSFUL, "2 of 3")))

    assert CONDITION[0] not in await shop.shown()


# On its way.


async def test_at_first_sight_a_rollout_is_on_its_way_on_the_workload_alone(shop: Shop) -> None:
    shop.know(IN_PROGRESS, urgent_since=datetime.now(UTC) - ANNOUNCE_AFTER)

    assert await shop.shown() == CONDITION
    assert shop.reason == "Sending"


async def test_a_rollout_that_jira_hears_of_in_a_moment_is_not_announced(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its controller writes often just then."""
    monkeypatch.setattr(publishing, "ANNOUNCE_AFTER", timedelta(hours=1))
    shop.know(IN_PROGRESS, urgent_since=datetime.now(UTC))
    assert await shop.shown() == []

    shop.learn(accepted(IN_PROGRESS), after=timedelta(0))
    await shop.shown()
    assert shop.reason == "InProgress"


async def test_a_later_state_of_a_rollout_that_jira_knows_is_not_announced(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "QUIET", timedelta(hours=1))
    shop.know(accepted(IN_PROGRESS))
    await shop.shown()
    shop.learn(moved_on(accepted(IN_PROGRESS), State.SUCCESSFUL, "3 of 3"), after=timedelta(0))

    assert await shop.shown() == []
    assert shop.reason == "InProgress"


@pytest.mark.usefixtures("quickly")
async def test_if_jira_takes_its_time_the_later_state_is_on_its_way_and_recorded(shop: Shop) -> None:
    """It would be lost with this leader."""
    shop.know(accepted(IN_PROGRESS))
    await shop.shown()
    shop.learn(moved_on(accepted(IN_PROGRESS), State.SUCCESSFUL, "3 of 3"), after=timedelta(0))
    await shop.shown()
    await until(lambda: shop.reason == "Sending")

    assert shop.cluster.writes() == REPORT_AGAIN + CONDITION


# Bad news.


async def test_a_rejection_is_a_warning(shop: Shop) -> None:
    shop.know(rejected(entry(), "displayName is too long"))

    assert await shop.shown() == NEW_REPORT + CONDITION + EVENT
    event = shop.cluster.asked[-1].body
    assert (event["type"], event["reason"]) == ("Warning", "Rejected")
    assert "displayName is too long" in event["note"]


async def test_trouble_with_the_site_is_shown_and_recorded_and_told_once(shop: Shop) -> None:
    shop.know(IN_PROGRESS)
    shop.post.put("default", Item(PLACE, IN_PROGRESS.report), linger=timedelta(0))
    await until(lambda: shop.post.standing("default").trouble is not None)

    assert await shop.shown() == NEW_REPORT + CONDITION + EVENT
    assert shop.reason == "JiraUnavailable"
    assert await shop.shown() == []


async def test_a_whole_novel_in_the_place_of_issue_keys_is_recorded_like_any_other_mistake(
    shop: Shop,
) -> None:
    novel = " ".join(f"word{number}" for number in range(5000))
    shop.know(accepted(entry()), snapshot=snapshot(revision=4, wishes=wishes(f"SHOP-41 SHOP-57 {novel}")))
    await shop.shown()

    assert REPORT in shop.cluster.objects


async def test_a_missing_site_is_shown_though_there_is_nothing_to_record(shop: Shop) -> None:
    shop.know(no_site="there is no JiraSite 'otter'")

    assert await shop.shown() == CONDITION + EVENT
    assert shop.reason == "SiteNotFound"


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"no_site": "there is no JiraSite 'otter'"}, "SiteNotFound"),
        ({"snapshot": snapshot(wishes=wishes("none"))}, "InvalidIssueKeys"),
        ({"owner": "other-operator"}, "OwnedByAnotherInstallation"),
    ],
)
async def test_what_is_not_reported_is_counted_by_its_reason_until_it_is(
    shop: Shop, known: dict[str, Any], reason: str
) -> None:
    """Whoever made the mistake sees the condition; who runs the operator sees the metric."""
    shop.know(**known)
    await shop.shown()
    assert {each: shop.book.count_unreported(each) for each in UNREPORTED} == {
        each: int(each == reason) for each in UNREPORTED
    }

    shop.know(accepted(entry()))
    await shop.shown()
    assert shop.book.count_unreported(reason) == 0


# The end.


async def test_when_the_annotation_goes_the_condition_goes(shop: Shop) -> None:
    shop.know(accepted(entry()))
    await shop.shown()
    bare = deployment(keys=None)
    bare["status"] = shop.cluster.objects[DEPLOYMENT]["status"]
    shop.tracked.see(read_deployment(shop.cluster.hold(DEPLOYMENT, bare)), NOW)
    shop.cluster.hold(DEPLOYMENT, bare)  # changed again, which nobody tells: it is none of ours any more
    await shop.shown()

    assert shop.condition is None
    assert set(shop.cluster.conditions(DEPLOYMENT)) == {"Available", "Progressing"}


async def test_a_workload_without_annotation_and_condition_is_left_alone(shop: Shop) -> None:
    shop.know()
    shop.tracked.see(read_deployment(deployment(keys=None)), NOW)

    assert await shop.shown() == []


async def test_the_report_of_a_workload_that_is_gone_and_closed_is_removed_and_forgotten(shop: Shop) -> None:
    shop.know(accepted(entry()))
    await shop.shown()
    shop.cluster.remove(DEPLOYMENT)
    shop.sightings.put(Gone(ref()))
    shop.tracked.snapshot, shop.tracked.is_gone = None, True

    assert await shop.shown() == [f"DELETE {REPORT}"]
    assert REPORT not in shop.cluster.objects
    assert PLACE not in shop.book
    assert shop.sightings.get(PLACE) is None


async def test_as_long_as_jira_has_not_heard_of_the_end_the_report_stays(shop: Shop) -> None:
    shop.know(accepted(IN_PROGRESS))
    await shop.shown()
    shop.tracked.snapshot, shop.tracked.is_gone = None, True
    shop.learn(moved_on(accepted(IN_PROGRESS), State.CANCELLED, "the workload was deleted"))
    await shop.shown()

    assert REPORT in shop.cluster.objects
    assert PLACE in shop.book


async def test_a_workload_that_is_gone_before_anything_was_recorded_leaves_nothing(shop: Shop) -> None:
    shop.know(snapshot=None, is_gone=True)

    assert await shop.shown() == []
    assert PLACE not in shop.book


async def test_a_workload_that_vanishes_while_it_is_shown_is_no_error(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.know(accepted(entry()))
    shop.cluster.remove(DEPLOYMENT)
    await shop.shown()

    assert REPORT in shop.cluster.objects
    assert [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}] == []


# Settings.


async def test_where_conditions_on_workloads_are_off_the_workload_is_not_touched(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.hold(DEPLOYMENT, deployment())
    async with running(cluster, api, conditions_on_workloads=False) as shop:
        shop.know(accepted(entry()))

        assert await shop.shown() == NEW_REPORT + EVENT
        assert await shop.shown() == []


async def test_where_conditions_on_workloads_are_off_a_restart_tells_nothing_again(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.hold(DEPLOYMENT, deployment())
    async with running(cluster, api, conditions_on_workloads=False) as shop:
        shop.know(accepted(entry()))
        await shop.shown()
        shop.know(accepted(entry()), stored=shop.tracked.stored)

        assert EVENT[0] not in await shop.shown()


async def test_a_condition_that_is_left_from_before_they_were_off_is_no_news_at_each_restart(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.hold(DEPLOYMENT, deployment())
    async with running(cluster, api) as shop:
        shop.know(accepted(entry(state=State.IN_PROGRESS)))
        await shop.shown()
    left = read_deployment(cluster.objects[DEPLOYMENT]).shown
    async with running(cluster, api, conditions_on_workloads=False) as shop:
        shop.know(accepted(entry()), shown=left)
        await shop.shown()
        shop.know(accepted(entry()), shown=left, stored=shop.tracked.stored)

        assert await shop.shown() == []


async def test_what_is_on_record_leaves_the_journal_of_an_earlier_leader_without_a_write(shop: Shop) -> None:
    shop.know(accepted(entry()))
    await shop.shown()
    shop.tracked.enlisted = {("default", entry().key)}

    assert await shop.shown() == []
    assert shop.tracked.enlisted == set()


async def test_a_dry_run_says_so_on_the_workload_and_tells_no_event(
    cluster: FakeCluster, api: ApiClient
) -> None:
    cluster.hold(DEPLOYMENT, deployment())
    async with running(cluster, api, dry_run=True) as shop:
        shop.know(entry(), urgent_since=datetime.now(UTC) - LONG_AGO)

        assert EVENT[0] not in await shop.shown()
        assert shop.reason == "DryRun"


# What goes wrong.


@pytest.mark.usefixtures("quickly")
async def test_a_report_that_somebody_else_has_written_is_read_and_written_again(shop: Shop) -> None:
    shop.know(accepted(IN_PROGRESS))
    await shop.shown()
    assert shop.tracked.stored is not None
    await store_report(shop.api, Ledger(ref()), [], shop.tracked.stored)
    shop.learn(accepted(entry(), number=101))
    await shop.shown()
    await until(lambda: shop.reason == "Successful")
    stored = await load_report(shop.api, ref())

    assert stored is not None
    assert stored.ledger == shop.tracked.ledger


@pytest.mark.usefixtures("quickly")
async def test_a_report_that_somebody_has_removed_is_made_again(shop: Shop) -> None:
    shop.know(accepted(IN_PROGRESS))
    await shop.shown()
    shop.cluster.remove(REPORT)
    shop.learn(accepted(entry(), number=101))
    await shop.shown()
    await until(lambda: shop.reason == "Successful")

    assert REPORT in shop.cluster.objects


@pytest.mark.usefixtures("quickly")
async def test_what_the_api_server_refuses_is_tried_again(shop: Shop) -> None:
    shop.cluster.refusals[CONDITION[0]] = (503, "etcd is not there")
    shop.know(accepted(entry()))
    await shop.shown()
    assert shop.condition is None
    shop.cluster.refusals.clear()

    await until(lambda: shop.reason == "Successful")


async def test_an_event_that_the_api_server_refuses_is_not_worth_another_try(shop: Shop) -> None:
    shop.cluster.refusals[EVENT[0]] = (403, "events are forbidden")
    shop.know(accepted(entry()))
    await shop.shown()

    assert shop.reason == "Successful"
    assert await shop.shown() == []


async def test_a_workload_that_cannot_be_shown_does_not_keep_others_from_it(shop: Shop) -> None:
    many = tuple(f"SHOP-{number}" for number in range(1, 600))
    other = snapshot(ref=ref("cart", uid="uid-2"))
    broken = Ledger(other.ref, (accepted(entry(issue_keys=many, workload_uid="uid-2")),))
    shop.book[other.ref.place] = Tracked(ledger=broken, course=broken.course, snapshot=other)
    shop.know(accepted(entry()))
    shop.publisher.publish(other.ref.place)

    assert await shop.shown()
    assert shop.reason == "Successful"


# Another installation's workloads.


async def test_a_workload_of_another_installation_is_told_by_an_event_and_its_condition_left_alone(
    shop: Shop,
) -> None:
    theirs = ShownCondition(Condition(Status.TRUE, "Successful", "revision 4 successful"), NOW)
    shop.know(entry(), owner="other", shown=theirs)

    assert await shop.shown() == EVENT


async def test_where_the_other_one_shows_nothing_we_say_whose_it_is(shop: Shop) -> None:
    shop.know(entry(), owner="other")
    await shop.shown()

    assert shop.reason == "OwnedByAnotherInstallation"
    assert shop.condition is not None
    assert "namespace other" in shop.condition["message"]


async def test_a_report_that_another_installation_has_claimed_meanwhile_is_left_to_it(shop: Shop) -> None:
    shop.know(accepted(IN_PROGRESS))
    await shop.shown()
    shop.cluster.remove(REPORT)
    theirs = await recorded(shop.api, Ledger(ref()), installation="other")
    shop.learn(accepted(entry(), number=101))
    await shop.shown()

    assert shop.tracked.owner == "other"
    assert await load_report(shop.api, ref()) == theirs
