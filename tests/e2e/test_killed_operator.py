"""The operator is killed while several rollouts are under way: nothing is lost, nothing is said wrongly."""

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from e2e.product import Product
from e2e.shop import Shop
from e2e.workload import HELD_BACK, PREFIX, SECONDS, Workload
from installation.program import until

pytestmark = pytest.mark.timeout(300, func_only=True)

LATER = 75
"""The Lease of a killed leader is valid for 15 s more."""

Deployment = dict[str, Any]


@pytest.fixture
def other_shop(product: Product, shop: Shop) -> Iterator[Shop]:
    opened = Shop(product.cluster, f"{shop.namespace}-other")
    opened.open()
    yield opened
    opened.close()


class Rollouts:
    """One rollout for each way that things can go, all at the same time; each has two issues."""

    def __init__(self, product: Product, shop: Shop, project: str) -> None:
        self.product, self.shop, self.project = product, shop, project
        slow = {"minReadySeconds": 2}
        self.update = shop.deployment(self.first("update"), name="update", spec=slow)
        self.failure = shop.deployment(self.first("failure"), name="failure")
        self.undo = shop.deployment(self.first("undo"), name="undo")
        self.supersede = shop.deployment(self.first("supersede"), name="supersede")
        self.delete = shop.deployment(self.first("delete"), name="delete")
        self.abort = shop.rollout(self.first("abort"), name="abort")

    @property
    def all(self) -> list[Workload]:
        return [self.update, self.failure, self.undo, self.supersede, self.delete, self.abort]

    def first(self, name: str) -> str:
        """The issue of a workload's first version."""
        names = ["update", "failure", "undo", "supersede", "delete", "abort"]
        return f"{self.project}-{names.index(name) + 1}"

    def newer(self, name: str) -> str:
        """The issue of its next ones."""
        return self.first(name).replace("-", "N-")

    @property
    def issues(self) -> list[str]:
        return [issue for each in self.all for issue in (self.first(each.name), self.newer(each.name))]

    def settle(self) -> None:
        """Wait until Jira holds the success of all."""
        for each in self.all:
            self.product.jira.until(self.first(each.name), "successful")

    def begin(self) -> None:
        """Begin a new version of each; `update` alone can succeed."""
        images = self.shop.images
        together(
            *(
                lambda each=each: self._begin(each, images.never_ready)
                for each in (self.failure, self.undo, self.supersede, self.delete)
            ),
            lambda: self._begin(self.update, images.second),
            lambda: self._begin(self.abort, images.second),
        )

    def _begin(self, workload: Workload, image: str) -> None:
        workload.annotate(self.newer(workload.name))
        workload.set_image(image)

    def are_under_way(self) -> None:
        """Wait until Jira has heard of all."""
        for each in self.all:
            if each is not self.update:
                self.product.jira.until(self.newer(each.name), "in_progress")

    def turn(self) -> None:
        """What people do with those that are not to go on; one has been going on for too long."""
        together(
            self.failure.exceed_its_deadline,
            lambda: self.undo.kubectl("rollout", "undo", str(self.undo)),
            lambda: self.supersede.set_image(self.shop.images.third),
            lambda: self.abort.patch({"status": {"abort": True}}, of_status=True),
            self.delete.delete,
        )

    def end_well(self) -> None:
        """Wait until Jira holds what became of each."""
        jira = self.product.jira
        for name in ("update", "failure", "undo", "supersede", "delete", "abort"):
            again = ["successful"] if name == "undo" else []
            jira.until(self.first(name), "successful", *again, seconds=LATER)
        jira.until(self.newer("update"), "successful", seconds=LATER)
        jira.until(self.newer("failure"), "failed", seconds=LATER)
        jira.until(self.newer("undo"), "rolled_back", seconds=LATER)
        jira.until(self.newer("delete"), "cancelled", seconds=LATER)
        jira.until(self.newer("abort"), "failed", seconds=LATER)
        until(
            lambda: jira.states(self.newer("supersede"))[1:] == ["successful"],
            seconds=LATER,
            otherwise=lambda: f"superseded is {jira.states(self.newer('supersede'))}",
        )
        assert jira.states(self.newer("supersede"))[0] in {"cancelled", "unknown"}
        self.delete.report_is_gone()

    def history(self) -> list[Deployment]:
        """All that Jira has stored of them, in the order in which it came."""
        records = self.product.jira.state()["history"]
        return [each["deployment"] for each in records if {*self.issues} & {*each["issues"]}]

    def dropped(self) -> list[Deployment]:
        """What Jira would not store, since it held something newer."""
        records = self.product.jira.state()["dropped"]
        return [each["deployment"] for each in records if {*self.issues} & {*each["issues"]}]


def test_killed_while_people_turn_some_rollouts_and_they_turn_others_while_it_is_down(
    product: Product, shop: Shop, other_shop: Shop
) -> None:
    some, others = Rollouts(product, shop, "KILLA"), Rollouts(product, other_shop, "KILLB")
    for rollouts in (some, others):
        rollouts.settle()
    together(some.begin, others.begin)
    for rollouts in (some, others):
        rollouts.are_under_way()
    heard = len(some.history())

    with ThreadPoolExecutor(1) as pool:
        turning = pool.submit(some.turn)
        until(
            lambda: len(some.history()) > heard,
            seconds=SECONDS,
            otherwise=lambda: f"{some.project} was turned, and Jira has heard nothing",
        )
        product.operator.kill()
        turning.result()
    highest = highest_update([*some.history(), *others.history()])
    known = [len(each.history()) for each in (some, others)]
    others.turn()
    product.start()

    for rollouts, count in zip((some, others), known, strict=True):
        rollouts.end_well()
        assert_numbers_are_sound(rollouts)
        assert all(each["updateSequenceNumber"] > highest for each in rollouts.history()[count:])


def test_killed_when_jira_has_stored_what_the_operator_has_not_heard_it_has(
    product: Product, shop: Shop
) -> None:
    """Jira has taken the first word of the new versions, but its answers are lost."""
    rollouts = Rollouts(product, shop, "KILLC")
    rollouts.settle()
    fault = {"operation": "bulk", "kind": "lose_answer", "times": None, "matching": "KILLCN-"}
    product.jira.control("POST", "/sandbox/faults", fault)
    rollouts.begin()
    rollouts.are_under_way()

    product.operator.kill()
    rollouts.turn()
    product.jira.control("DELETE", "/sandbox/faults")
    product.start()

    rollouts.end_well()
    assert_numbers_are_sound(rollouts)


def test_an_end_that_only_jira_knows_stays_true_where_the_journal_was_deleted(
    product: Product, shop: Shop, issue: str
) -> None:
    """Killed before it could record what Jira has taken, and what it had noted down before is gone, too."""
    web = shop.deployment(issue, ready_for=HELD_BACK)
    product.jira.until(issue, "in_progress")
    web.shows("True", "InProgress")
    record = web.report()
    fault = {"operation": "bulk", "kind": "lose_answer", "times": None, "matching": issue}
    product.jira.control("POST", "/sandbox/faults", fault)
    web.let_go()
    product.jira.until(issue, "successful")
    product.operator.kill()

    product.jira.control("DELETE", "/sandbox/faults")
    web.put_report_back(record)
    product.kubectl("delete", "configmap", f"--selector={PREFIX}/journal")
    web.set_image(shop.images.second)
    web.settle()
    product.start()

    product.jira.until(issue, "successful", "successful", seconds=LATER)
    assert "unknown" not in {each["state"] for each in product.jira.history(issue)}
    assert "has answered about 1, and holds the end of 1" in product.log()


def test_a_version_that_waited_and_went_on_while_nobody_looked_is_one_jira_deployment(
    product: Product, shop: Shop, issue: str
) -> None:
    web = shop.deployment(issue)
    product.jira.until(issue, "successful")
    web.shows("True", "Successful")
    web.pause()
    web.set_image(shop.images.second)
    _, waiting = product.jira.until(issue, "successful", "pending")
    web.shows("True", "Pending")
    product.operator.stop()
    web.resume()
    web.settle()
    web.set_image(shop.images.third)
    web.settle()

    product.start()

    _, second, _ = product.jira.until(issue, "successful", "unknown", "successful", seconds=LATER)
    assert second["deploymentSequenceNumber"] == waiting["deploymentSequenceNumber"]
    assert "revision 2" in second["description"]


def together(*actions: Any) -> None:
    """Do several things at the same time."""
    with ThreadPoolExecutor(len(actions)) as pool:
        for done in [pool.submit(action) for action in actions]:
            done.result()


def highest_update(history: Sequence[Deployment]) -> int:
    return max(int(each["updateSequenceNumber"]) for each in history)


def assert_numbers_are_sound(rollouts: Rollouts) -> None:
    """No number is of two rollouts, and Jira has dropped nothing for being older than what it holds."""
    history = rollouts.history()
    assert rollouts.dropped() == []
    versions: dict[tuple[str, int], set[str]] = {}
    for each in history:
        place = (each["pipeline"]["id"], each["deploymentSequenceNumber"])
        versions.setdefault(place, set()).add(each["displayName"])
    assert {place: names for place, names in versions.items() if len(names) > 1} == {}
    for _, updates in itertools.groupby(sorted(history, key=_place), key=_place):
        numbers = [each["updateSequenceNumber"] for each in updates]
        assert numbers == sorted(set(numbers))


def _place(deployment: Deployment) -> tuple[str, int]:
    return deployment["pipeline"]["id"], deployment["deploymentSequenceNumber"]
