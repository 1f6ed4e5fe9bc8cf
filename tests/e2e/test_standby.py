"""Two operators of one installation: one leads, the other one stands by, and takes over without a fault."""

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any, Final

import pytest

from e2e.product import ProductApart
from e2e.workload import SECONDS, Workload
from installation import Operator
from installation.program import until

pytestmark = pytest.mark.timeout(600, func_only=True)

LATER: Final = 75
"""How long a take-over may take on a busy machine when the Lease has to expire first."""
QUIET_SECONDS: Final = 4
"""Who has written nothing for so long has nothing left to write: what waits, waits for two."""
MANY: Final = 12

Deployment = dict[str, Any]


class Pair:
    """Both operators, and the product that they are of."""

    def __init__(self, product: ProductApart) -> None:
        self.product, self.jira, self.shop = product, product.jira, product.shop
        self.both = [product.installation.operator(name=name) for name in ("first", "second")]

    def standby_of(self, leader: Operator) -> Operator:
        """The other one."""
        [other] = [each for each in self.both if each is not leader]
        return other

    def leaders(self) -> list[Operator]:
        """Those who say that they lead."""
        return [each for each in self.both if each.metric("rollout_reporter_leader")]

    def leads(self, operator: Operator, *, seconds: float = LATER) -> None:
        """Wait until one of them says that it leads, and see that the Lease says so, too."""
        until(
            lambda: operator.metric("rollout_reporter_leader") == 1,
            seconds=seconds,
            otherwise=lambda: f"{self.product.lease_holder()} holds the Lease\n{operator.log()[-3000:]}",
        )
        assert f"starts as {self.product.lease_holder()}" in operator.log()

    def history(self, *issues: str) -> list[Deployment]:
        """Updates that Jira has stored, of these issues or of all, in the order in which they came."""
        records = self.jira.state()["history"]
        return [each["deployment"] for each in records if not issues or {*issues} & {*each["issues"]}]

    def written(self) -> dict[str, str]:
        """Versions of all workloads and RolloutReports: what anybody writes changes one."""
        body = json.loads(self.shop.kubectl("get", "deployments,rolloutreports", "--output=json"))
        return {
            f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["resourceVersion"]
            for each in body["items"]
        }

    def rest(self) -> dict[str, str]:
        """Wait until nobody writes any more; return the versions."""
        before: dict[str, str] = {}
        while (now := self.written()) != before:
            before = now
            time.sleep(QUIET_SECONDS)
        return now

    def close(self) -> None:
        """End both, however they are."""
        for each in self.both:
            each.kill()


class Work:
    """Workloads in every phase at the moment at which the leader goes."""

    def __init__(self, pair: Pair) -> None:
        self.pair, shop = pair, pair.shop
        self.settled = shop.deployment("IDLE-1", name="settled")
        self.superseded = shop.deployment("LATE-1", name="superseded")
        self.failing = shop.deployment("FAIL-1", name="failing")
        self.deleted = shop.deployment("GONE-1", name="deleted")
        for issue in ("IDLE-1", "LATE-1", "FAIL-1", "GONE-1"):
            pair.jira.until(issue, "successful")
        pair.rest()

    def begin(self) -> None:
        """Bring all but one into the middle of a rollout, of which Jira knows."""
        moving = {"LATE-1": self.superseded, "FAIL-1": self.failing, "GONE-1": self.deleted}
        for issue, workload in moving.items():
            workload.set_image(self.pair.shop.images.never_ready)
            self.pair.jira.until(issue, "successful", "in_progress")
        for workload in moving.values():
            workload.shows("True", "InProgress")

    def go_on(self) -> None:
        """What people do meanwhile; one rollout fails."""
        self.failing.exceed_its_deadline()
        self.superseded.set_image(self.pair.shop.images.second)
        self.deleted.delete()
        self.new = self.pair.shop.deployment("NEW-1", name="new")

    def end_well(self) -> None:
        """Wait until Jira holds the truth, and people see it."""
        jira = self.pair.jira
        until(
            lambda: jira.states("LATE-1")[2:] == ["successful"],
            seconds=LATER,
            otherwise=lambda: f"superseded is {jira.states('LATE-1')}",
        )
        assert jira.states("LATE-1")[1] in {"cancelled", "unknown"}
        jira.until("FAIL-1", "successful", "failed", seconds=LATER)
        jira.until("GONE-1", "successful", "cancelled")
        jira.until("NEW-1", "successful")
        self.new.shows("True", "Successful")
        self.superseded.shows("True", "Successful", containing="revision 3")
        self.failing.shows("True", "Failed")
        self.deleted.report_is_gone()
        self.settled.shows("True", "Successful")


@pytest.fixture
def pair(apart: ProductApart) -> Iterator[Pair]:
    """The first one leads, the second one stands by."""
    apart.jira.start()
    apart.install()
    pair = Pair(apart)
    try:
        first, second = pair.both
        first.start_and_watch()
        pair.leads(first)
        second.start_and_watch()
        yield pair
    finally:
        pair.close()


def test_a_leader_that_is_stopped_hands_over_at_once(pair: Pair) -> None:
    first, second = pair.both
    work = Work(pair)
    work.begin()
    told = len(pair.history("IDLE-1"))

    with ThreadPoolExecutor(2) as pool:
        stopping, going_on = pool.submit(first.stop), pool.submit(work.go_on)
        pair.leads(second)
        assert stopping.result() == 0
        going_on.result()

    assert "has released the Lease" in first.log()
    work.end_well()
    assert len(pair.history("IDLE-1")) == told
    assert_told_in_order(pair)


def test_a_leader_that_is_killed_is_followed_when_its_lease_has_expired(pair: Pair) -> None:
    first, second = pair.both
    work = Work(pair)
    work.begin()
    told = len(pair.history("IDLE-1"))

    first.kill()
    known = pair.history()
    assert pair.leaders() == []
    work.go_on()
    pair.leads(second)

    work.end_well()
    assert len(pair.history("IDLE-1")) == told
    highest = max(each["updateSequenceNumber"] for each in known)
    assert all(each["updateSequenceNumber"] > highest for each in pair.history()[len(known) :])
    until_all_is_answered(pair, second, since=len(known))
    assert_told_in_order(pair)


def test_a_leader_that_was_frozen_beyond_its_lease_says_nothing_more_and_stands_by(pair: Pair) -> None:
    """It is frozen while it waits for an answer of Jira's, and wakes with news that are old by then."""
    first, second = pair.both
    work = Work(pair)
    work.begin()
    hanging = {"operation": "bulk", "kind": "hang", "times": None, "matching": "HELD-1"}
    pair.jira.control("POST", "/sandbox/faults", hanging)
    held = pair.shop.deployment("HELD-1", name="held")
    until(lambda: pair.product.requests_about("HELD-1"), seconds=SECONDS, otherwise=first.log)
    told_by_first = answered(first)
    first.send(signal.SIGSTOP)
    known = len(pair.history())
    pair.jira.control("DELETE", "/sandbox/faults")

    work.go_on()
    pair.leads(second)
    work.end_well()
    pair.jira.until("HELD-1", "successful")
    held.shows("True", "Successful")
    written, told = pair.rest(), len(pair.history())
    first.send(signal.SIGCONT)

    stands_by(first)
    work.settled.set_image(pair.shop.images.second)
    pair.jira.until("IDLE-1", "successful", "successful")
    work.settled.shows("True", "Successful", containing="revision 2")
    now = pair.rest()
    touched = {what for what, version in now.items() if version != written[what]}
    assert touched == {"Deployment/settled", "RolloutReport/deployment-settled"}
    assert [each for each in pair.history()[told:] if each not in pair.history("IDLE-1")] == []
    assert answered(first) == told_by_first
    until_all_is_answered(pair, second, since=known)
    assert_told_in_order(pair)

    second.stop()
    pair.leads(first)
    work.settled.set_image(pair.shop.images.third)
    pair.jira.until("IDLE-1", "successful", "successful", "successful")
    assert_told_in_order(pair)


def test_a_leader_that_was_frozen_while_it_wrote_overwrites_nothing(pair: Pair) -> None:
    """A request that was about to leave when it froze may leave when it wakes; Jira drops it then."""
    first, second = pair.both
    names = [f"many-{number}" for number in range(1, MANY + 1)]
    together(*(lambda name=name: pair.shop.deployment(name.upper(), name=name) for name in names))
    until(
        lambda: any(each["state"] == "in_progress" for each in pair.history()),
        seconds=SECONDS,
        otherwise=first.log,
    )
    first.send(signal.SIGSTOP)
    pair.leads(second)
    for name in names:
        pair.jira.until(name.upper(), "successful")
        Workload(pair.product.cluster, pair.shop.namespace, "deployment", name).shows("True", "Successful")
    written, told, asked = pair.rest(), pair.history(), len(pair.jira.requests("bulk"))

    first.send(signal.SIGCONT)

    stands_by(first)
    assert pair.rest() == written
    assert pair.history() == told
    assert len(pair.jira.requests("bulk")) <= asked + 1
    assert_numbers_are_sound(pair)


def test_of_two_that_start_at_once_one_leads_and_the_other_one_says_nothing(pair: Pair) -> None:
    web = pair.shop.deployment("BOTH-1")
    pair.jira.until("BOTH-1", "successful")
    web.shows("True", "Successful", containing="revision 1")

    for revision, image in enumerate((pair.shop.images.second, pair.shop.images.third), start=2):
        told = len(pair.history())
        together(*(each.stop for each in pair.both))
        together(*(each.start_and_watch for each in pair.both))
        until(pair.leaders, seconds=LATER, otherwise=lambda: "\n".join(each.log() for each in pair.both))
        web.hold_back()
        web.set_image(image)
        web.shows("True", "InProgress", containing=f"revision {revision}")
        web.let_go()
        web.shows("True", "Successful", containing=f"revision {revision}")
        until(lambda: len(pair.leaders()) == 1, seconds=SECONDS, otherwise=pair.product.lease_holder)
        [leader] = pair.leaders()
        assert answered(pair.standby_of(leader)) == 0
        until_all_is_answered(pair, leader, since=told)
        assert [state for state, _ in groupby(each["state"] for each in pair.history()[told:])] == [
            "in_progress",
            "successful",
        ]
    assert_told_in_order(pair)


def stands_by(operator: Operator) -> None:
    """Wait until an operator lives and says that it does not lead."""
    until(lambda: operator.metric("rollout_reporter_leader") == 0, seconds=SECONDS, otherwise=operator.log)


def answered(operator: Operator) -> int:
    """Updates of an operator's that Jira has answered since it was started."""
    found: list[float | None] = [None]

    def tells() -> bool:
        found[0] = operator.metric("rollout_reporter_reports_total")
        return found[0] is not None

    until(tells, seconds=SECONDS, otherwise=operator.log)
    return int(found[0] or 0)


def until_all_is_answered(pair: Pair, operator: Operator, *, since: int) -> None:
    """Wait until an operator counts all that Jira has stored since then: the last may be a description."""
    until(
        lambda: answered(operator) == len(pair.history()) - since,
        seconds=SECONDS,
        otherwise=lambda: f"{answered(operator)} answered, {len(pair.history()) - since} stored",
    )


def assert_told_in_order(pair: Pair) -> None:
    """Jira has dropped nothing for being older than what it holds, and what it holds is sound."""
    assert pair.jira.state()["dropped"] == []
    assert_numbers_are_sound(pair)


def assert_numbers_are_sound(pair: Pair) -> None:
    """What Jira has stored has growing numbers, and nothing that was over has begun again."""
    history = pair.history()
    numbers = [each["updateSequenceNumber"] for each in history]
    assert numbers == sorted(set(numbers))
    states: dict[tuple[str, int], list[str]] = {}
    for each in history:
        place = (each["pipeline"]["id"], each["deploymentSequenceNumber"])
        states.setdefault(place, []).append(each["state"])
    is_open = [[state in {"pending", "in_progress"} for state in found] for found in states.values()]
    assert all(found == sorted(found, reverse=True) for found in is_open), states


def together(*actions: Any) -> None:
    """Do several things at the same time."""
    with ThreadPoolExecutor(len(actions)) as pool:
        for done in [pool.submit(action) for action in actions]:
            done.result()
