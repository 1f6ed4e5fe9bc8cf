"""One request to the Jira side and its answer: limits, faults and the journal are the same for all."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from .answers import api_error, faulty
from .connection import Dropped, Hanging
from .faults import Fault, Kind
from .journal import Entry
from .operations import Operation
from .state import Site

Handler = Callable[[bytes], Response]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request whose operation is known."""

    site: Site
    request: Request
    operation: Operation
    handler: Handler
    """Gives the right answer to a body."""
    rejecting: Callable[[bytes, str | None], Response] | None = None
    """Answers instead where a fault rejects what is in the request: all, or what holds a text."""

    async def answer(self) -> Response:
        """Answer by the handler, unless a fault wants it otherwise, and write it down."""
        self.site.settle()
        body = await _read(self.request, self.site.config.max_body_bytes)
        fault = None if body is None else self.site.faults.next(self.operation, body)
        response = await self._respond(body, fault)
        self.site.settle()
        self._write_down(body or b"", fault, response)
        return response

    async def _respond(self, body: bytes | None, fault: Fault | None) -> Response:
        if body is None:
            return api_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request is too large")
        if fault is None:
            return self.handler(body)
        return await self._go_wrong(body, fault)

    async def _go_wrong(self, body: bytes, fault: Fault) -> Response:
        match fault.kind:
            case Kind.HANG:
                return Hanging(self.site.changes)
            case Kind.DROP_CONNECTION:
                return Dropped()
            case Kind.LOSE_ANSWER:
                self.handler(body)
                return Dropped()
            case Kind.SLOW:
                await self.site.changes.pause(fault.seconds)
                return self.handler(body)
            case Kind.REJECT:
                return self.rejecting(body, fault.matching) if self.rejecting else self.handler(body)
            case _:
                return faulty(fault, self.operation, self.site.clock())

    def _write_down(self, body: bytes, fault: Fault | None, response: Response) -> None:
        is_answered = not isinstance(response, Dropped | Hanging)
        self.site.journal.add(
            Entry(
                time=self.site.clock(),
                operation=self.operation,
                method=self.request.method,
                path=self.request.url.path,
                query=self.request.url.query,
                has_from_header="from" in self.request.headers,
                user_agent=self.request.headers.get("user-agent", ""),
                status=response.status_code if is_answered else None,
                fault=fault.kind.value if fault else None,
                request=body,
                response=bytes(response.body) if is_answered else b"",
            )
        )


async def _read(request: Request, limit: int) -> bytes | None:
    """Read the body, all of it even if it is too large: a client that still writes would miss the answer."""
    body = bytearray()
    too_large = False
    async for chunk in request.stream():
        too_large = too_large or len(body) + len(chunk) > limit
        if not too_large:
            body += chunk
    return None if too_large else bytes(body)
