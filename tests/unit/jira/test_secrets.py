"""Secret and token are canaries: they may be sent, and may be seen nowhere else."""

import asyncio
import gc
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from pydantic import SecretStr

from rollout_reporter.core.outcome import Judged, Rejected, Trouble
from rollout_reporter.core.report import Update
from rollout_reporter.jira.client import JiraClient, SiteSettings
from rollout_reporter.jira.schemas import TokenResponse
from rollout_reporter.jira.token import Credentials
from rollout_reporter.jira.wire import Call, Reply, http_client, utc_now

SECRET, TOKEN = "canary-of-the-secret", "canary-of-the-token"
ODD_SECRET = 'canary-"of\\the-sécret'
CANARY = "canary-of-the"
GRANT = f'{{"access_token": "{TOKEN}", "expires_in": 900}}'


def client(http: httpx.AsyncClient, url: str = "https://example.atlassian.net") -> JiraClient:
    return JiraClient(SiteSettings(url, url, "cloud"), Credentials("client", SecretStr(SECRET)), http)


def echo(request: httpx.Request) -> str:
    return f"you sent {request.headers.get('authorization', '')} and {request.content.decode()}"


def echoing_submissions(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/oauth/token":
        return httpx.Response(200, text=GRANT)
    return httpx.Response(403, text=echo(request), headers={"Location": TOKEN, "RateLimit-Reason": TOKEN})


def echoing_token_requests(request: httpx.Request) -> httpx.Response:
    return httpx.Response(401, json={"error_description": echo(request), "error": SECRET})


def echoing_rejections(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/oauth/token":
        return httpx.Response(200, text=GRANT)
    (sent,) = json.loads(request.content)["deployments"]
    key = {
        "pipelineId": sent["pipeline"]["id"],
        "environmentId": sent["environment"]["id"],
        "deploymentSequenceNumber": sent["deploymentSequenceNumber"],
    }
    return httpx.Response(202, json={"rejectedDeployments": [{"key": key, "errors": echo(request)}]})


def failing_submissions(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/oauth/token":
        return httpx.Response(200, text=GRANT)
    raise httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}'")


def ours() -> list[object]:
    return [
        thing for thing in gc.get_objects() if str(type(thing).__module__).startswith("rollout_reporter.")
    ]


@pytest.mark.parametrize("answer", [echoing_submissions, echoing_token_requests, failing_submissions])
async def test_no_message_object_or_log_record_shows_them(
    answer: Callable[[httpx.Request], httpx.Response], update: Update, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    jira = client(http_client(transport=httpx.MockTransport(answer)))
    found = await jira.submit([update])
    assert isinstance(found, Trouble)
    assert CANARY not in found.message
    shown = [text for thing in ours() for text in (repr(thing), str(thing))]
    assert shown
    assert not [text for text in shown if CANARY in text]
    assert CANARY not in caplog.text
    assert caplog.records, "httpx logs its requests"


async def test_the_words_of_a_rejection_do_not_show_them(update: Update) -> None:
    jira = client(http_client(transport=httpx.MockTransport(echoing_rejections)))
    found = await jira.submit([update])
    assert isinstance(found, Judged)
    (outcome,) = found.outcomes.values()
    assert isinstance(outcome, Rejected)
    assert outcome.messages[0].startswith("you sent Bearer [hidden] and")


@pytest.mark.parametrize("shape", [lambda text: text, lambda text: [{"message": text}]])
async def test_a_secret_that_json_writes_otherwise_is_not_shown_either(
    shape: Callable[[str], object], update: Update
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        said = json.loads(request.content)["client_secret"]
        return httpx.Response(401, json={"error": shape(said), "error_description": request.content.decode()})

    credentials = Credentials("client", SecretStr(ODD_SECRET))
    http = http_client(transport=httpx.MockTransport(answer))
    url = "https://example.atlassian.net"
    found = await JiraClient(SiteSettings(url, url, "cloud"), credentials, http).submit([update])
    assert isinstance(found, Trouble)
    assert "[hidden]" in found.message
    assert "canary" not in found.message


@pytest.mark.parametrize(
    "thing",
    [
        Credentials("client", SecretStr(SECRET)),
        Call("POST", "https://example.com", {"Authorization": TOKEN}, SECRET.encode(), (SECRET,)),
        TokenResponse(access_token=TOKEN, expires_in=900),
    ],
)
def test_what_holds_them_does_not_show_them(thing: object) -> None:
    assert CANARY not in f"{thing!r} {thing}"


async def test_an_answer_does_not_show_its_body() -> None:
    async with http_client(transport=httpx.MockTransport(echoing_submissions)) as http:
        response = await http.post("https://example.com/oauth/token")
    reply = Reply(200, dict(response.headers), response.content, utc_now())
    assert CANARY not in f"{reply!r} {reply}"


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"


async def grant_then_refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    body = GRANT if b"/oauth/token" in head else head[head.lower().index(b"authorization") :].decode()
    status = "200 OK" if b"/oauth/token" in head else "403 Forbidden"
    writer.write(
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def test_the_layers_below_do_not_log_them_either(
    update: Update, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    caplog.set_level(logging.DEBUG)
    async with serving(grant_then_refuse) as url, http_client() as http:
        found = await client(http, url).submit([update])
    assert isinstance(found, Trouble)
    assert "(403)" in found.message
    assert "[hidden]" in found.message
    assert CANARY not in found.message + caplog.text
    assert {"httpcore.http11", "httpx"} <= {record.name for record in caplog.records}
