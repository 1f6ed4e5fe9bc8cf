"""A gate: everything that the operator asks of a server passes here, is noted, and may be tampered with.

It is a reverse proxy on loopback, in a thread of its own. Tests talk to the servers themselves, so they see
the truth also while the gate lies. Rules say what happens to which passage, and when: before it is forwarded,
or after it was carried out and before the operator hears of it.
"""

import asyncio
import itertools
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Self, TypeVar

import aiohttp
from aiohttp import web
from yarl import URL

from chaos.copies import Copies
from chaos.passages import Kind, Passage
from chaos.rules import Answer, Dropped, Reply, Rule, Side

_OF_ONE_CONNECTION: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "upgrade"}
)

_ADDED: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""What our client would add of its own."""
_PATIENCE: Final = 10
"""Seconds in which a gate opens, closes, or gets a door."""

T = TypeVar("T")


class Gate:
    """The way to one server, with a door for each process that goes there."""

    def __init__(
        self, server: str, kind_of: Callable[[str, str, str], Kind], tls: ssl.SSLContext | None = None
    ) -> None:
        self.passages: list[Passage] = []
        self.copies = Copies()
        self._server, self._kind_of, self._tls = server, kind_of, tls
        self._numbers = itertools.count(1)
        self._rules: tuple[Rule, ...] = ()
        self._watches: set[asyncio.Transport] = set()
        self._runners: list[web.ServerRunner] = []
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"gate to {server}")
        self._session: aiohttp.ClientSession | None = None

    def __enter__(self) -> Self:
        """Begin to work; doors are opened one by one."""
        self._thread.start()
        self._do(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        """Close all doors, whoever stands in them."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def door(self, name: str) -> str:
        """Open a door; return its URL."""
        return self._do(self._listen(name))

    @contextmanager
    def rule(self, rule: Rule) -> Iterator[None]:
        """Have a rule for the length of a block; the newest comes first."""
        self._rules = (rule, *self._rules)
        try:
            yield
        finally:
            self._rules = tuple(each for each in self._rules if each is not rule)

    def cut_watches(self) -> None:
        """Break all watches that are open."""
        self._loop.call_soon_threadsafe(self._cut)

    @contextmanager
    def held_watches(self) -> Iterator[None]:
        """Let no event through, and all of them afterwards."""
        self._loop.call_soon_threadsafe(self._flowing.clear)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._flowing.set)

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    def _cut(self) -> None:
        for transport in tuple(self._watches):
            transport.abort()

    async def _open(self) -> None:
        self._flowing.set()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self._tls or True, force_close=True),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )

    async def _close(self) -> None:
        self._cut()
        for runner in self._runners:
            await runner.cleanup()
        await _end_all_others()
        if self._session:
            await self._session.close()

    async def _listen(self, name: str) -> str:
        server = web.Server(partial(self._pass, name), handler_cancellation=True)
        runner = web.ServerRunner(server, access_log=None, shutdown_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._runners.append(runner)
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def _pass(self, door: str, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        passage = self._note(door, request)
        try:
            return await self._respond(passage, request, body)
        except (aiohttp.ClientError, OSError):  # a watch has lost its server
            return _respond_with(Dropped(), request)
        finally:
            passage.left = datetime.now(UTC)

    def _note(self, door: str, request: web.BaseRequest) -> Passage:
        passage = Passage(
            number=next(self._numbers),
            door=door,
            kind=self._kind_of(request.method, request.path, request.query_string),
            method=request.method,
            path=request.path,
            query=request.query_string,
            accept=request.headers.get("Accept", ""),
            came=datetime.now(UTC),
            moment=time.monotonic(),
        )
        self.passages.append(passage)
        return passage

    async def _respond(self, passage: Passage, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        reply = await self._ruled(Side.BEFORE, passage)
        if reply is None and passage.kind is Kind.WATCH:
            return await self._stream(passage, request)
        if reply is None:
            # What has arrived is carried out, even if the operator dies meanwhile.
            answer = await asyncio.shield(self._forward(passage, request, body))
            reply = await self._ruled(Side.AFTER, passage) or answer
        if isinstance(reply, Answer):
            passage.told, passage.retry_after = reply.status, _retry_after(reply.headers)
        return _respond_with(reply, request)

    async def _ruled(self, side: Side, passage: Passage) -> Reply | None:
        for rule in self._rules:
            if rule.side is side and rule.matches(passage) and (reply := await rule.act(passage)):
                return reply
        return None

    async def _forward(self, passage: Passage, request: web.BaseRequest, body: bytes) -> Reply:
        try:
            async with self._ask(request, body) as response:
                answer = Answer(response.status, await response.read(), _passed_on(response.headers))
        except (aiohttp.ClientError, OSError):  # the server is down
            return Dropped()
        passage.carried_out = answer.status
        if passage.kind is Kind.READ and passage.is_done:
            self.copies.keep(passage, answer)
        return answer

    async def _stream(self, passage: Passage, request: web.BaseRequest) -> web.StreamResponse:
        async with self._ask(request, b"") as response:
            passage.carried_out = passage.told = response.status
            stream = web.StreamResponse(status=response.status, headers=_passed_on(response.headers))
            await stream.prepare(request)
            with self._cuttable(request):
                async for chunk in response.content.iter_any():
                    await self._flowing.wait()
                    await stream.write(chunk)
            return stream

    def _ask(
        self, request: web.BaseRequest, body: bytes
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        assert self._session is not None
        url = URL(f"{self._server}{request.raw_path}", encoded=True)
        headers = _passed_on(request.headers)
        return self._session.request(
            request.method, url, data=body or None, headers=headers, skip_auto_headers=_ADDED
        )

    @contextmanager
    def _cuttable(self, request: web.BaseRequest) -> Iterator[None]:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the operator has gone")
        self._watches.add(transport)
        try:
            yield
        finally:
            self._watches.discard(transport)


async def _end_all_others() -> None:
    """End what is still on its way to the server for an operator that has gone."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _respond_with(reply: Reply, request: web.BaseRequest) -> web.StreamResponse:
    if isinstance(reply, Answer):
        return web.Response(status=reply.status, body=reply.body, headers=reply.headers)
    if request.transport:
        request.transport.abort()
    return web.Response()  # to nobody


def _retry_after(headers: Mapping[str, str]) -> float | None:
    wanted = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(wanted) if wanted.isdecimal() else None


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _OF_ONE_CONNECTION}
