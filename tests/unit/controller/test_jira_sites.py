"""JiraSites and their Secrets against a fake API server, with the sandbox in the place of Jira."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.controller import sites as looking
from rollout_reporter.controller.backoff import Backoff
from rollout_reporter.controller.patiences import Patiences
from rollout_reporter.controller.settings import Settings
from rollout_reporter.controller.site_status import IDLE, Standing
from rollout_reporter.controller.sites import Nobody, Sites
from rollout_reporter.core import names
from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.core.report import Update
from rollout_reporter.core.resync import Resync
from rollout_reporter.jira.client import JiraClient
from rollout_reporter.jira.wire import utc_now
from rollout_reporter.sandbox import SandboxConfig, create_app
from rollout_reporter.sandbox.config import DEFAULT_CLOUD_ID
from unit.cluster.fake_cluster import OURS, FakeCluster
from unit.controller.awaiting import until
from unit.core.situations import NOW, report

URL = "http://127.0.0.1:8088"
SITES = f"{OURS}/ops/jirasites"
SITE = f"{SITES}/default"
SECRET = "/api/v1/namespaces/ops/secrets/jira"  # a path


@dataclass
class Listener(Nobody):
    """Hears which sites have changed, and how the sending to them goes."""

    told: list[str] = field(default_factory=list)
    now: Standing = IDLE

    def site_changed(self, name: str) -> None:
        self.told.append(name)

    def standing(self, site: str) -> Standing:  # noqa: ARG002 (a deliverer's)
        return self.now


class Sandbox(httpx.ASGITransport):
    """Jira in this process; remembers which hosts were asked."""

    def __init__(self) -> None:
        super().__init__(create_app(SandboxConfig()))
        self.hosts: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.hosts.add(request.url.host)
        return await super().handle_async_request(request)


class MoodyJira(httpx.AsyncBaseTransport):
    """Answers some paths with an error, or never; remembers which were asked."""

    def __init__(self, **moods: int) -> None:
        self.moods = moods
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        last = request.url.path.rpartition("/")[2]
        self.asked.append(last)
        status = self.moods.get(last, 200)
        if status == SILENCE:
            await asyncio.Event().wait()
        said = {"access_token": "eyJ-1", "expires_in": 900, "cloudId": "c-1"}
        wait = {"Retry-After": "600"} if status in {429, 503} else {}
        return httpx.Response(status, json=said, headers=wait)


SILENCE = 0


@pytest.fixture
def jira() -> Sandbox:
    return Sandbox()


@pytest.fixture
async def http(jira: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=jira) as http:
        yield http


def sites_of(
    api: ApiClient,
    http: httpx.AsyncClient,
    now: Callable[[], datetime] = utc_now,
    patiences: Patiences | None = None,
) -> Sites:
    known = Patiences() if patiences is None else patiences
    return Sites(api, http, Settings(namespace="ops"), cluster="eu1", now=now, patiences=known)


def limiting_jira_of(cluster: FakeCluster) -> MoodyJira:
    """The Jira of the site `default`, which asks whoever reports to it to wait."""
    hold_site(cluster)
    hold_secret(cluster)
    return MoodyJira(bulk=429)


async def asked_to_wait(api: ApiClient, http: httpx.AsyncClient, **known: Any) -> Sites:
    """The sites of a process that has sent a report, and was asked to wait."""
    sites = sites_of(api, http, **known)
    await sites.load()
    await submitted(sites)
    return sites


async def next_leader_leaves_alone(
    jira: MoodyJira, api: ApiClient, http: httpx.AsyncClient, **known: Any
) -> None:
    """Expect that who leads next sends nothing for as long as Jira has asked for."""
    jira.asked.clear()
    sites = sites_of(api, http, **known)
    await sites.load()
    found = await submitted(sites)
    assert jira.asked == []
    assert found.reason == "RateLimited"


async def submitted(sites: Sites, name: str = "default") -> Trouble:
    """What keeps a report from being sent."""
    link = sites.link(name)
    assert isinstance(link, JiraClient)
    answer = await link.submit([Update(report("checkout", 1), 1)])
    assert isinstance(answer, Trouble)
    return answer


@pytest.fixture
def sites(api: ApiClient, http: httpx.AsyncClient) -> Sites:
    return sites_of(api, http)


def hold_site(cluster: FakeCluster, name: str = "default", **spec: Any) -> None:
    usual = {"siteURL": URL, "apiURL": URL, "credentialsSecretRef": {"name": "jira"}}
    cluster.hold(f"{SITES}/{name}", {"spec": usual | spec})


def hold_secret(cluster: FakeCluster, **texts: str) -> None:
    given = texts or {"clientId": "demo", "clientSecret": "demo-secret"}
    cluster.hold(
        SECRET, {"data": {key: base64.b64encode(text.encode()).decode() for key, text in given.items()}}
    )


def ready(cluster: FakeCluster) -> dict[str, Any]:
    return cluster.conditions(SITE)["Ready"]


def was_read(cluster: FakeCluster, path: str) -> bool:
    return any(asked.path == path for asked in cluster.asked)


async def test_a_site_with_a_good_credential_is_ready_and_tells_its_cloud_id(
    cluster: FakeCluster, sites: Sites
) -> None:
    hold_site(cluster)
    hold_secret(cluster)
    await sites.refresh()

    assert (ready(cluster)["status"], ready(cluster)["reason"]) == ("True", "Ready")
    assert cluster.objects[SITE]["status"]["cloudId"] == str(DEFAULT_CLOUD_ID)
    assert isinstance(sites.link("default"), JiraClient)
    assert set(sites.known()) == {"default"}


async def test_looking_again_writes_nothing_while_nothing_has_changed(
    cluster: FakeCluster, sites: Sites
) -> None:
    hold_site(cluster)
    hold_secret(cluster)
    await sites.refresh()
    link = sites.link("default")
    cluster.forget_requests()
    await sites.refresh()

    assert cluster.writes() == []
    assert sites.link("default") is link


async def test_the_condition_speaks_of_the_generation_that_was_looked_at(
    cluster: FakeCluster, sites: Sites
) -> None:
    hold_site(cluster)
    hold_secret(cluster)
    cluster.objects[SITE]["metadata"]["generation"] = 7
    await sites.refresh()

    assert ready(cluster)["observedGeneration"] == 7


# Secrets.


async def test_a_missing_secret_is_said_with_the_cure(cluster: FakeCluster, sites: Sites) -> None:
    hold_site(cluster)
    await sites.refresh()

    assert (ready(cluster)["status"], ready(cluster)["reason"]) == ("False", "Unauthorized")
    for part in ("'jira'", "create it", "clientId", "clientSecret"):
        assert part in ready(cluster)["message"]


async def test_once_the_missing_secret_is_there_the_site_is_ready_and_that_is_told(
    cluster: FakeCluster, sites: Sites
) -> None:
    hold_site(cluster)
    await sites.refresh()
    told: list[str] = []
    sites.serve(Listener(told))
    hold_secret(cluster)
    await sites.refresh()

    assert ready(cluster)["status"] == "True"
    assert "default" in told
    assert isinstance(sites.link("default"), JiraClient)


@pytest.mark.parametrize(
    ("texts", "missing"),
    [
        ({"clientId": "demo"}, "clientSecret"),
        ({"clientSecret": "demo-secret"}, "clientId"),
        ({"clientId": "demo", "clientSecret": ""}, "clientSecret"),
    ],
)
async def test_a_secret_with_a_key_missing_says_which(
    cluster: FakeCluster, sites: Sites, texts: dict[str, str], missing: str
) -> None:
    hold_site(cluster)
    hold_secret(cluster, **texts)
    await sites.refresh()

    assert ready(cluster)["status"] == "False"
    assert f"nothing under {missing}" in ready(cluster)["message"]


async def test_the_keys_of_the_secret_can_be_chosen(cluster: FakeCluster, sites: Sites) -> None:
    chosen = {"name": "jira", "clientIdKey": "user", "clientSecretKey": "password"}
    hold_site(cluster, credentialsSecretRef=chosen)
    hold_secret(cluster, user="demo", password="demo-secret")
    await sites.refresh()

    assert ready(cluster)["status"] == "True"


async def test_wrong_credentials_are_said_and_a_rotated_secret_heals_that(
    cluster: FakeCluster, sites: Sites
) -> None:
    hold_site(cluster)
    hold_secret(cluster, clientId="demo", clientSecret="expired")
    await sites.refresh()
    assert (ready(cluster)["status"], ready(cluster)["reason"]) == ("False", "Unauthorized")
    assert "expired" not in ready(cluster)["message"]
    hold_secret(cluster)
    await sites.refresh()

    assert ready(cluster)["status"] == "True"


async def test_a_rotated_secret_makes_a_new_way_to_the_site(cluster: FakeCluster, sites: Sites) -> None:
    hold_site(cluster)
    hold_secret(cluster, clientId="demo", clientSecret="old")
    await sites.refresh()
    before = sites.link("default")
    hold_secret(cluster, clientId="demo", clientSecret="new")
    await sites.refresh()

    assert sites.link("default") is not before


async def test_a_secret_that_cannot_be_read_for_a_while_does_not_cut_the_way(
    cluster: FakeCluster, sites: Sites
) -> None:
    hold_site(cluster)
    hold_secret(cluster)
    await sites.refresh()
    before = sites.link("default")
    cluster.refusals[f"GET {SECRET}"] = (503, "etcd is not there")
    await sites.refresh()

    assert sites.link("default") is before
    assert ready(cluster)["status"] == "True"


# Hosts.


async def test_a_site_whose_rules_change_keeps_its_way_while_its_secret_cannot_be_read(
    cluster: FakeCluster, sites: Sites
) -> None:
    hold_site(cluster)
    hold_secret(cluster)
    await sites.refresh()
    cluster.objects[SITE]["spec"]["access"] = [{"projects": ["SHOP"]}]
    cluster.refusals["GET /api/v1/namespaces/ops/secrets/jira"] = (500, "not now")

    await sites.refresh()

    assert isinstance(sites.link("default"), JiraClient)


async def test_another_secret_that_may_not_be_read_is_not_taken_for_the_one_before(
    cluster: FakeCluster, sites: Sites
) -> None:
    """Say, since the chart's `rbac.secretNames` does not name it."""
    hold_site(cluster)
    hold_secret(cluster)
    await sites.refresh()
    cluster.objects[SITE]["spec"]["credentialsSecretRef"] = {"name": "jira-new"}
    cluster.objects[SITE]["metadata"]["generation"] += 1
    cluster.refusals["GET /api/v1/namespaces/ops/secrets/jira-new"] = (403, "secrets is forbidden")

    await sites.refresh()

    assert ready(cluster)["status"] == "False"
    assert "its Secret cannot be read" in ready(cluster)["message"]


@pytest.mark.parametrize("field", ["siteURL", "apiURL"])
async def test_for_a_host_that_is_not_allowed_the_secret_is_never_read_nor_the_host_asked(
    cluster: FakeCluster, sites: Sites, jira: Sandbox, field: str
) -> None:
    hold_site(cluster, **{field: "https://jira.evil.example"})
    hold_secret(cluster)
    await sites.refresh()

    assert not was_read(cluster, SECRET)
    assert jira.hosts == set()
    assert ready(cluster)["status"] == "False"
    assert ready(cluster)["message"].startswith(f"{field}: ")
    assert "jira.evil.example" in ready(cluster)["message"]
    assert isinstance(sites.link("default"), Trouble)


async def test_a_site_that_is_edited_to_a_host_that_is_not_allowed_loses_its_way(
    cluster: FakeCluster, sites: Sites, jira: Sandbox
) -> None:
    hold_site(cluster)
    hold_secret(cluster)
    await sites.refresh()
    cluster.objects[SITE]["spec"]["apiURL"] = "https://jira.evil.example"
    await sites.refresh()

    assert isinstance(sites.link("default"), Trouble)
    assert jira.hosts == {"127.0.0.1"}


async def test_a_host_that_the_operator_was_told_of_is_allowed(
    cluster: FakeCluster, api: ApiClient, http: httpx.AsyncClient
) -> None:
    settings = Settings(namespace="ops", allowed_hosts=("jira.example",))
    sites = Sites(api, http, settings, cluster="eu1", now=utc_now, patiences=Patiences())
    hold_site(cluster, siteURL="https://jira.example", apiURL="https://jira.example")
    hold_secret(cluster)
    await sites.refresh()

    assert ready(cluster)["status"] == "True"


# Coming and going.


async def test_a_site_that_is_not_there_is_trouble_with_its_name() -> None:
    settings = Settings(namespace="ops")
    sites = Sites(None, None, settings, cluster="eu1", now=utc_now, patiences=Patiences())  # type: ignore[arg-type]
    link = sites.link("otter")

    assert isinstance(link, Trouble)
    assert link.reason is TroubleReason.SITE_NOT_FOUND
    assert "'otter'" in link.message


async def test_a_site_that_was_removed_is_no_longer_known_and_that_is_told(
    cluster: FakeCluster, sites: Sites
) -> None:
    hold_site(cluster)
    hold_secret(cluster)
    await sites.refresh()
    told: list[str] = []
    sites.serve(Listener(told))
    cluster.remove(SITE)
    await sites.refresh()

    assert told == ["default"]
    assert sites.known() == {}
    assert isinstance(sites.link("default"), Trouble)


async def test_a_site_that_is_a_surprise_harms_no_other_and_is_not_ready(
    cluster: FakeCluster, api: ApiClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Who knows what else may stand at an address."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "localhost":
            raise RuntimeError("never heard of")
        return httpx.Response(200, json={"access_token": "eyJ-1", "expires_in": 900, "cloudId": "c-1"})

    hold_site(cluster, "other", siteURL="http://localhost:8088")
    hold_site(cluster)
    hold_secret(cluster)
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        sites = sites_of(api, http)
        for _ in range(2):
            await sites.refresh()

    assert ready(cluster)["status"] == "True"
    assert cluster.conditions(f"{SITES}/other")["Ready"]["status"] == "False"
    assert "never heard of" in caplog.text


async def test_a_site_in_trouble_is_looked_at_again_though_the_clock_was_set_back(
    cluster: FakeCluster, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    instant = timedelta(milliseconds=1)
    monkeypatch.setattr(looking, "Backoff", partial(Backoff, instant, instant))
    hold_site(cluster)
    hold_secret(cluster)
    jira, time = MoodyJira(token=500), [NOW]
    async with httpx.AsyncClient(transport=jira) as http:
        sites = sites_of(api, http, now=lambda: time[0])
        await sites.refresh()
        assert ready(cluster)["status"] == "False"

        jira.moods.clear()
        time[0] -= timedelta(hours=1)
        await asyncio.sleep(0.01)
        await sites.refresh()

    assert ready(cluster)["status"] == "True"


async def test_one_site_in_trouble_does_not_harm_another(cluster: FakeCluster, sites: Sites) -> None:
    hold_site(cluster, "other", credentialsSecretRef={"name": "missing"})
    hold_site(cluster)
    hold_secret(cluster)
    await sites.refresh()

    assert ready(cluster)["status"] == "True"
    assert cluster.conditions(f"{SITES}/other")["Ready"]["status"] == "False"


async def test_without_the_crd_there_are_no_sites_and_no_error(
    cluster: FakeCluster, sites: Sites, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.refusals[f"GET {SITES}"] = (404, "the server could not find the requested resource")
    await sites.refresh()

    assert sites.known() == {}
    assert "install the CRDs" in caplog.text


async def test_a_site_of_another_version_says_what_to_do(cluster: FakeCluster, sites: Sites) -> None:
    cluster.hold(SITE, {"spec": {"site": URL}})
    await sites.refresh()

    assert ready(cluster)["status"] == "False"
    assert "upgrade the chart" in ready(cluster)["message"]
    assert sites.known() == {}


async def test_a_status_that_cannot_be_written_does_not_keep_the_site_from_being_used(
    cluster: FakeCluster, sites: Sites
) -> None:
    cluster.refusals[f"PATCH {SITE}/status"] = (503, "etcd is not there")
    hold_site(cluster)
    hold_secret(cluster)
    await sites.refresh()

    assert isinstance(sites.link("default"), JiraClient)


# How the sending goes.

DOWN = Trouble(TroubleReason.UNAVAILABLE, "Jira cannot answer at present (503).")
LIMITED = Trouble(TroubleReason.RATE_LIMITED, "Jira asks for fewer requests (429).", timedelta(seconds=90))


async def test_a_site_that_takes_no_reports_is_not_ready_and_tells_when_it_is_tried_again(
    cluster: FakeCluster, sites: Sites
) -> None:
    hold_site(cluster)
    hold_secret(cluster)
    next_attempt = utc_now() + timedelta(seconds=40)
    sites.serve(Listener(now=Standing(DOWN, next_attempt, 3)))
    await sites.refresh()
    status = cluster.objects[SITE]["status"]

    assert (ready(cluster)["status"], ready(cluster)["reason"]) == ("False", "JiraUnavailable")
    assert status["waiting"] == 3
    told = datetime.fromisoformat(status["nextAttempt"])
    assert next_attempt <= told < next_attempt + timedelta(seconds=1)


async def test_a_site_is_looked_at_at_once_when_reports_get_through_again(
    cluster: FakeCluster, api: ApiClient
) -> None:
    """The next look may be a minute away by then."""
    hold_site(cluster)
    hold_secret(cluster)
    jira = MoodyJira(token=500)
    async with httpx.AsyncClient(transport=jira) as http:
        sites = sites_of(api, http)
        sites.serve(Listener(now=Standing(worked_at=asyncio.get_running_loop().time() + 1)))
        await sites.refresh()
        assert ready(cluster)["status"] == "False"

        jira.moods.clear()
        await sites.refresh()

    assert ready(cluster)["status"] == "True"


async def test_once_all_is_sent_it_is_ready_again(cluster: FakeCluster, sites: Sites) -> None:
    hold_site(cluster)
    hold_secret(cluster)
    listener = Listener(now=Standing(DOWN, utc_now(), 3))
    sites.serve(listener)
    await sites.refresh()
    listener.now = IDLE
    await sites.refresh()
    status = cluster.objects[SITE]["status"]

    assert ready(cluster)["status"] == "True"
    assert status.get("waiting") is None
    assert status.get("nextAttempt") is None


async def test_a_wait_that_jira_has_asked_for_outlives_the_process_and_the_credential(
    cluster: FakeCluster, api: ApiClient, http: httpx.AsyncClient, jira: Sandbox
) -> None:
    hold_site(cluster)
    hold_secret(cluster)
    before = sites_of(api, http)
    before.serve(Listener(now=Standing(LIMITED, utc_now() + timedelta(seconds=90), 3)))
    await before.refresh()
    jira.hosts.clear()
    after = sites_of(api, http)
    await after.refresh()
    hold_secret(cluster, clientId="demo", clientSecret="rotated")
    await after.refresh()
    answer = await submitted(after)

    assert answer.reason is TroubleReason.RATE_LIMITED
    assert answer.retry_after is not None
    assert timedelta(seconds=80) < answer.retry_after <= timedelta(seconds=91)
    assert jira.hosts == set()


@pytest.mark.parametrize(("status", "reason"), [(429, "RateLimited"), (503, "JiraUnavailable")])
@pytest.mark.parametrize("where", ["token", "bulk"])
async def test_a_wait_is_on_record_until_its_end_though_nothing_waits_to_be_sent(
    where: str, status: int, reason: str, cluster: FakeCluster, api: ApiClient
) -> None:
    """Whether a probe was asked to wait, or a report that nobody wants any more."""
    hold_site(cluster)
    hold_secret(cluster)
    jira = MoodyJira(**{where: status})
    async with httpx.AsyncClient(transport=jira) as http:
        before = sites_of(api, http)
        await before.load()
        assert (await submitted(before)).reason == reason
        await before.refresh()
        cluster.forget_requests()
        await before.refresh()
        assert cluster.writes() == []

        jira.asked.clear()
        after = sites_of(api, http)
        await after.refresh()
        found = await submitted(after)

    assert jira.asked == []
    assert found.reason == reason
    assert ready(cluster)["reason"] == reason


async def test_a_wait_that_could_not_be_recorded_is_kept_to_in_the_next_term_of_the_process(
    cluster: FakeCluster, api: ApiClient
) -> None:
    """The API server was away, so the Lease was lost, too."""
    jira, patiences = limiting_jira_of(cluster), Patiences()
    async with httpx.AsyncClient(transport=jira) as http:
        await asked_to_wait(api, http, patiences=patiences)
        await next_leader_leaves_alone(jira, api, http, patiences=patiences)


async def test_a_wait_that_another_process_was_asked_for_is_kept_to_by_one_that_led_before_it(
    cluster: FakeCluster, api: ApiClient
) -> None:
    """Leaders change from A to B to A."""
    jira, patiences = limiting_jira_of(cluster), Patiences()
    jira.moods.clear()
    async with httpx.AsyncClient(transport=jira) as http:
        await sites_of(api, http, patiences=patiences).refresh()
        jira.moods["bulk"] = 429
        other = await asked_to_wait(api, http)
        await other.hand_over()
        await next_leader_leaves_alone(jira, api, http, patiences=patiences)


async def test_an_address_that_is_written_otherwise_leads_to_the_same_jira(
    cluster: FakeCluster, api: ApiClient
) -> None:
    jira = limiting_jira_of(cluster)
    async with httpx.AsyncClient(transport=jira) as http:
        sites = await asked_to_wait(api, http)
        jira.asked.clear()
        cluster.objects[SITE]["spec"]["siteURL"] += "/"
        cluster.objects[SITE]["metadata"]["generation"] += 1
        await sites.load()
        await submitted(sites)

    assert jira.asked == []


async def test_all_sites_that_lead_to_one_jira_keep_to_its_wait(cluster: FakeCluster, api: ApiClient) -> None:
    """Also one that takes the place of the one that was asked to wait."""
    jira = limiting_jira_of(cluster)
    hold_site(cluster, "team")
    async with httpx.AsyncClient(transport=jira) as http:
        sites = await asked_to_wait(api, http)
        jira.asked.clear()
        found = await submitted(sites, "team")
        cluster.remove(SITE)
        hold_site(cluster, "renamed")
        await sites.refresh()
        later = await submitted(sites, "renamed")

    assert jira.asked == []
    assert {found.reason, later.reason} == {"RateLimited"}


async def test_who_stops_leaves_on_record_for_how_long_jira_wants_to_be_left_alone(
    cluster: FakeCluster, api: ApiClient
) -> None:
    """Jira may have asked for it a moment before."""
    jira = limiting_jira_of(cluster)
    async with httpx.AsyncClient(transport=jira) as http:
        before = await asked_to_wait(api, http)
        await before.hand_over()
        await next_leader_leaves_alone(jira, api, http)


async def test_a_site_that_leads_to_another_jira_since_keeps_no_wait_of_the_one_before(
    cluster: FakeCluster, api: ApiClient
) -> None:
    """Though the operator was restarted in between."""
    jira = limiting_jira_of(cluster)
    async with httpx.AsyncClient(transport=jira) as http:
        before = await asked_to_wait(api, http)
        await before.refresh()
        cluster.objects[SITE]["spec"]["apiURL"] = "http://127.0.0.1:8089"
        cluster.objects[SITE]["metadata"]["generation"] += 1
        jira.asked.clear()
        after = sites_of(api, http)
        await after.load()
        await submitted(after)

    assert "bulk" in jira.asked


async def test_what_else_is_wrong_is_told_beside_a_wait(cluster: FakeCluster, api: ApiClient) -> None:
    hold_site(cluster)
    hold_secret(cluster)
    async with httpx.AsyncClient(transport=MoodyJira(token=429)) as http:
        sites = sites_of(api, http)
        await sites.refresh()
        cluster.remove(SECRET)
        await sites.refresh()

    assert ready(cluster)["reason"] == "RateLimited"
    assert "create it" in ready(cluster)["message"]


async def test_a_probe_that_hangs_does_not_keep_from_telling_how_the_sending_goes(
    cluster: FakeCluster, api: ApiClient
) -> None:
    hold_site(cluster)
    hold_secret(cluster)
    jira, listener = MoodyJira(token=SILENCE), Listener()
    async with httpx.AsyncClient(transport=jira) as http:
        sites = sites_of(api, http)
        sites.serve(listener)
        looks = asyncio.create_task(sites.run())
        async with asyncio.timeout(5):
            while "token" not in jira.asked:  # noqa: ASYNC110 (nothing else tells)
                await asyncio.sleep(0.005)
            listener.now = Standing(LIMITED, utc_now() + timedelta(seconds=90), 3)
            sites.hurry()
            while "status" not in cluster.objects[SITE] or ready(cluster)["reason"] != "RateLimited":  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        looks.cancel()
        with suppress(asyncio.CancelledError):
            await looks

    assert jira.asked.count("token") == 1


class Slow(MoodyJira):
    """One port answers only once it is let, and then that it is down."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port, self.let = port, asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.port != self.port:
            return await super().handle_async_request(request)
        self.asked.append("slow")
        await self.let.wait()
        return httpx.Response(500)


@asynccontextmanager
async def looking_at(cluster: FakeCluster, api: ApiClient, jira: Slow) -> AsyncIterator[Sites]:
    """A site whose first probe has begun."""
    hold_site(cluster)
    hold_secret(cluster)
    async with httpx.AsyncClient(transport=jira) as http:
        sites = sites_of(api, http)
        looks = asyncio.create_task(sites.run())
        try:
            await until(lambda: "slow" in jira.asked)
            yield sites
        finally:
            looks.cancel()
            with suppress(asyncio.CancelledError):
                await looks


def looks_at_sites(cluster: FakeCluster) -> int:
    return sum(asked.method == "GET" and asked.path == SITES for asked in cluster.asked)


async def test_a_site_is_not_ready_before_its_jira_has_answered(cluster: FakeCluster, api: ApiClient) -> None:
    jira = Slow(8088)
    async with looking_at(cluster, api, jira) as sites:
        for _ in range(3):
            before = looks_at_sites(cluster)
            sites.hurry()
            await until(lambda before=before: looks_at_sites(cluster) > before)  # type: ignore[misc]
        assert "status" not in cluster.objects[SITE]

        jira.let.set()
        await until(lambda: "status" in cluster.objects[SITE])

    assert ready(cluster)["reason"] == "JiraUnavailable"


async def test_what_is_found_of_an_address_that_was_corrected_meanwhile_is_not_told(
    cluster: FakeCluster, api: ApiClient
) -> None:
    jira = Slow(8088)
    async with looking_at(cluster, api, jira) as sites:
        cluster.objects[SITE]["spec"] |= dict.fromkeys(("siteURL", "apiURL"), "http://127.0.0.1:8089")
        cluster.objects[SITE]["metadata"]["generation"] += 1
        sites.hurry()
        await until(lambda: "status" in cluster.objects[SITE])
        told = cluster.objects[SITE]["status"]
        assert ready(cluster)["status"] == "True"

        jira.let.set()
        before = looks_at_sites(cluster)
        sites.hurry()
        await until(lambda: looks_at_sites(cluster) > before)

    assert cluster.objects[SITE]["status"] == told


async def test_a_resync_of_somebody_whose_clock_is_ahead_counts_from_when_it_was_seen_first(
    cluster: FakeCluster, api: ApiClient, http: httpx.AsyncClient
) -> None:
    """Or all that was sent a moment ago would be sent again, and again."""
    asked: list[datetime] = []

    class Sender(Nobody):
        def resend(self, site: str, resync: Resync) -> int:  # noqa: ARG002 (there is one)
            asked.append(resync.requested)
            return 1

    hold_site(cluster)
    wish = {names.RESYNC: (NOW + timedelta(hours=1)).isoformat()}
    cluster.objects[SITE]["metadata"]["annotations"] = wish
    time = [NOW]
    sites = sites_of(api, http, now=lambda: time[0])
    sites.serve(Sender())
    for _ in range(3):
        await sites.refresh()
        time[0] += timedelta(seconds=5)

    assert asked == [NOW] * 3


async def test_a_secret_that_may_not_be_read_is_not_taken_for_a_missing_one(
    cluster: FakeCluster, sites: Sites
) -> None:
    hold_site(cluster)
    hold_secret(cluster)
    cluster.refusals[f"GET {SECRET}"] = (403, "secrets are forbidden")
    await sites.refresh()

    assert ready(cluster)["reason"] == "Unauthorized"
    assert "cannot be read" in ready(cluster)["message"]
