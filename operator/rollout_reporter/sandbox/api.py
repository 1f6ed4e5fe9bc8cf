"""The addresses of the Jira side: `api.atlassian.com` and the site in one.

https://developer.atlassian.com/cloud/jira/software/integrate-jsw-cloud-with-onpremises-tools/
"""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from urllib.parse import unquote

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from rollout_reporter.core.report import DeploymentKey
from rollout_reporter.jira.schemas import MAX_INT64, MAX_TEXT, TenantInfo, TokenResponse

from . import deployments
from .answers import api_error, gateway_error, oauth_error
from .auth import is_right
from .bodies import TokenRequest
from .exchange import Exchange
from .operations import Operation
from .rules import BadRequestError, read_json
from .state import Site
from .words import messages

BASE = "/jira/deployments/0.1/cloud/"


def routes(site: Site) -> list[BaseRoute]:
    """List the routes of the Jira side."""

    async def tenant_info(request: Request) -> Response:
        return await Exchange(site, request, Operation.TENANT_INFO, lambda _: _tenant_info(site)).answer()

    async def token(request: Request) -> Response:
        return await Exchange(
            site, request, Operation.TOKEN, lambda body: _token(site, request, body)
        ).answer()

    async def deployments_api(request: Request) -> Response:
        return await _deployments_api(site, request)

    return [
        Route("/_edge/tenant_info", tenant_info),
        Route("/oauth/token", token, methods=["POST"]),
        Route(BASE + "{rest:path}", deployments_api, methods=["GET", "POST", "DELETE"]),
    ]


def _tenant_info(site: Site) -> Response:
    return JSONResponse(TenantInfo(cloud_id=str(site.config.cloud_id)).model_dump(by_alias=True))


def _token(site: Site, request: Request, body: bytes) -> Response:
    if not _is_json(request):
        return oauth_error(HTTPStatus.BAD_REQUEST, "invalid_request", "Content-Type must be application/json")
    try:
        asked = TokenRequest.model_validate(read_json(body))
    except BadRequestError as error:
        return oauth_error(HTTPStatus.BAD_REQUEST, "invalid_request", error.sentences[0])
    except ValidationError as error:
        return oauth_error(HTTPStatus.BAD_REQUEST, "invalid_request", messages(error)[0])
    if not is_right(site.config, asked.client_id, asked.client_secret.get_secret_value()):
        return oauth_error(HTTPStatus.UNAUTHORIZED, "access_denied", "Unauthorized")
    lifetime = site.config.token_lifetime
    token = site.tokens.issue(asked.client_id, now=site.clock(), lifetime=timedelta(seconds=lifetime))
    granted = TokenResponse(access_token=token, expires_in=lifetime)
    return JSONResponse({**granted.model_dump(), "expires_in": lifetime})


Answer = Callable[[str, bytes], Response]
"""Answers a request whose credential is known."""


async def _deployments_api(site: Site, request: Request) -> Response:
    cloud_id, *path = _segments(request)
    found = _find(site, request, path)
    if found is None:
        return gateway_error(HTTPStatus.NOT_FOUND, "Not Found")
    operation, answer = found

    def authorized(answer: Answer, body: bytes) -> Response:
        client_id = site.tokens.holder(request.headers.get("authorization"), now=site.clock())
        if client_id is None:
            return gateway_error(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        if cloud_id != str(site.config.cloud_id):
            return gateway_error(HTTPStatus.NOT_FOUND, "Not Found")
        return answer(client_id, body)

    return await Exchange(
        site,
        request,
        operation,
        handler=partial(authorized, answer),
        rejecting=lambda body, holding: authorized(partial(deployments.reject, site, holding), body),
    ).answer()


def _segments(request: Request) -> list[str]:
    """Split the path before decoding it: an id may hold a slash."""
    path: bytes = request.scope["raw_path"]
    return [unquote(segment) for segment in path.decode("ascii").removeprefix(BASE).split("/")]


def _find(site: Site, request: Request, path: list[str]) -> tuple[Operation, Answer] | None:
    """Find the operation behind a method and a path."""
    match request.method, path:
        case "POST", ["bulk"]:
            return Operation.BULK, lambda client_id, body: _submit(site, request, client_id, body)
        case "DELETE", ["bulkByProperties"]:
            query = request.query_params.multi_items()
            return Operation.DELETE_BY_PROPERTY, lambda client_id, _: deployments.delete_by_properties(
                site, client_id, query
            )
        case "GET", [
            "pipelines",
            pipeline,
            "environments",
            environment,
            "deployments",
            number,
            "gating-status",
        ]:
            key = _key(pipeline, environment, number)
            return Operation.GATING_STATUS, _about(key, partial(deployments.gating_status, site))
        case "GET", ["pipelines", pipeline, "environments", environment, "deployments", number]:
            key = _key(pipeline, environment, number)
            return Operation.GET, _about(key, partial(deployments.get, site))
        case "DELETE", ["pipelines", pipeline, "environments", environment, "deployments", number]:
            key = _key(pipeline, environment, number)
            return Operation.DELETE, _about(key, partial(deployments.delete, site))
        case _:
            return None


def _submit(site: Site, request: Request, client_id: str, body: bytes) -> Response:
    if not _is_json(request):
        return api_error(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json")
    return deployments.submit(site, client_id, body)


def _about(key: DeploymentKey | None, answer: Callable[[str, DeploymentKey], Response]) -> Answer:
    if key is None:
        return lambda _client_id, _body: api_error(HTTPStatus.BAD_REQUEST, "Path has an invalid format")
    return lambda client_id, _body: answer(client_id, key)


def _key(pipeline: str, environment: str, number: str) -> DeploymentKey | None:
    if re.fullmatch("[0-9]{1,19}", number) is None or int(number) > MAX_INT64:
        return None
    if not (0 < len(pipeline) <= MAX_TEXT and 0 < len(environment) <= MAX_TEXT):
        return None
    return DeploymentKey(pipeline, environment, int(number))


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
