"""`rollout-reporter resync`: what it asks for, and how it waits for the operator to do it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rollout_reporter.cli import resync
from rollout_reporter.cluster.sites import request_resync
from rollout_reporter.core import names
from rollout_reporter.core.resync import Resync
from unit.cli.command import Ended, call
from unit.cli.surroundings import NAMESPACE, Surroundings
from unit.cluster.fake_cluster import OURS
from unit.core.situations import NOW

SITE = f"{OURS}/{NAMESPACE}/jirasites/default"


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """A JiraSite, and an operator that nobody has started."""
    around = Surroundings()
    monkeypatch.setattr(resync, "connect", around.connect)
    monkeypatch.setattr(resync, "PERIOD", 0)
    around.hold_site()
    return around


def run(*arguments: str) -> Ended:
    return call("resync", "--operator-namespace", NAMESPACE, *arguments)


def test_without_waiting_it_only_asks(around: Surroundings) -> None:
    ended = run("--no-wait", "--namespace", "shop-*", "--prune-keys")

    notes = around.cluster.objects[SITE]["metadata"]["annotations"]
    assert ended.code == 0
    assert "asked for: default" in ended.complaint
    assert notes[names.RESYNC_NAMESPACES] == "shop-*"
    assert notes[names.RESYNC_PRUNE_KEYS] == "true"


def test_it_is_dated_by_the_clock_of_the_api_server(around: Surroundings) -> None:
    """As the answers are, which it is compared to; that of the person's machine may be slow."""
    around.cluster.ahead = timedelta(minutes=10)

    run("--no-wait")

    requested = datetime.fromisoformat(around.cluster.objects[SITE]["metadata"]["annotations"][names.RESYNC])
    assert timedelta(minutes=9) < requested - datetime.now(UTC) < timedelta(minutes=11)


def test_several_namespaces_may_be_named_at_once(around: Surroundings) -> None:
    ended = run("--no-wait", "-n", "shop,web", "-n", "cart")

    assert ended.code == 0
    assert around.cluster.objects[SITE]["metadata"]["annotations"][names.RESYNC_NAMESPACES] == "shop,web,cart"


@pytest.mark.parametrize("nothing", ["", " , "])
def test_a_namespace_without_a_name_does_not_mean_all_of_them(around: Surroundings, nothing: str) -> None:
    ended = run("--no-wait", "--namespace", nothing)

    assert ended.code == 2
    assert "--namespace is empty" in ended.complaint
    assert around.cluster.writes() == []


@pytest.mark.usefixtures("around")
def test_a_site_that_does_not_exist_is_named_with_the_way_to_find_one() -> None:
    ended = run("--site", "elsewhere")

    assert ended.code == 1
    assert "no JiraSite 'elsewhere'" in ended.complaint
    assert "kubectl get jirasites" in ended.complaint


@pytest.mark.parametrize("site", ["elsewhere", "default"])
def test_one_site_and_all_of_them_cannot_be_meant_at_once(around: Surroundings, site: str) -> None:
    ended = run("--site", site, "--all")

    assert ended.code == 2
    assert f"--all takes in --site {site}: leave one of them out" in ended.complaint
    assert around.cluster.writes() == []


def test_all_sites_are_asked_for_where_all_are_wanted(around: Surroundings) -> None:
    around.hold_site("second")

    assert "asked for: default, second" in run("--all", "--no-wait").complaint


def test_a_site_that_vanishes_meanwhile_is_not_taken_for_finished(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def request_and_remove(*wish: Any) -> None:
        await request_resync(*wish)
        around.cluster.remove(SITE)

    monkeypatch.setattr(resync, "request_resync", request_and_remove)
    ended = run()

    assert ended.code == 1
    assert "default: the JiraSite is gone, or another resync was asked for meanwhile" in ended.complaint


@pytest.mark.usefixtures("around")
def test_a_later_resync_of_somebody_else_is_not_taken_for_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def request_twice(api: Any, namespace: str, name: str, wish: Resync) -> None:
        await request_resync(api, namespace, name, wish)
        await request_resync(api, namespace, name, Resync(NOW))

    monkeypatch.setattr(resync, "request_resync", request_twice)

    assert run().code == 1
