"""`rollout-reporter forget`: what it removes, what it leaves, and how it says that it cannot."""

import asyncio
import os
import re
import signal
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from rollout_reporter.cli import forget, removal, site
from rollout_reporter.core.report import State
from rollout_reporter.core.workload import Kind
from unit.cli.command import Ended, call
from unit.cli.surroundings import SECRET, SITES, Surroundings
from unit.core.situations import NOW, accepted, entry, ref

ONE = accepted(entry(number=1, revision=1))
TWO = accepted(entry(number=2, revision=2))
CART = accepted(replace(entry(number=3), pipeline=replace(ONE.pipeline, id="eu1.shop.deployment.cart")))
ELSEWHERE = accepted(entry(number=4, site="other"))
IDENTITY = ("--pipeline=eu1.shop.deployment.checkout", "--environment=production", "--number=1")
SPARES_THE_FIRST = 10
"""A seed with which a chance of one half strikes at the second request."""


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """A cluster with a JiraSite, two workloads and what they were reported with."""
    around = Surroundings()
    for module in (site, removal):
        monkeypatch.setattr(module, "connect", around.connect)
    monkeypatch.setattr(forget, "http_client", around.http_client)
    around.hold_site()
    around.hold_secret()
    around.remember(ref(), ONE, TWO, ELSEWHERE)
    around.remember(ref("cart"), CART)
    around.tell(ONE, TWO, CART, ELSEWHERE)
    return around


def assert_refused(ended: Ended, sentence: str, *, code: int = 1) -> None:
    assert ended.code == code
    assert sentence in ended.complaint


def test_what_a_namespace_remembers_of_a_site_is_removed(around: Surroundings) -> None:
    ended = call("forget", "--namespace=shop", "--yes")

    assert (ended.code, around.held()) == (0, [4])
    assert "Jira was told to remove 3 deployments" in ended.output


def test_what_one_workload_remembers_is_removed(around: Surroundings) -> None:
    call("forget", "--namespace=shop", "--workload=deploy/checkout", "--yes")

    assert around.held() == [3, 4]


def test_another_site_has_to_be_named(around: Surroundings) -> None:
    around.hold_site("other")

    call("forget", "--namespace=shop", "--site=other", "--yes")

    assert around.held() == [1, 2, 3]


def test_what_another_installation_reports_is_left_to_it(around: Surroundings) -> None:
    around.remember(ref("cart"), CART, installation="other")

    call("forget", "--namespace=shop", "--yes")

    assert around.held() == [3, 4]


def test_one_deployment_is_removed_by_its_identity(around: Surroundings) -> None:
    ended = call("forget", *IDENTITY, "--yes")

    assert (ended.code, around.held()) == (0, [2, 3, 4])
    assert re.search(r"eu1\.shop\.deployment\.checkout +production +1 *\n", ended.output)
    assert "Jira was told to remove 1 deployment," in ended.output


def test_everything_with_all_of_some_properties_is_removed(around: Surroundings) -> None:
    around.tell(entry(number=5), properties={"cluster": "eu1", "installation": "jira"})
    around.tell(entry(number=6), properties={"cluster": "eu1", "installation": "other"})
    around.tell(entry(number=7), properties={"cluster": "us1", "installation": "jira"})

    ended = call("forget", "--property=cluster=eu1", "--property=installation=jira", "--yes")

    assert (ended.code, around.held()) == (0, [1, 2, 3, 4, 6, 7])
    assert "all deployments that were sent with cluster=eu1 and installation=jira" in ended.output


def test_a_long_name_of_a_cluster_is_found_again(around: Surroundings) -> None:
    around.tell(entry(number=5), properties={"cluster": "x" * 300})

    call("forget", f"--property=cluster={'x' * 300}", "--yes")

    assert 5 not in around.held()


def test_the_cluster_is_only_read(around: Surroundings) -> None:
    around.cluster.forget_requests()

    call("forget", "--namespace=shop", "--yes")

    assert around.cluster.writes() == []


def test_it_says_how_to_keep_a_workload_out_of_jira(around: Surroundings) -> None:
    del around  # it is there

    output = call("forget", *IDENTITY, "--yes").output

    assert "does not send it again by itself" in output
    assert (
        "remove its annotation rollout-reporter.dev/issue-keys or set rollout-reporter.dev/ignore" in output
    )


def test_it_shows_what_it_would_remove_and_what_would_come_back(around: Surroundings) -> None:
    waiting = entry(number=11, revision=11, state=State.IN_PROGRESS)
    changed = replace(TWO, because="it was rolled back", state=State.ROLLED_BACK)
    unknown = accepted(entry(number=12, since=NOW - timedelta(minutes=1)), unknown=["SHOP-57"])
    around.remember(ref("canary", kind=Kind.ROLLOUT, uid="uid-2"), ONE, changed, accepted(waiting), unknown)

    lines = call("forget", "--namespace=shop", "--workload=rollout/canary", "--yes").output.splitlines()

    assert re.split(r" {2,}", lines[0].strip()) == [
        *("WORKLOAD", "ISSUES", "ENVIRONMENT", "REVISION", "STATE", "COMES BACK")
    ]
    assert [re.split(r" {2,}", line.strip())[3:] for line in lines[1:5]] == [
        ["1", "successful"],
        ["2", "rolled_back", "it is being sent"],
        ["11", "in_progress", "as it goes on"],
        ["4", "successful", "to ask again for SHOP-57"],
    ]


def test_without_a_terminal_nothing_is_removed_but_all_is_shown(around: Surroundings) -> None:
    ended = call("forget", "--namespace=shop")

    assert_refused(ended, "nothing was removed: there is no terminal to ask at, so say --yes if it is wanted")
    assert "deployment/cart" in ended.output
    assert around.held() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "say what to remove by one of --namespace, --property, or --pipeline with"),
        (["--namespace=shop", "--property=cluster=eu1"], "say what to remove by one of"),
        (["--workload=deployment/web", "--property=cluster=eu1"], "--workload needs the --namespace"),
        (["--namespace=shop", "--workload=web"], "'web' is not like deployment/web"),
        (["--pipeline=eu1", "--number=1"], "--pipeline, --environment and --number belong together"),
        ([*IDENTITY[:2], "--number=-1"], "greater than or equal to 0"),
        (["--property=cluster"], "'cluster' is not like cluster=eu1"),
        (["--property=cluster="], "'cluster=' is not like cluster=eu1"),
        (["--property=a=1", "--property=a=2"], "its name is there twice"),
        (["--property=_a=1", "--property=b=1"], "without an underscore at the beginning"),
        (["--property=a:b=1"], "without a colon"),
        (["--property==1"], "--property takes"),
        ([f"--property={name}=1" for name in "abcdef"], "at most five"),
    ],
)
def test_what_cannot_be_meant_is_refused(around: Surroundings, arguments: list[str], sentence: str) -> None:
    assert_refused(call("forget", *arguments, "--yes"), sentence, code=2)
    assert around.held() == [1, 2, 3, 4]


def test_nothing_remembered_is_said(around: Surroundings) -> None:
    ended = call("forget", "--namespace=shop", "--workload=rollout/checkout", "--yes")

    assert_refused(ended, "no RolloutReport in namespace shop remembers a Jira deployment of site 'default'")
    assert "see kubectl get rolloutreports -A" in ended.complaint
    assert around.held() == [1, 2, 3, 4]


def test_what_is_remembered_of_other_sites_is_pointed_at(around: Surroundings) -> None:
    around.hold_site("third")

    ended = call("forget", "--namespace=shop", "--workload=deployment/checkout", "--site=third", "--yes")

    assert_refused(ended, "of site 'third', but of default, other: name it with --site")


def test_a_site_that_does_not_exist_is_named(around: Surroundings) -> None:
    del around  # it is there

    ended = call("forget", *IDENTITY, "--site=nowhere", "--yes")

    assert_refused(ended, "there is no JiraSite 'nowhere' in namespace rollout-reporter")
    assert ended.output == ""


def test_a_cluster_without_our_kinds_is_told(around: Surroundings) -> None:
    around.cluster.refusals[f"GET {SITES}"] = 404, "the server could not find the requested resource"

    assert_refused(
        call("forget", *IDENTITY, "--yes"), "does not know the kind JiraSite: is it the right one?"
    )


def test_a_namespace_that_may_not_be_read_is_told_in_the_words_of_the_api_server(
    around: Surroundings,
) -> None:
    path = "/apis/rollout-reporter.dev/v1alpha1/namespaces/shop/rolloutreports"
    around.cluster.refusals[f"GET {path}"] = 403, "rolloutreports is forbidden"

    assert_refused(call("forget", "--namespace=shop", "--yes"), "forget: rolloutreports is forbidden")


def test_a_secret_that_may_not_be_read_is_named(around: Surroundings) -> None:
    around.cluster.refusals[f"GET {SECRET}"] = 403, 'secrets "jira" is forbidden'

    ended = call("forget", *IDENTITY, "--yes")

    assert_refused(ended, "the Secret 'jira' of JiraSite 'default' cannot be read: secrets")
    assert "You need the right to get it in namespace rollout-reporter" in ended.complaint


def test_a_secret_that_does_not_exist_is_named(around: Surroundings) -> None:
    around.cluster.remove(SECRET)

    assert_refused(
        call("forget", *IDENTITY, "--yes"), "there is no Secret 'jira' in namespace rollout-reporter"
    )


def test_a_secret_without_a_credential_is_named(around: Surroundings) -> None:
    around.hold_secret(clientId="demo")

    assert_refused(
        call("forget", *IDENTITY, "--yes"),
        "Secret 'jira' in namespace rollout-reporter has nothing under clientSecret",
    )


def test_a_site_of_another_version_is_told(around: Surroundings) -> None:
    around.hold_site(siteURL=7)

    assert_refused(call("forget", *IDENTITY, "--yes"), "'default' does not fit this version")


def test_a_credential_goes_nowhere_but_to_jira(around: Surroundings) -> None:
    around.hold_site(apiURL="https://evil.example")
    around.cluster.forget_requests()

    ended = call("forget", *IDENTITY, "--yes")

    assert_refused(ended, "apiURL: Credentials are not sent to evil.example")
    assert "(For this command: --allowed-hosts.)" in ended.complaint
    assert SECRET not in {asked.path for asked in around.cluster.asked}


@pytest.mark.parametrize("how", ["flag", "environment"])
def test_another_host_can_be_allowed(around: Surroundings, how: str) -> None:
    around.hold_site(apiURL="https://jira.example", siteURL="https://jira.example")
    flag = ["--allowed-hosts=jira.example"] if how == "flag" else []
    environment = {"ROLLOUT_REPORTER_ALLOWED_HOSTS": "other, jira.example"} if how == "environment" else {}

    ended = call("forget", *IDENTITY, "--yes", *flag, environment=environment)

    assert (ended.code, around.held()) == (0, [2, 3, 4])


def test_a_credential_that_jira_refuses_is_told_with_the_cure(around: Surroundings) -> None:
    around.hold_secret(clientId="demo", clientSecret="wrong")

    ended = call("forget", *IDENTITY, "--yes")

    assert_refused(ended, "Jira has confirmed 0 of 1: Jira does not accept the client id and secret (40")
    assert "Settings → Apps → OAuth credentials" in ended.complaint


def test_when_jira_fails_on_the_way_it_says_how_far_it_came(around: Surroundings) -> None:
    second = {"probability": 0.5, "seed": SPARES_THE_FIRST}
    around.control("POST", "/sandbox/faults", {"operation": "delete", "kind": "503", **second})

    ended = call("forget", "--namespace=shop", "--yes")

    assert_refused(ended, "Jira has confirmed 1 of 3: Jira cannot answer at present (503)")
    assert "Run the command again. If this stays, see https://status.atlassian.com" in ended.complaint
    assert "tried again" not in ended.complaint
    assert len(around.held()) == 3


@pytest.mark.usefixtures("interruptible")
def test_a_removal_that_is_interrupted_says_how_far_it_came(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(httpx.ASGITransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "DELETE" and len(deleted) == 2:
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.Event().wait()
            deleted.extend([request.url] * (request.method == "DELETE"))
            return await super().handle_async_request(request)

    deleted: list[httpx.URL] = []
    transport = Interrupted(around.sandbox)
    monkeypatch.setattr(forget, "http_client", lambda: httpx.AsyncClient(transport=transport))

    ended = call("forget", "--namespace=shop", "--yes")

    assert_refused(ended, "forget: interrupted, Jira has confirmed 2 of 3: run the command again")
    assert len(around.held()) == 2
