"""How Jira judges a request: as a whole first, then each deployment alone.

Pure. A deployment that is refused does not harm the others: it is listed in the answer, whose status is 202
all the same, https://developer.atlassian.com/cloud/jira/software/rest/api-group-deployments/
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from rollout_reporter.core.report import DeploymentKey
from rollout_reporter.jira.schemas import IssueAssociation, UnknownAssociation

from .bodies import AnyAssociation, Commits, Identity, Repositories, Services, Submission, SubmittedDeployment
from .config import SandboxConfig
from .words import messages

NO_ASSOCIATION = "No valid associations found for deployment"
"""Seen at github-for-jira#638 and jira-connect-orb#71."""

ISSUE_KEY = re.compile(r"([A-Z][A-Z0-9_]*)-[1-9][0-9]*", re.ASCII)


class BadRequestError(Exception):
    """The request as a whole cannot be read; the answer is a 400."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences)
        self.sentences = sentences


@dataclass(frozen=True, slots=True)
class Directory:
    """Which issues and services exist on the site."""

    projects: frozenset[str]
    unknown: frozenset[str]

    @classmethod
    def of(cls, config: SandboxConfig) -> "Directory":
        """Read it from the configuration."""
        return cls(frozenset(config.projects), frozenset(config.unknown_keys))

    def has_issue(self, key: str) -> bool:
        """Tell whether the issue exists. Ids do not, and lower case is another key."""
        match = ISSUE_KEY.fullmatch(key)
        if match is None or key in self.unknown:
            return False
        return not self.projects or match[1] in self.projects

    def has_service(self, name: str) -> bool:
        """Tell whether the service exists."""
        return bool(name) and name not in self.unknown


@dataclass(frozen=True, slots=True)
class Known:
    """What a deployment is associated with on this site."""

    issues: tuple[str, ...]
    services: tuple[str, ...]
    body: Mapping[str, Any]
    """The association fields as they are stored."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What the site knows nothing of, as it is told in the answer."""

    issue_keys: tuple[str, ...] = ()
    associations: tuple[UnknownAssociation, ...] = ()


@dataclass(frozen=True, slots=True)
class Valid:
    """A deployment that Jira takes."""

    key: DeploymentKey
    update: int
    known: Known
    body: Mapping[str, Any]
    unknown: Unknown


@dataclass(frozen=True, slots=True)
class Refused:
    """A deployment that Jira does not take, and why."""

    key: DeploymentKey
    sentences: tuple[str, ...]
    unknown: Unknown = Unknown()


def read_json(body: bytes) -> Any:
    """Parse JSON, without the liberties of Python's parser."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequestError("Request body is not valid JSON") from error


def read_submission(body: bytes) -> Submission:
    """Read the request as a whole."""
    try:
        submission = Submission.model_validate(read_json(body))
    except ValidationError as error:
        raise BadRequestError(*messages(error)) from error
    for deployment in submission.deployments:
        identify(deployment)
    return submission


def identify(deployment: Mapping[str, Any]) -> DeploymentKey:
    """Read the identity. Without one there is no place for the deployment in a 202, so all of it is bad."""
    try:
        return Identity.model_validate(deployment).key
    except ValidationError as error:
        raise BadRequestError(*messages(error)) from error


def judge(deployment: Mapping[str, Any], directory: Directory) -> Valid | Refused:
    """Judge one deployment on its own."""
    key = identify(deployment)
    try:
        submitted = SubmittedDeployment.model_validate(deployment)
    except ValidationError as error:
        return Refused(key, messages(error))
    known, unknown = _look_up(submitted, directory)
    if not known.body:
        return Refused(key, (NO_ASSOCIATION,), unknown)
    fields = submitted.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude={"associations", "issue_keys"}
    )
    return Valid(key, submitted.update_sequence_number, known, {**fields, **known.body}, unknown)


def _look_up(deployment: SubmittedDeployment, directory: Directory) -> tuple[Known, Unknown]:
    if deployment.issue_keys is not None:
        return _look_up_issue_keys(deployment.issue_keys, directory)
    return _look_up_associations(deployment.associations or [], directory)


def _look_up_issue_keys(keys: list[str], directory: Directory) -> tuple[Known, Unknown]:
    issues = tuple(key for key in dict.fromkeys(keys) if directory.has_issue(key))
    unknown = tuple(key for key in dict.fromkeys(keys) if not directory.has_issue(key))
    return Known(issues, (), {"issueKeys": list(issues)} if issues else {}), Unknown(unknown)


def _look_up_associations(associations: list[AnyAssociation], directory: Directory) -> tuple[Known, Unknown]:
    found: list[dict[str, Any]] = []
    missing: list[UnknownAssociation] = []
    issues: list[str] = []
    services: list[str] = []
    for association in associations:
        match association:
            case IssueAssociation():
                known = [value for value in association.values if directory.has_issue(value)]
                issues += known
            case Services():
                known = [value for value in association.values if directory.has_service(value)]
                services += known
            case Commits() | Repositories():
                known = []  # nobody can have told of them: there is no development API here
        if known:
            found.append({"associationType": association.association_type, "values": known})
        unknown = [_plain(value) for value in association.values if value not in known]
        if unknown:
            missing.append(UnknownAssociation(association_type=association.association_type, values=unknown))
    return (
        Known(tuple(dict.fromkeys(issues)), tuple(services), {"associations": found} if found else {}),
        Unknown(associations=tuple(missing)),
    )


def _plain(value: object) -> object:
    return value.model_dump(by_alias=True) if isinstance(value, BaseModel) else value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
