import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from rollout_reporter.core.outcome import Accepted, Judged, Rejected, Trouble, TroubleReason, Unanswered
from rollout_reporter.core.report import (
    DeploymentKey,
    Environment,
    EnvironmentType,
    Pipeline,
    Report,
    State,
    Update,
)
from rollout_reporter.jira.client import JiraClient, SiteSettings
from rollout_reporter.jira.payload import deployment_data
from rollout_reporter.jira.schemas import DeploymentData
from rollout_reporter.jira.token import Credentials
from rollout_reporter.jira.wire import http_client, utc_now

SITE = "https://example.atlassian.net"
CLOUD = "3f0c6a52-0d3b-4c0e-9a11-2f7b6f1f9d20"
BASE = f"https://api.atlassian.com/jira/deployments/0.1/cloud/{CLOUD}"
Answer = Callable[[httpx.Request], httpx.Response]


def accept(request: httpx.Request) -> httpx.Response:
    sent = json.loads(request.content)["deployments"]
    keys = [
        {
            "pipelineId": one["pipeline"]["id"],
            "environmentId": one["environment"]["id"],
            "deploymentSequenceNumber": one["deploymentSequenceNumber"],
        }
        for one in sent
    ]
    return httpx.Response(202, json={"acceptedDeployments": keys})


class Jira:
    """A Jira whose answers a test replaces; tokens are `token-1`, `token-2`, …"""

    def __init__(self) -> None:
        self.tokens = 0
        self.requests: list[httpx.Request] = []
        self.tenant: Answer = lambda _: httpx.Response(200, json={"cloudId": CLOUD})
        self.token: Answer = lambda _: httpx.Response(
            200, json={"access_token": f"token-{self.tokens}", "expires_in": 900}
        )
        self.api: Answer = accept

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path == "/_edge/tenant_info":
            return self.tenant(request)
        if request.url.path == "/oauth/token":
            self.tokens += 1
            return self.token(request)
        return self.api(request)

    def paths(self) -> list[str]:
        return [request.url.path for request in self.requests]

    def client(self, cloud_id: str | None = None) -> JiraClient:
        settings = SiteSettings(f"{SITE}/", "https://api.atlassian.com/", cloud_id)
        http = http_client(version="0.0", transport=httpx.MockTransport(self))
        return JiraClient(settings, Credentials("client", SecretStr("hunter2")), http)


@pytest.fixture
def jira() -> Jira:
    return Jira()


async def refusal(jira: Jira, update: Update) -> Trouble:
    answer = await jira.client().submit([update])
    assert isinstance(answer, Trouble)
    return answer


async def test_an_update_is_posted_once_with_token_and_names(jira: Jira, update: Update) -> None:
    assert await jira.client().submit([update]) == Judged({update.report.key: Accepted()})
    tenant, token, post = jira.requests
    assert (tenant.method, str(tenant.url)) == ("GET", f"{SITE}/_edge/tenant_info")
    assert (token.method, str(token.url)) == ("POST", "https://api.atlassian.com/oauth/token")
    assert (post.method, str(post.url)) == ("POST", f"{BASE}/bulk")
    assert post.headers["authorization"] == "Bearer token-1"
    assert post.headers["content-type"] == "application/json"
    assert post.headers["user-agent"] == "rollout-reporter/0.0"
    assert "authorization" not in tenant.headers


async def test_token_and_cloud_id_are_fetched_once(jira: Jira, update: Update) -> None:
    client = jira.client()
    await client.submit([update])
    await client.submit([update])
    assert await client.cloud_id() == CLOUD
    assert len(jira.requests) == 4


async def test_concurrent_submissions_share_token_and_cloud_id(jira: Jira, update: Update) -> None:
    client = jira.client()
    answers = await asyncio.gather(*(client.submit([update]) for _ in range(10)))
    assert all(isinstance(answer, Judged) for answer in answers)
    assert len(jira.requests) == 12


async def test_a_configured_cloud_id_is_not_looked_up(jira: Jira, update: Update) -> None:
    await jira.client("abc-1").submit([update])
    assert jira.paths() == ["/oauth/token", "/jira/deployments/0.1/cloud/abc-1/bulk"]


@pytest.mark.parametrize("cloud_id", ["../evil", "c" * 65])
async def test_a_configured_cloud_id_that_cannot_be_one_is_refused(jira: Jira, cloud_id: str) -> None:
    found = await jira.client(cloud_id).cloud_id()
    assert isinstance(found, Trouble)
    assert found.reason is TroubleReason.SITE_NOT_FOUND
    assert jira.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404),
        httpx.Response(302, headers={"location": "https://www.atlassian.com"}),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"cloudId": "../.."}),
        httpx.Response(200, json={"cloudId": None}),
        httpx.Response(200, json={"cloudId": "c" * 65}),
        httpx.Response(200, text="<html>no site</html>"),
    ],
)
async def test_no_cloud_id_means_no_site_and_says_what_to_check(jira: Jira, answer: httpx.Response) -> None:
    jira.tenant = lambda _: answer
    found = await jira.client().cloud_id()
    assert isinstance(found, Trouble)
    assert found.reason is TroubleReason.SITE_NOT_FOUND
    assert SITE in found.message
    assert "Check the site URL" in found.message


async def test_a_site_that_is_down_is_not_missing(jira: Jira) -> None:
    jira.tenant = lambda _: httpx.Response(503)
    found = await jira.client().cloud_id()
    assert isinstance(found, Trouble)
    assert found.reason is TroubleReason.UNAVAILABLE


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_cloud_id_that_may_be_dead_is_looked_up_again(
    jira: Jira, update: Update, status: int
) -> None:
    client = jira.client()
    jira.api = lambda _: httpx.Response(status)
    assert isinstance(await client.submit([update]), Trouble)
    jira.tenant = lambda _: httpx.Response(200, json={"cloudId": "made-anew"})
    jira.api = accept
    assert isinstance(await client.submit([update]), Judged)
    assert jira.paths().count("/_edge/tenant_info") == 2
    assert "/made-anew/" in jira.paths()[-1]


async def test_a_cloud_id_that_was_good_is_kept_while_the_site_itself_cannot_tell_it(
    jira: Jira, update: Update
) -> None:
    """One 404 in passing must not make the reports depend on the address of the site."""
    client = jira.client()
    await client.submit([update])
    jira.api = lambda _: httpx.Response(404)
    assert isinstance(await client.submit([update]), Trouble)
    jira.tenant = lambda _: httpx.Response(503)
    jira.api = accept

    for _ in range(2):
        assert isinstance(await client.submit([update]), Judged)

    assert jira.paths().count("/_edge/tenant_info") == 2, (
        "it is doubted no more once Jira has taken something"
    )


async def test_a_refused_token_is_renewed_once(jira: Jira, update: Update) -> None:
    jira.api = lambda request: (
        httpx.Response(401) if request.headers["authorization"] == "Bearer token-1" else accept(request)
    )
    client = jira.client()
    for _ in range(2):
        assert await client.submit([update]) == Judged({update.report.key: Accepted()})
    assert jira.tokens == 2
    assert jira.paths().count("/_edge/tenant_info") == 1, "the cloud id was not to blame"


async def test_a_second_refusal_is_the_answer(jira: Jira, update: Update) -> None:
    jira.api = lambda _: httpx.Response(401, json={"code": 401, "message": "Unauthorized"})
    found = await refusal(jira, update)
    assert found.reason is TroubleReason.UNAUTHORIZED
    assert "clientId and clientSecret" in found.message
    assert jira.paths().count(f"/jira/deployments/0.1/cloud/{CLOUD}/bulk") == 2


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(403), httpx.Response(401, json={"message": "Unauthorized; scope does not match"})],
)
async def test_a_credential_without_permission_is_not_renewed(
    jira: Jira, update: Update, answer: httpx.Response
) -> None:
    jira.api = lambda _: answer
    assert (await refusal(jira, update)).reason is TroubleReason.FORBIDDEN
    assert jira.tokens == 1


async def test_credentials_that_no_token_is_given_for_stop_the_submission(jira: Jira, update: Update) -> None:
    jira.token = lambda _: httpx.Response(401)
    assert (await refusal(jira, update)).reason is TroubleReason.UNAUTHORIZED
    assert await jira.client().probe() == await refusal(jira, update)


async def test_a_redirect_is_not_followed(jira: Jira, update: Update) -> None:
    jira.api = lambda _: httpx.Response(307, headers={"location": "https://evil.example/"})
    await refusal(jira, update)
    assert {request.url.host for request in jira.requests} == {"example.atlassian.net", "api.atlassian.com"}


@pytest.mark.parametrize(("before", "after"), [(b"\xef\xbb\xbf", b""), (b"", b', "note": "caf\xe9"')])
async def test_small_sins_of_encoding_are_forgiven(
    jira: Jira, update: Update, before: bytes, after: bytes
) -> None:
    jira.api = lambda request: httpx.Response(
        202, content=before + accept(request).content[:-1] + after + b"}"
    )
    assert await jira.client().submit([update]) == Judged({update.report.key: Accepted()})


async def test_a_token_that_is_a_word_of_the_answer_does_not_change_it(jira: Jira, update: Update) -> None:
    jira.token = lambda _: httpx.Response(200, json={"access_token": "shop", "expires_in": 900})
    assert await jira.client().submit([update]) == Judged({update.report.key: Accepted()})


async def test_a_200_is_read_like_the_202(jira: Jira, update: Update) -> None:
    jira.api = lambda _: httpx.Response(200, json={})
    assert await jira.client().submit([update]) == Judged({update.report.key: Unanswered()})


@pytest.mark.parametrize("text", ["", "<html>", "[]", "null", "{"])
async def test_a_broken_202_is_tried_again(jira: Jira, update: Update, text: str) -> None:
    jira.api = lambda _: httpx.Response(202, text=text)
    assert (await refusal(jira, update)).reason is TroubleReason.UNAVAILABLE


async def test_more_than_a_hundred_are_too_large_without_asking_jira(jira: Jira, update: Update) -> None:
    answer = await jira.client().submit([update] * 101)
    assert isinstance(answer, Trouble)
    assert answer.reason is TroubleReason.TOO_LARGE
    assert jira.requests == []


async def test_nothing_to_send_needs_no_request(jira: Jira) -> None:
    assert await jira.client().submit([]) == Judged({})
    assert jira.requests == []


async def test_a_report_that_cannot_be_sent_does_not_harm_the_others(jira: Jira, update: Update) -> None:
    keyless = replace(
        update.report, pipeline=Pipeline("cart", "cart"), issue_keys=("nonsense",), service_ids=()
    )
    judged = await jira.client().submit([Update(keyless, 1), update])
    assert isinstance(judged, Judged)
    assert isinstance(judged.outcomes[keyless.key], Rejected)
    assert judged.outcomes[update.report.key] == Accepted()
    assert len(json.loads(jira.requests[-1].content)["deployments"]) == 1


async def test_a_site_works_if_token_and_cloud_id_are_to_be_had(jira: Jira) -> None:
    assert await jira.client().probe() is None
    jira.tenant = lambda _: httpx.Response(404)
    found = await jira.client().probe()
    assert found is not None
    assert found.reason is TroubleReason.SITE_NOT_FOUND


async def test_what_jira_holds_is_read_back(jira: Jira, update: Update) -> None:
    held = deployment_data(update)
    jira.api = lambda _: httpx.Response(200, content=held.model_dump_json(by_alias=True))
    found = await jira.client().stored(update.report.key)
    assert found is not None
    assert not isinstance(found, Trouble)
    assert found.update_sequence_number == update.number


@pytest.mark.parametrize(
    "odd",
    [
        {"associations": None},
        {"associations": [{"associationType": "commit", "values": []}], "issueKeys": ["SHOP-41"]},
        {"description": "", "url": "", "pipeline": {}, "schemaVersion": None},
        {"lastUpdated": "2026-11-24T08:01:03.417"},
    ],
)
async def test_what_jira_holds_is_read_whatever_else_it_says(
    jira: Jira, update: Update, odd: dict[str, object]
) -> None:
    held = deployment_data(update).model_dump(mode="json", by_alias=True)
    jira.api = lambda _: httpx.Response(200, json=held | odd)
    found = await jira.client().stored(update.report.key)
    assert isinstance(found, DeploymentData)
    assert (found.deployment_sequence_number, found.update_sequence_number) == (
        update.report.number,
        update.number,
    )
    assert (found.state, found.last_updated) == (
        State.SUCCESSFUL,
        datetime(2026, 11, 24, 8, 1, 3, 417_000, UTC),
    )


async def test_each_segment_of_the_address_is_encoded(jira: Jira) -> None:
    jira.api = lambda _: httpx.Response(404)
    assert await jira.client().stored(DeploymentKey("a/b c?é", "..", 7)) is None
    path = jira.requests[-1].url.raw_path.decode()
    assert path.endswith("/pipelines/a%2Fb%20c%3F%C3%A9/environments/%2E%2E/deployments/7")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(403), TroubleReason.FORBIDDEN),
        (httpx.Response(500), TroubleReason.UNAVAILABLE),
        (httpx.Response(200, json={}), TroubleReason.UNAVAILABLE),
    ],
)
async def test_a_read_back_may_come_to_nothing(
    jira: Jira, update: Update, answer: httpx.Response, reason: TroubleReason
) -> None:
    jira.api = lambda _: answer
    found = await jira.client().stored(update.report.key)
    assert isinstance(found, Trouble)
    assert found.reason is reason


async def test_a_deployment_is_deleted_with_a_token(jira: Jira, update: Update) -> None:
    jira.api = lambda _: httpx.Response(202)
    assert await jira.client().delete(update.report.key) is None
    request = jira.requests[-1]
    identity = "eu1.shop.deployment.checkout/environments/production/deployments/1795507100000018"
    assert (request.method, str(request.url)) == ("DELETE", f"{BASE}/pipelines/{identity}")
    assert request.headers["authorization"] == "Bearer token-1"
    assert request.content == b""


async def test_deployments_are_deleted_by_all_of_some_properties(jira: Jira) -> None:
    jira.api = lambda _: httpx.Response(202)
    assert await jira.client().delete_by_properties({"cluster": "eu 1&x=é", "installation": "jira"}) is None
    request = jira.requests[-1]
    assert (request.method, request.url.path) == (
        "DELETE",
        f"/jira/deployments/0.1/cloud/{CLOUD}/bulkByProperties",
    )
    assert request.url.params.multi_items() == [("cluster", "eu 1&x=é"), ("installation", "jira")]


@pytest.mark.parametrize("properties", [{}, {"cluster": "eu1", "_hidden": "x"}])
async def test_nothing_is_deleted_by_properties_that_jira_would_overlook(
    jira: Jira, properties: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="validation error"):
        await jira.client().delete_by_properties(properties)
    assert jira.requests == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(403), TroubleReason.FORBIDDEN),
        (httpx.Response(404), TroubleReason.SITE_NOT_FOUND),
        (httpx.Response(429, headers={"retry-after": "7"}), TroubleReason.RATE_LIMITED),
        (httpx.Response(503), TroubleReason.UNAVAILABLE),
        (httpx.Response(400, json=[{"message": "one property is required"}]), TroubleReason.BAD_REQUEST),
        (httpx.Response(200, text="<html><title>Log in</title>"), TroubleReason.UNAVAILABLE),
        (httpx.Response(302, headers={"location": "https://login.example"}), TroubleReason.SITE_NOT_FOUND),
    ],
)
async def test_what_is_no_acceptance_of_a_deletion_is_trouble(
    jira: Jira, update: Update, answer: httpx.Response, reason: TroubleReason
) -> None:
    jira.api = lambda _: answer
    for found in (
        await jira.client().delete(update.report.key),
        await jira.client().delete_by_properties({"cluster": "eu1"}),
    ):
        assert found is not None
        assert found.reason is reason


async def test_for_a_deletion_too_a_refused_token_is_renewed_once(jira: Jira, update: Update) -> None:
    jira.api = lambda request: httpx.Response(
        401 if request.headers["authorization"] == "Bearer token-1" else 202
    )
    assert await jira.client().delete(update.report.key) is None
    assert jira.tokens == 2


async def test_after_a_deletion_at_an_unknown_cloud_id_it_is_looked_up_again(
    jira: Jira, update: Update
) -> None:
    client = jira.client()
    jira.api = lambda _: httpx.Response(404)
    await client.delete(update.report.key)
    await client.delete(update.report.key)
    assert jira.paths().count("/_edge/tenant_info") == 2


async def test_each_request_carries_the_properties_of_its_client(jira: Jira, update: Update) -> None:
    http = http_client(transport=httpx.MockTransport(jira))
    where = SiteSettings(SITE, properties={"cluster": "eu1", "installation": "jira"})
    await JiraClient(where, Credentials("client", SecretStr("hunter2")), http).submit([update])
    assert json.loads(jira.requests[-1].content)["properties"] == {"cluster": "eu1", "installation": "jira"}


async def test_without_properties_none_are_sent(jira: Jira, update: Update) -> None:
    await jira.client().submit([update])
    assert "properties" not in json.loads(jira.requests[-1].content)


async def test_properties_that_jira_does_not_take_are_refused_at_once(jira: Jira) -> None:
    http = http_client(transport=httpx.MockTransport(jira))
    where = SiteSettings(SITE, properties={"_cluster": "eu1"})
    with pytest.raises(ValueError, match="_cluster"):
        JiraClient(where, Credentials("client", SecretStr("hunter2")), http)


async def test_a_cancelled_submission_is_cancelled(update: Update) -> None:
    reached = asyncio.Event()

    async def never(_: httpx.Request) -> httpx.Response:
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    http = http_client(transport=httpx.MockTransport(never))
    client = JiraClient(SiteSettings(SITE), Credentials("client", SecretStr("hunter2")), http)
    submission = asyncio.create_task(client.submit([update]))
    await reached.wait()
    submission.cancel()
    with pytest.raises(asyncio.CancelledError):
        await submission


REPORT = Report(
    pipeline=Pipeline("cart", "cart"),
    environment=Environment("shop", "shop", EnvironmentType.UNMAPPED),
    number=1,
    state=State.PENDING,
    issue_keys=("SHOP-1",),
    display_name="cart",
    description="cart",
    url="https://cd.example.com",
    last_updated=utc_now(),
)
ANSWERS = st.builds(
    httpx.Response,
    st.integers(200, 599),
    headers=st.dictionaries(
        st.sampled_from(["Retry-After", "Location", "RateLimit-Reason", "X-RateLimit-Reset"]),
        st.text(st.characters(codec="ascii")),
    ),
    content=st.binary() | st.sampled_from([b"[]", b"{}", b'{"cloudId": "x"}', b'{"access_token": "t"}']),
)


@given(ANSWERS, ANSWERS, ANSWERS)
async def test_any_answers_give_a_value(
    tenant: httpx.Response, token: httpx.Response, api: httpx.Response
) -> None:
    jira = Jira()
    jira.tenant, jira.token, jira.api = (lambda _: tenant), (lambda _: token), (lambda _: api)
    client = jira.client()
    await client.probe()
    assert isinstance(await client.submit([Update(REPORT, 1)]), Judged | Trouble)
    await client.stored(REPORT.key)
    assert isinstance(await client.delete(REPORT.key), Trouble | None)


@given(ANSWERS)
async def test_any_answer_to_a_submission_gives_a_value(api: httpx.Response) -> None:
    jira = Jira()
    jira.api = lambda _: api
    assert isinstance(await jira.client().submit([Update(REPORT, 1)]), Judged | Trouble)
