import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta

import httpx
import pytest

from rollout_reporter.core.outcome import Trouble, TroubleReason
from rollout_reporter.jira.failures import FAILURES, failure
from rollout_reporter.jira.patience import Patience
from rollout_reporter.jira.wire import MAX_ANSWER, TOTAL_SECONDS, Call, Reply, Wire, http_client

CALL = Call("GET", "https://example.atlassian.net/_edge/tenant_info")


def subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for below in kind.__subclasses__():
        yield from subclasses(below)


def httpx_errors() -> list[type[Exception]]:
    public = (getattr(httpx, name) for name in httpx.__all__)
    found = {kind for kind in public if isinstance(kind, type) and issubclass(kind, Exception)}
    return sorted({below for kind in found for below in subclasses(kind)}, key=lambda kind: kind.__name__)


def made(kind: type[Exception]) -> Exception:
    request = httpx.Request("GET", CALL.url)
    if issubclass(kind, httpx.HTTPStatusError):
        return kind("words", request=request, response=httpx.Response(500, request=request))
    if issubclass(
        kind, httpx.StreamConsumed | httpx.StreamClosed | httpx.ResponseNotRead | httpx.RequestNotRead
    ):
        return kind()
    return kind("words")


def wire(answer: Callable[[httpx.Request], httpx.Response]) -> Wire:
    return Wire(http_client(transport=httpx.MockTransport(answer)))


@pytest.mark.parametrize("kind", httpx_errors())
async def test_every_exception_of_httpx_is_a_sentence(kind: type[Exception]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise made(kind)

    found = await wire(fail).exchange(CALL)
    assert isinstance(found, Trouble)
    assert found.reason is TroubleReason.UNAVAILABLE
    assert "example.atlassian.net" in found.message or issubclass(kind, httpx.ProxyError)
    assert found.message.endswith(".")
    assert issubclass(kind, FAILURES)


def test_there_are_exceptions_to_be_tested() -> None:
    assert len(httpx_errors()) > 25


@pytest.mark.parametrize("error", [OSError("words"), TimeoutError(), UnicodeError("words")])
async def test_what_comes_from_below_httpx_is_a_sentence_too(error: Exception) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    assert isinstance(await wire(fail).exchange(CALL), Trouble)


def test_a_refused_connection_is_told_with_its_cause_and_cure() -> None:
    found = failure(httpx.ConnectError("[Errno 111] Connection refused"), "api.atlassian.com")
    assert "api.atlassian.com cannot be reached ([Errno 111] Connection refused)" in found.message
    assert "NetworkPolicy" in found.message


def test_words_that_may_quote_a_header_are_not_repeated() -> None:
    found = failure(httpx.LocalProtocolError("Illegal header value b'Bearer canary'"), "api.atlassian.com")
    assert "canary" not in found.message


@pytest.mark.parametrize("url", ["https://exa mple", "https://[", "https://a:b", "nonsense", ""])
async def test_a_url_that_is_none_is_trouble(url: str) -> None:
    found = await Wire(http_client()).exchange(Call("GET", url))
    assert isinstance(found, Trouble)


async def test_a_header_that_http_cannot_carry_is_trouble() -> None:
    found = await wire(lambda _: httpx.Response(200)).exchange(Call("GET", CALL.url, {"From": "ü"}))
    assert isinstance(found, Trouble)


@pytest.mark.looptime
async def test_an_answer_that_never_comes_is_given_up_in_time() -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    found = await Wire(http_client(transport=httpx.MockTransport(never))).exchange(CALL)
    assert isinstance(found, Trouble)
    assert "did not answer in time" in found.message
    assert asyncio.get_running_loop().time() == TOTAL_SECONDS


async def test_an_answer_without_end_is_read_up_to_the_limit() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536

    found = await wire(lambda _: httpx.Response(403, content=endless())).exchange(CALL)
    assert isinstance(found, Reply)
    assert (found.status, len(found.body)) == (403, MAX_ANSWER)


async def cut_off() -> AsyncIterator[bytes]:
    yield b'{"message": "slow'
    raise httpx.RemoteProtocolError("peer closed connection")


async def hanging() -> AsyncIterator[bytes]:
    yield b'{"message": "slow'
    await asyncio.Event().wait()


@pytest.mark.looptime
@pytest.mark.parametrize("body", [cut_off, hanging])
async def test_a_refusal_is_heard_though_its_body_is_not(body: Callable[[], AsyncIterator[bytes]]) -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers={"Retry-After": "60"}, content=body())

    patience = Patience()
    found = await Wire(http_client(transport=httpx.MockTransport(refuse)), patience=patience).exchange(CALL)
    assert isinstance(found, Reply)
    assert found.status == 429
    assert found.trouble().retry_after == timedelta(seconds=60)
    assert patience.seconds_left() > 0


@pytest.mark.looptime
@pytest.mark.parametrize("body", [cut_off, hanging])
async def test_a_good_answer_is_none_without_its_body(body: Callable[[], AsyncIterator[bytes]]) -> None:
    found = await wire(lambda _: httpx.Response(202, content=body())).exchange(CALL)
    assert isinstance(found, Trouble)


async def test_sites_that_hang_leave_connections_for_one_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    reached, many = asyncio.Semaphore(0), 50

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/hang" in await reader.readuntil(b"\r\n\r\n"):
            reached.release()
            await reader.read()
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, http_client() as http, asyncio.timeout(5):
        line = Wire(http)
        hanging = [asyncio.create_task(line.exchange(Call("GET", f"{url}/hang"))) for _ in range(many)]
        for _ in range(many):
            await reached.acquire()
        assert isinstance(await line.exchange(Call("GET", url)), Reply)
        for each in hanging:
            each.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_cookies_are_not_kept() -> None:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, headers={"Set-Cookie": "tracked=1; Path=/; Secure"})

    line = wire(answer)
    await line.exchange(CALL)
    await line.exchange(CALL)
    assert all("cookie" not in headers for headers in seen)


async def test_a_client_that_follows_redirects_is_kept_from_it() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "example.atlassian.net"
        return httpx.Response(302, headers={"Location": "https://evil.example/"})

    http = httpx.AsyncClient(transport=httpx.MockTransport(away), follow_redirects=True)
    found = await Wire(http).exchange(CALL)
    assert isinstance(found, Reply)
    assert found.status == 302
