import asyncio
import json
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.jira.token import Credentials, TokenSource
from rollout_reporter.jira.wire import Wire

API = "https://api.atlassian.com"
CREDENTIALS = Credentials("client", SecretStr("hunter2"))
Answer = Callable[[], httpx.Response]


class Issuer:
    """Hands out `token-1`, `token-2`, …, each for 900 s, once its gate is open."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.asked: list[httpx.Request] = []
        self.answer: Answer | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        number = len(self.asked)
        await self.gate.wait()
        granted = {"access_token": f"token-{number}", "expires_in": 900, "token_type": "Bearer"}
        return self.answer() if self.answer else httpx.Response(200, json=granted)

    def source(self, credentials: Credentials = CREDENTIALS, email: str | None = None) -> TokenSource:
        wire = Wire(httpx.AsyncClient(transport=httpx.MockTransport(self)))
        return TokenSource(wire, API, credentials, email=email, monotonic=lambda: self.time)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


async def value(source: TokenSource) -> str:
    token = await source.get()
    assert isinstance(token, SecretStr), token
    return token.get_secret_value()


async def test_client_credentials_are_exchanged_as_atlassian_says(issuer: Issuer) -> None:
    padded = Credentials(" client\n", SecretStr("hunter2\n"))
    assert await value(issuer.source(padded, email="ops@example.com")) == "token-1"
    (request,) = issuer.asked
    assert request.method == "POST"
    assert str(request.url) == f"{API}/oauth/token"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["from"] == "ops@example.com"
    assert json.loads(request.content) == {
        "audience": "api.atlassian.com",
        "grant_type": "client_credentials",
        "client_id": "client",
        "client_secret": "hunter2",
    }


@pytest.mark.parametrize("email", [None, "", "ops@exämple.com", "a@b\r\nX-Evil: 1"])
async def test_an_email_that_a_header_cannot_carry_is_left_out(issuer: Issuer, email: str | None) -> None:
    assert await value(issuer.source(email=email)) == "token-1"
    assert "from" not in issuer.asked[0].headers


async def test_a_token_is_kept_for_four_fifths_of_its_life(issuer: Issuer) -> None:
    source = issuer.source()
    assert await value(source) == "token-1"
    issuer.time += 719
    assert await value(source) == "token-1"
    issuer.time += 1
    await value(source)
    await settle()
    assert await value(source) == "token-2"


async def test_nobody_waits_for_a_new_token_while_the_old_one_is_good(issuer: Issuer) -> None:
    source = issuer.source()
    await value(source)
    issuer.time += 720
    issuer.gate.clear()
    assert [await value(source) for _ in range(3)] == ["token-1"] * 3
    await settle()
    assert len(issuer.asked) == 2
    issuer.gate.set()
    await settle()
    assert await value(source) == "token-2"


async def test_the_old_token_serves_while_no_new_one_is_to_be_had(issuer: Issuer) -> None:
    source = issuer.source()
    await value(source)
    issuer.answer = lambda: httpx.Response(503)
    issuer.time += 720
    assert await value(source) == "token-1"
    await settle()
    assert await value(source) == "token-1"
    await settle()
    assert len(issuer.asked) == 2, "the next attempt waits for half of what is left"
    issuer.time += 180
    found = await source.get()
    assert isinstance(found, Trouble)
    assert found.reason is TroubleReason.UNAVAILABLE


async def test_the_old_token_does_not_hide_that_the_credential_is_refused(issuer: Issuer) -> None:
    source = issuer.source()
    await value(source)
    issuer.answer = lambda: httpx.Response(401)
    issuer.time += 720
    await source.get()
    await settle()
    assert isinstance(await source.get(), Trouble)


async def test_only_the_token_that_failed_is_dropped(issuer: Issuer) -> None:
    source = issuer.source()
    first = await source.get()
    assert isinstance(first, SecretStr)
    source.invalidate(first)
    assert await value(source) == "token-2"
    source.invalidate(first)
    assert await value(source) == "token-2"


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_wrong_credentials_are_told_with_the_keys_of_the_secret(issuer: Issuer, status: int) -> None:
    issuer.answer = lambda: httpx.Response(status, json={"error": "access_denied"})
    found = await issuer.source().get()
    assert isinstance(found, Trouble)
    assert found.reason is TroubleReason.UNAUTHORIZED
    assert f'({status}): "access_denied"' in found.message
    assert "clientId and clientSecret" in found.message


@pytest.mark.parametrize("credentials", [Credentials("", SecretStr("x")), Credentials("x", SecretStr("\n"))])
async def test_empty_credentials_are_not_even_tried(issuer: Issuer, credentials: Credentials) -> None:
    found = await issuer.source(credentials).get()
    assert isinstance(found, Trouble)
    assert found.reason is TroubleReason.UNAUTHORIZED
    assert issuer.asked == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(404), TroubleReason.SITE_NOT_FOUND),
        (httpx.Response(500), TroubleReason.UNAVAILABLE),
        (httpx.Response(200, text="<html>"), TroubleReason.UNAVAILABLE),
        (httpx.Response(400, text="<html><title>Bad Request</title>"), TroubleReason.UNAVAILABLE),
        (httpx.Response(200, json={"access_token": "", "expires_in": 900}), TroubleReason.UNAVAILABLE),
        (httpx.Response(200, json={"access_token": 7, "expires_in": 900}), TroubleReason.UNAVAILABLE),
        (httpx.Response(200, json={"access_token": "a\nb", "expires_in": 9}), TroubleReason.UNAVAILABLE),
    ],
)
async def test_an_answer_without_a_usable_token_is_trouble(
    issuer: Issuer, answer: httpx.Response, reason: TroubleReason
) -> None:
    issuer.answer = lambda: answer
    found = await issuer.source().get()
    assert isinstance(found, Trouble)
    assert found.reason is reason


async def test_a_token_that_holds_the_secret_is_used_as_it_was_given(issuer: Issuer) -> None:
    assert await value(issuer.source(Credentials("client", SecretStr("token")))) == "token-1"


async def test_a_request_for_a_token_that_is_too_large_says_nothing_of_the_reports(issuer: Issuer) -> None:
    issuer.answer = lambda: httpx.Response(413)
    found = await issuer.source().get()

    assert isinstance(found, Trouble)
    assert found.reason is TroubleReason.UNAVAILABLE


async def test_a_rate_limit_keeps_its_wait(issuer: Issuer) -> None:
    issuer.answer = lambda: httpx.Response(429, headers={"Retry-After": "7"})
    found = await issuer.source().get()
    assert isinstance(found, Trouble)
    assert (found.reason, found.retry_after) == (TroubleReason.RATE_LIMITED, timedelta(seconds=7))


@pytest.mark.parametrize(
    "more",
    ["", *(f', "expires_in": {life}' for life in ("null", "0", "-1", '"900 s"', "NaN", "[]"))],
)
async def test_a_token_whose_life_is_not_told_serves_for_a_short_one(issuer: Issuer, more: str) -> None:
    issuer.answer = lambda: httpx.Response(200, text=f'{{"access_token": "t", "token_type": null{more}}}')
    source = issuer.source()
    assert await value(source) == "t"
    issuer.time += 47
    await value(source)
    assert len(issuer.asked) == 1
    issuer.time += 1
    await value(source)
    await settle()
    assert len(issuer.asked) == 2


async def test_an_endless_lifetime_is_not_believed(issuer: Issuer) -> None:
    issuer.answer = lambda: httpx.Response(200, text='{"access_token": "t", "expires_in": 1e999}')
    source = issuer.source()
    await value(source)
    issuer.time += 86400
    await value(source)
    assert len(issuer.asked) == 2


async def settle() -> None:
    """Let every task run until it waits for something from outside."""
    for _ in range(20):
        await asyncio.sleep(0)


@given(st.lists(st.booleans(), min_size=1, max_size=30))
async def test_concurrent_callers_share_one_flight_whoever_is_cancelled(cancelled: list[bool]) -> None:
    issuer = Issuer()
    issuer.gate.clear()
    source = issuer.source()
    callers = [asyncio.create_task(source.get()) for _ in cancelled]
    await settle()
    for caller, cancel in zip(callers, cancelled, strict=True):
        if cancel:
            caller.cancel()
    await settle()
    issuer.gate.set()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert len(issuer.asked) == 1
    for result, cancel in zip(results, cancelled, strict=True):
        if cancel:
            assert isinstance(result, asyncio.CancelledError)
        else:
            assert isinstance(result, SecretStr)
    assert await value(source) == "token-1", "the flight landed for those who come later, too"
    assert len(issuer.asked) == 1


async def test_after_a_failed_flight_the_next_caller_starts_another(issuer: Issuer) -> None:
    issuer.answer = lambda: httpx.Response(500)
    source = issuer.source()
    assert isinstance(await source.get(), Trouble)
    issuer.answer = None
    assert await value(source) == "token-2"
