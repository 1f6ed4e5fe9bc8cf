"""`rollout-reporter cleanup`: what it removes, what it leaves, and how it says that it cannot."""

import asyncio
import time
from typing import Any

import pytest

from rollout_reporter.cli import cleanup
from rollout_reporter.cluster import held_lease
from rollout_reporter.cluster.conditions import write_condition
from rollout_reporter.core.condition import Condition, ShownCondition, Status
from rollout_reporter.core.names import NUMBER_CEILING, REPORTED
from rollout_reporter.core.report import State
from rollout_reporter.core.workload import Kind, WorkloadRef
from unit.cli.command import Ended, call
from unit.cli.surroundings import NAMESPACE, Surroundings
from unit.cluster.fake_cluster import APPS, ARGO, OURS, served
from unit.core.situations import NOW, accepted, deployment, entry, ref

WEB, CANARY = ref("web"), ref("canary", kind=Kind.ROLLOUT, uid="uid-2")
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/rollout-reporter"
PAGE = f"/api/v1/namespaces/{NAMESPACE}/configmaps/rollout-reporter-journal-0"
SOMEBODYS = f"/api/v1/namespaces/{NAMESPACE}/configmaps/somebodys"
REPORT_OF_WEB = f"{OURS}/shop/rolloutreports/deployment-web"
SHOWN = ShownCondition(Condition(Status.TRUE, "Successful", "revision 1"), NOW)
PLACES = {Kind.DEPLOYMENT: APPS + "/deployments", Kind.ROLLOUT: ARGO + "/rollouts"}


def path_of(workload: WorkloadRef) -> str:
    return f"{PLACES[workload.kind]}/{workload.name}".replace("/shop/", f"/{workload.namespace}/")


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """A Deployment and a Rollout that were reported by an operator which has stopped."""
    around = Surroundings()
    monkeypatch.setattr(cleanup, "connect", around.connect)
    cluster = around.cluster
    cluster.hold("/version", {})
    for workload in (WEB, CANARY):
        show(around, workload)
        around.remember(workload, accepted(entry()))
    cluster.hold(PAGE, {})  # somebody has taken its label off
    cluster.hold(SOMEBODYS, {})
    hold_lease(around, "")
    cluster.forget_requests()
    return around


def show(around: Surroundings, workload: WorkloadRef) -> None:
    """Have a workload that shows our condition beside another one."""
    other = {"type": "Available", "status": "True"}
    meta = {"name": workload.name, "namespace": workload.namespace, "uid": workload.uid}
    body = deployment() | {"metadata": meta, "status": {"conditions": [other]}}
    around.cluster.hold(path_of(workload), body)

    async def write() -> None:
        async with served(around.cluster) as api:
            await write_condition(api, workload, SHOWN, NOW)

    asyncio.run(write())
    assert set(around.cluster.conditions(path_of(workload))) == {"Available", REPORTED}


def hold_lease(around: Surroundings, holder: str, *, ceiling: int = 77) -> None:
    spec = {"holderIdentity": holder, "leaseTransitions": 1}
    around.cluster.hold(LEASE, {"metadata": {"annotations": {NUMBER_CEILING: str(ceiling)}}, "spec": spec})


def in_ms(seconds: float) -> int:
    """An update number that is ahead of the time."""
    return int((time.time() + seconds) * 1000)


def shows(around: Surroundings, *workloads: WorkloadRef) -> list[bool]:
    return [REPORTED in around.cluster.conditions(path_of(each)) for each in workloads]


def clean(*arguments: str) -> Ended:
    return call("cleanup", f"--namespace={NAMESPACE}", "--yes", *arguments)


def assert_refused(ended: Ended, sentence: str) -> None:
    assert ended.code == 1
    assert sentence in ended.complaint


def test_nothing_of_the_installation_is_left(around: Surroundings) -> None:
    ended = clean()

    assert (ended.code, ended.complaint) == (0, "")
    assert shows(around, WEB, CANARY) == [False, False]
    assert set(around.cluster.objects) == {"/version", SOMEBODYS, path_of(WEB), path_of(CANARY)}


def test_other_conditions_stay(around: Surroundings) -> None:
    clean()

    assert [set(around.cluster.conditions(path_of(each))) for each in (WEB, CANARY)] == [{"Available"}] * 2


def test_it_tells_what_it_did(around: Surroundings) -> None:
    under_way = accepted(entry(state=State.IN_PROGRESS))
    around.remember(WEB, under_way)

    output = clean().output

    for line in (
        "removed the condition of shop/deployment/web",
        "removed the RolloutReport shop/rollout-canary",
        "removed the ConfigMap rollout-reporter-journal-0",
        "removed the Lease rollout-reporter",
        "rollouts under way, whose end Jira will not be told: 1",
    ):
        assert f"{line}\n" in output


def test_the_lease_is_taken_first_and_removed_last(around: Surroundings) -> None:
    clean()

    writes = around.cluster.writes()
    assert writes[0] == f"PUT {LEASE}"
    assert writes[-1] == f"DELETE {LEASE}"


def test_a_second_call_has_nothing_to_do(around: Surroundings) -> None:
    clean()
    around.cluster.forget_requests()

    ended = clean()

    assert ended.code == 0
    assert "removed the condition" not in ended.output
    assert around.cluster.writes() == [f"POST {LEASE.rpartition('/')[0]}", f"DELETE {LEASE}"]


def test_what_another_installation_reports_is_left_to_it(around: Surroundings) -> None:
    around.remember(CANARY, accepted(entry()), installation="other")

    clean()

    assert shows(around, WEB, CANARY) == [False, True]
    assert f"{OURS}/shop/rolloutreports/rollout-canary" in around.cluster.objects


def test_a_condition_without_a_report_is_removed(around: Surroundings) -> None:
    """As that of a workload whose annotation holds no issue key."""
    around.cluster.remove(REPORT_OF_WEB)

    clean()

    assert shows(around, WEB) == [False]


def test_reports_can_be_kept(around: Surroundings) -> None:
    clean("--keep-reports")

    assert REPORT_OF_WEB in around.cluster.objects
    assert PAGE not in around.cluster.objects
    assert shows(around, WEB, CANARY) == [False, False]


def test_without_our_kinds_and_without_rollouts_the_rest_is_removed(around: Surroundings) -> None:
    for path in ("/apis/rollout-reporter.dev/v1alpha1/rolloutreports", "/apis/argoproj.io/v1alpha1/rollouts"):
        around.cluster.refusals[f"GET {path}"] = 404, "the server could not find the requested resource"

    assert clean().code == 0
    assert shows(around, WEB) == [False]


def test_only_watched_namespaces_are_looked_at(around: Surroundings) -> None:
    elsewhere = ref("web", namespace="depot", uid="uid-3")
    show(around, elsewhere)
    around.cluster.refusals["GET /apis/apps/v1/deployments"] = 403, "deployments.apps is forbidden"

    ended = clean("--watch-namespaces=shop")

    assert ended.code == 0, ended.complaint
    assert shows(around, WEB, CANARY, elsewhere) == [False, False, True]


def test_a_namespace_that_may_not_be_read_stops_it_before_anything_is_removed(around: Surroundings) -> None:
    path = f"{OURS}/gone/rolloutreports"
    around.cluster.refusals[f"GET {path}"] = 403, "rolloutreports is forbidden"

    ended = clean("--watch-namespaces=shop,gone")

    assert_refused(ended, "namespace gone cannot be read: rolloutreports is forbidden. If it is gone, leave")
    assert "--skip-forbidden" in ended.complaint
    assert shows(around, WEB, CANARY) == [True, True]


def test_a_namespace_that_may_not_be_read_can_be_left_out_and_is_named(around: Surroundings) -> None:
    path = f"{OURS}/gone/rolloutreports"
    around.cluster.refusals[f"GET {path}"] = 403, "rolloutreports is forbidden"

    ended = clean("--watch-namespaces=gone,shop", "--skip-forbidden")

    assert ended.code == 0, ended.complaint
    assert "namespace gone was left as it is, since it cannot be read: rolloutreports is" in ended.output
    assert shows(around, WEB, CANARY) == [False, False]
    assert not {REPORT_OF_WEB, PAGE, LEASE} & set(around.cluster.objects)


def test_a_whole_cluster_that_may_not_be_read_is_not_left_out(around: Surroundings) -> None:
    around.cluster.refusals["GET /apis/apps/v1/deployments"] = 403, "deployments.apps is forbidden"

    assert_refused(clean("--skip-forbidden"), "deployments.apps is forbidden. Name the Namespaces that you")
    assert LEASE in around.cluster.objects


def test_a_cluster_that_may_not_be_read_says_what_to_name(around: Surroundings) -> None:
    around.cluster.refusals["GET /apis/apps/v1/deployments"] = 403, "deployments.apps is forbidden"

    assert_refused(clean(), "deployments.apps is forbidden. Name the Namespaces that you may read with")


def test_a_condition_that_may_not_be_written_keeps_the_memory_but_not_the_others(
    around: Surroundings,
) -> None:
    around.cluster.refusals[f"PATCH {path_of(WEB)}/status"] = 403, "deployments.apps is forbidden"

    ended = clean()

    assert_refused(ended, "the condition of shop/deployment/web cannot be removed: deployments.apps is forb")
    assert "What is left is removed by another call" in ended.complaint
    assert shows(around, WEB, CANARY) == [True, False]
    assert {REPORT_OF_WEB, PAGE} <= set(around.cluster.objects)
    assert around.cluster.objects[LEASE]["metadata"]["annotations"] == {NUMBER_CEILING: "77"}


def test_a_condition_that_may_not_be_written_can_be_left_and_is_named(around: Surroundings) -> None:
    around.cluster.refusals[f"PATCH {path_of(WEB)}/status"] = 403, "deployments.apps is forbidden"

    ended = clean("--skip-forbidden")

    assert ended.code == 0, ended.complaint
    assert "the condition of shop/deployment/web was left as it is: deployments.apps is forb" in ended.output
    assert shows(around, WEB, CANARY) == [True, False]
    assert not {REPORT_OF_WEB, PAGE, LEASE} & set(around.cluster.objects)


def test_who_tries_again_need_not_wait_for_the_one_that_failed(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    around.cluster.refusals[f"PATCH {path_of(WEB)}/status"] = 403, "deployments.apps is forbidden"
    waits = watched_waits(monkeypatch)

    assert [clean().code, clean().code] == [1, 1]

    assert waits == []
    assert around.cluster.objects[LEASE]["spec"]["holderIdentity"] == ""


def test_who_is_interrupted_while_a_leader_may_still_write_keeps_the_lease_from_the_next_one(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_lease(around, "operator_1")

    async def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(asyncio, "sleep", interrupted)
    clean()

    assert around.cluster.objects[LEASE]["spec"]["holderIdentity"].startswith("cleanup")


def test_a_condition_that_comes_back_is_told(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def write_in_vain(*_: object) -> int:
        return 1

    monkeypatch.setattr(cleanup, "write_condition", write_in_vain)

    ended = clean()

    assert_refused(ended, "the condition of shop/deployment/web, shop/rollout/canary comes back")
    assert REPORT_OF_WEB in around.cluster.objects


def test_a_lease_that_may_not_be_removed_is_told_after_all_else(around: Surroundings) -> None:
    around.cluster.refusals[f"DELETE {LEASE}"] = 403, "leases is forbidden"

    assert_refused(clean(), "the Lease rollout-reporter cannot be removed: leases is forbidden")
    assert set(around.cluster.objects) == {"/version", SOMEBODYS, LEASE, path_of(WEB), path_of(CANARY)}


def test_without_a_terminal_nothing_is_touched(around: Surroundings) -> None:
    ended = call("cleanup", f"--namespace={NAMESPACE}")

    assert_refused(ended, "nothing was removed: there is no terminal to ask at, so say --yes")
    assert "2 conditions on workloads, 2 RolloutReports, 1 page of the journal, and the Lease" in ended.output
    assert around.cluster.writes() == []


def test_in_a_pod_the_environment_says_where(around: Surroundings) -> None:
    around.cluster.refusals["GET /apis/apps/v1/deployments"] = 403, "deployments.apps is forbidden"
    own = {"POD_NAMESPACE": NAMESPACE, "ROLLOUT_REPORTER_WATCH_NAMESPACES": "shop"}

    assert call("cleanup", "--yes", environment=own).code == 0
    assert shows(around, WEB) == [False]


def test_a_leader_is_waited_for_until_its_term_is_over(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_lease(around, "operator_1")
    watched_waits(monkeypatch)
    began = time.monotonic()

    ended = clean()

    assert ended.code == 0, ended.complaint
    assert "the Lease was taken from operator_1" in ended.output
    assert time.monotonic() - began >= 0.3
    renewals = [each for each in around.cluster.asked if (each.method, each.path) == ("PUT", LEASE)]
    assert len(renewals) >= 2
    assert {each.body["spec"]["leaseTransitions"] for each in renewals} == {2}


def test_nobody_is_waited_for_if_nobody_leads(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = watched_waits(monkeypatch)

    assert clean().code == 0
    assert waits == []
    assert REPORT_OF_WEB not in around.cluster.objects


def test_the_lease_goes_only_once_no_number_is_ahead_of_the_time(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes later, when all records are gone, begins with the time; Jira drops what is lower."""
    ceiling = in_ms(0.5)
    hold_lease(around, "", ceiling=ceiling)
    watched_waits(monkeypatch)

    assert clean().code == 0
    assert in_ms(0) > ceiling
    assert LEASE not in around.cluster.objects


def test_a_number_that_only_the_journal_knows_counts_too(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ceiling = in_ms(0.5)
    around.cluster.hold(PAGE, {"metadata": {"annotations": {NUMBER_CEILING: str(ceiling)}}})
    watched_waits(monkeypatch)

    assert clean().code == 0
    assert in_ms(0) > ceiling


def test_a_lease_whose_numbers_are_far_ahead_is_left_to_whoever_comes_soon(around: Surroundings) -> None:
    """Nor may an operator that is still there write anew what was just removed."""
    hold_lease(around, "", ceiling=in_ms(300))

    ended = clean()

    assert ended.code == 0, ended.complaint
    assert "the Lease rollout-reporter was left: update numbers are more than 60 s ahead" in ended.output
    assert around.cluster.objects[LEASE]["spec"]["holderIdentity"].startswith("cleanup")
    assert PAGE not in around.cluster.objects


def test_a_lease_that_was_taken_back_stops_it(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    hold_lease(around, "operator_1")

    async def take_back(_: float) -> None:
        hold_lease(around, "operator_1")

    monkeypatch.setattr(held_lease, "RETRY_PERIOD", 0.0)
    monkeypatch.setattr(asyncio, "sleep", take_back)

    ended = clean()

    assert_refused(ended, f"somebody has taken the Lease {NAMESPACE}/rollout-reporter back: run the command")
    assert shows(around, WEB, CANARY) == [True, True]


def test_a_leader_that_renews_each_time_just_before_is_told(around: Surroundings) -> None:
    around.cluster.refusals[f"PUT {LEASE}"] = 409, "the object has been modified"

    assert_refused(
        clean(), f"the Lease {NAMESPACE}/rollout-reporter changes too often: run the command again"
    )
    assert shows(around, WEB, CANARY) == [True, True]


def watched_waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Make a term short; return the list of all waits, which fills as they come."""
    waits: list[float] = []
    sleep: Any = asyncio.sleep

    async def note(seconds: float) -> None:
        waits.extend([seconds] if seconds else [])  # libraries give way with a zero
        await sleep(seconds)

    monkeypatch.setattr(held_lease, "RENEW_DEADLINE", 0.3)
    monkeypatch.setattr(held_lease, "RETRY_PERIOD", 0.1)
    monkeypatch.setattr(asyncio, "sleep", note)
    return waits
