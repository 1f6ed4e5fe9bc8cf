"""The control API under `/sandbox/`: looking, configuring, breaking, waiting. Not a part of Jira."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import views
from .config import SandboxConfig
from .faults import Fault
from .state import Site
from .waiting import Wanted, wait_for

_FIELDS = TypeAdapter(dict[str, Any])


def routes(site: Site) -> list[BaseRoute]:
    """List the routes of the control API."""

    async def state(_: Request) -> Response:
        site.settle()
        return JSONResponse(views.state(site))

    async def requests(request: Request) -> Response:
        return JSONResponse(site.journal.as_json(request.query_params.get("operation")))

    async def config(request: Request) -> Response:
        if request.method == "PUT":
            site.configure(_changed(site.config, await request.body()))
        return JSONResponse(views.config(site))

    async def faults(request: Request) -> Response:
        if request.method == "POST":
            fault = site.faults.add(Fault.model_validate_json(await request.body()))
            site.changes.happened()
            return JSONResponse(fault.as_json(), HTTPStatus.CREATED)
        if request.method == "DELETE":
            site.faults.clear()
            site.changes.happened()
        return JSONResponse(site.faults.as_json())

    async def wait(request: Request) -> Response:
        wanted = Wanted.model_validate(dict(request.query_params))
        found = await wait_for(site, wanted)
        if found is not None:
            return JSONResponse(views.record(found))
        present = [views.record(record) for record in wanted.candidates(site)]
        return JSONResponse({"deployments": present}, HTTPStatus.REQUEST_TIMEOUT)

    return [
        Route("/sandbox/state", state),
        Route("/sandbox/requests", requests),
        Route("/sandbox/config", config, methods=["GET", "PUT"]),
        Route("/sandbox/faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/sandbox/wait", wait),
        _order("/sandbox/forget", site.forget_credential),
        _order("/sandbox/reset", site.reset),
    ]


def not_understood(_: Request, error: Exception) -> Response:
    """Say what is wrong with an order, so that a typing error in a test shows itself."""
    if not isinstance(error, ValidationError):
        raise error
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    return JSONResponse({"errors": errors}, HTTPStatus.UNPROCESSABLE_ENTITY)


def _order(path: str, act: Callable[[], None]) -> Route:
    async def endpoint(_: Request) -> Response:
        act()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return Route(path, endpoint, methods=["POST"])


def _changed(config: SandboxConfig, body: bytes) -> SandboxConfig:
    """Replace the fields that are given."""
    return SandboxConfig.model_validate({**config.model_dump(by_alias=True), **_FIELDS.validate_json(body)})
