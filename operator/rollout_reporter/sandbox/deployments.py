"""The five deployments operations, without HTTP's addresses.

https://developer.atlassian.com/cloud/jira/software/rest/api-group-deployments/
"""

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from rollout_reporter.core.report import DeploymentKey
from rollout_reporter.jira.schemas import (
    DeploymentKeyData,
    RejectedDeployment,
    SubmitResponse,
    UnknownAssociation,
)

from .answers import REJECTED, api_error, error_messages
from .rules import BadRequestError, Directory, Refused, Unknown, Valid, identify, judge, read_submission
from .state import Site
from .store import Record

NO_DATA = "No data found for the given deployment"


def submit(
    site: Site, client_id: str, body: bytes, is_rejected: Callable[[object], bool] = lambda _: False
) -> Response:
    """`POST bulk`: judge each deployment, and list what became of it."""
    try:
        submission = read_submission(body)
    except BadRequestError as error:
        return api_error(HTTPStatus.BAD_REQUEST, *error.sentences)
    directory = Directory.of(site.config)
    judgements = [
        Refused(identify(each), (REJECTED,)) if is_rejected(each) else judge(each, directory)
        for each in submission.deployments
    ]
    for judgement in judgements:
        if isinstance(judgement, Valid):
            _accept(site, client_id, judgement, submission.properties or {})
    return _answer(judgements)


def reject(site: Site, holding: str | None, client_id: str, body: bytes) -> Response:
    """`POST bulk` when nothing in it pleases, or nothing that holds a text."""
    return submit(site, client_id, body, lambda each: holding is None or holding in json.dumps(each))


def get(site: Site, client_id: str, key: DeploymentKey) -> Response:
    """`GET` one: what is stored now, whatever has been accepted meanwhile."""
    record = site.store.get(client_id, key)
    if record is None:
        return api_error(HTTPStatus.NOT_FOUND, NO_DATA)
    return JSONResponse(dict(record.body))


def delete(site: Site, client_id: str, key: DeploymentKey) -> Response:
    """`DELETE` one: accepted even if there is none."""
    site.accept(client_id, lambda: site.store.delete(client_id, key))
    return Response(status_code=HTTPStatus.ACCEPTED)


def delete_by_properties(site: Site, client_id: str, query: Iterable[tuple[str, str]]) -> Response:
    """`DELETE bulkByProperties`: those that have all of the properties."""
    properties = {name: value for name, value in query if not name.startswith("_")}
    if not properties:
        return api_error(HTTPStatus.BAD_REQUEST, "At least one property is required")
    site.accept(client_id, lambda: site.store.delete_by_properties(client_id, properties))
    return Response(status_code=HTTPStatus.ACCEPTED)


def gating_status(site: Site, client_id: str, key: DeploymentKey) -> Response:
    """`GET gating-status`: nobody approves here, so what asked for gating waits for ever."""
    record = site.store.get(client_id, key)
    if record is None:
        return api_error(HTTPStatus.NOT_FOUND, NO_DATA)
    return JSONResponse(
        {
            **_key_data(key).model_dump(by_alias=True),
            "gatingStatus": "awaiting" if record.body.get("commands") else "invalid",
            "updatedTimestamp": record.received.isoformat(timespec="milliseconds"),
            "details": [],
        }
    )


def _accept(site: Site, client_id: str, valid: Valid, properties: Mapping[str, str]) -> None:
    record = Record(
        client_id=client_id,
        key=valid.key,
        update=valid.update,
        issues=valid.known.issues,
        services=valid.known.services,
        properties=properties,
        body=valid.body,
        received=site.clock(),
    )
    site.accept(client_id, lambda: site.store.submit(record))


def _answer(judgements: list[Valid | Refused]) -> Response:
    response = SubmitResponse(
        accepted_deployments=[_key_data(one.key) for one in judgements if isinstance(one, Valid)],
        rejected_deployments=[
            RejectedDeployment(key=_key_data(one.key), errors=error_messages(*one.sentences))
            for one in judgements
            if isinstance(one, Refused)
        ],
        unknown_issue_keys=list(dict.fromkeys(key for one in judgements for key in one.unknown.issue_keys)),
        unknown_associations=_merged(one.unknown for one in judgements),
    )
    return JSONResponse(response.model_dump(mode="json", by_alias=True), HTTPStatus.ACCEPTED)


def _merged(unknowns: Iterable[Unknown]) -> list[UnknownAssociation]:
    """Gather what is unknown by type: the answer tells it for the request, not for each deployment."""
    values: dict[str, list[object]] = {}
    for unknown in unknowns:
        for association in unknown.associations:
            known = values.setdefault(association.association_type, [])
            known.extend(value for value in association.values if value not in known)
    return [UnknownAssociation(association_type=name, values=found) for name, found in values.items()]


def _key_data(key: DeploymentKey) -> DeploymentKeyData:
    return DeploymentKeyData(
        pipeline_id=key.pipeline_id,
        environment_id=key.environment_id,
        deployment_sequence_number=key.number,
    )
