"""The page at `/`, and the stream that keeps it true."""

import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from importlib.resources import files
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from . import views
from .state import Site

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
"""Whatever a workload's annotations say ends up on this page, so nothing but our own files may run."""

ASSETS = {
    "/": ("index.html", "text/html"),
    "/sandbox/static/page.css": ("page.css", "text/css"),
    "/sandbox/static/page.js": ("page.js", "text/javascript"),
    "/sandbox/static/icon.svg": ("icon.svg", "image/svg+xml"),
}

CALM = 0.2
"""Seconds between two messages to one page: a thousand rollouts at once need no thousand pictures."""
HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that a dead connection is noticed."""


def routes(site: Site) -> list[BaseRoute]:
    """List the routes of the page."""

    async def events(_: Request) -> Response:
        return StreamingResponse(_events(site), media_type="text/event-stream", headers=HEADERS)

    async def browse(request: Request) -> Response:
        key = quote(request.path_params["issue"], safe="")
        return RedirectResponse(f"/#{key}", HTTPStatus.SEE_OTHER)

    return [
        *(_asset(path, name, media_type) for path, (name, media_type) in ASSETS.items()),
        Route("/sandbox/events", events),
        Route("/browse/{issue}", browse),  # where the operator links to by default
    ]


def _asset(path: str, name: str, media_type: str) -> Route:
    content = files(__package__).joinpath("static", name).read_bytes()

    async def asset(_: Request) -> Response:
        return Response(content, media_type=media_type, headers=HEADERS)

    return Route(path, asset)


async def _events(site: Site) -> AsyncIterator[str]:
    """Send the whole board at first and after each change: a page that missed something is right again."""
    changes = site.changes
    seen = -1
    while not changes.closed:
        site.settle()
        if changes.count != seen:
            seen = changes.count
            yield f"data: {json.dumps(views.board(site))}\n\n"
            await changes.pause(CALM)
        else:
            due = site.seconds_to_next()
            await changes.wait(HEARTBEAT if due is None else min(due, HEARTBEAT))
            if changes.count == seen:
                yield ": still here\n\n"
