"""The bodies of Jira Cloud's Deployments API, with its limits.

One description serves both sides: the client builds these models, so it cannot send what Jira refuses, and
the sandbox validates with them, so it refuses what Jira refuses.
Source: https://developer.atlassian.com/cloud/jira/software/rest/api-group-deployments/
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    OnErrorOmit,
    PlainSerializer,
    StringConstraints,
)
from pydantic.alias_generators import to_camel

from rollout_reporter.core.report import EnvironmentType, State

MAX_DEPLOYMENTS = 100
MAX_ASSOCIATIONS = 3
MAX_ASSOCIATION_VALUES = 500
MAX_PROPERTIES = 5
MAX_TEXT = 255
MAX_URL = 2000
MAX_INT64 = 2**63 - 1

Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]


def _absolute(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if not (scheme and separator and rest):
        raise ValueError("must be an absolute URL")
    return url


Url = Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL), AfterValidator(_absolute)]
Number = Annotated[int, Field(ge=0, le=MAX_INT64)]
PropertyName = Annotated[str, StringConstraints(max_length=MAX_TEXT, pattern=r"^[^_:][^:]*$")]
Properties = Annotated[dict[PropertyName, Text], Field(min_length=1, max_length=MAX_PROPERTIES)]
"""What deployments are sent with, so that they can be deleted by it; Jira never gives it back."""

_ISSUE_ID_OR_KEY = re.compile(r"\w{1,255}-\d{1,255}|\d{1,255}")


def _id_or_key(value: str) -> str:
    if not _ISSUE_ID_OR_KEY.fullmatch(value):
        raise ValueError("must be an issue key or the number of an issue")
    return value


IssueIdOrKey = Annotated[str, AfterValidator(_id_or_key)]
"""A function, as this `pattern` is too large for the regex engine of pydantic."""

T = TypeVar("T")


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[AwareDatetime, PlainSerializer(_rfc3339, when_used="json")]
"""RFC 3339 with milliseconds and `Z`, as in Atlassian's examples."""


def _never_null(entries: object) -> object:
    return [] if entries is None else entries


Readable = Annotated[list[OnErrorOmit[T]], BeforeValidator(_never_null)]
"""A list of an answer: null is empty, and an entry that cannot be read does not spoil the others."""


class Body(BaseModel):
    """Camel case on the wire, snake case in code; unknown fields are tolerated, as Jira does."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class IssueAssociation(Body):
    """Issues by key or id; `issueKeys` is the older name of the same type."""

    association_type: Literal["issueIdOrKeys", "issueKeys"] = "issueIdOrKeys"
    values: Annotated[list[IssueIdOrKey], Field(min_length=1, max_length=MAX_ASSOCIATION_VALUES)]


class ServiceAssociation(Body):
    """Services of Jira Service Management."""

    association_type: Literal["serviceIdOrKeys"] = "serviceIdOrKeys"
    values: Annotated[list[Text], Field(min_length=1, max_length=MAX_ASSOCIATION_VALUES)]


AssociationList = TypeVar("AssociationList", bound=list[Any])


def within_association_limits(associations: AssociationList) -> AssociationList:
    """Refuse what is within the limits of each association, but not of all together."""
    count = sum(len(association.values) for association in associations)
    if count > MAX_ASSOCIATION_VALUES:
        raise ValueError(
            "Sum of Association values across all association types can have a maximum of "
            f"{MAX_ASSOCIATION_VALUES} elements. Found {count}."
        )
    types = [association.association_type for association in associations]
    if len(types) != len(set(types)):
        raise ValueError("each association type may appear once")
    return associations


Association = Annotated[IssueAssociation | ServiceAssociation, Field(discriminator="association_type")]


class PipelineData(Body):
    """The pipeline of a deployment."""

    id: Text
    display_name: Text
    url: Url


class EnvironmentData(Body):
    """The environment of a deployment."""

    id: Text
    display_name: Text
    type: EnvironmentType


class DeploymentFields(Body):
    """What every deployment says, apart from what it is associated with."""

    deployment_sequence_number: Number
    update_sequence_number: Number
    display_name: Text
    url: Url
    description: Text
    last_updated: Moment
    state: State
    pipeline: PipelineData
    environment: EnvironmentData
    label: Annotated[str, StringConstraints(max_length=MAX_TEXT)] | None = None
    duration: Number | None = None
    schema_version: Literal["1.0"] = "1.0"


class DeploymentData(DeploymentFields):
    """One deployment, whole: Jira replaces what it holds, it never merges."""

    associations: Annotated[
        list[Association],
        Field(min_length=1, max_length=MAX_ASSOCIATIONS),
        AfterValidator(within_association_limits),
    ]


class ProviderMetadata(Body):
    """Who sends. Not private: no personal data."""

    product: str | None = None


class SubmitRequest(Body):
    """Body of `POST …/bulk`."""

    deployments: Annotated[list[DeploymentData], Field(min_length=1, max_length=MAX_DEPLOYMENTS)]
    properties: Properties | None = None
    provider_metadata: ProviderMetadata | None = None


class DeploymentKeyData(Body):
    """Identity of a deployment in answers."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    pipeline_id: str
    environment_id: str
    deployment_sequence_number: int


class ErrorMessage(Body):
    """One error of Jira's."""

    message: str = ""
    error_trace_id: str | None = None


class RejectedDeployment(Body):
    """A deployment that Jira did not store, and why."""

    key: DeploymentKeyData
    errors: Readable[ErrorMessage] = []


class UnknownAssociation(Body):
    """Values that Jira knows nothing of; they are told for the request as a whole, not per deployment."""

    association_type: str
    values: Readable[object] = []


class SubmitResponse(Body):
    """Body of the `202 Accepted`; every list may be absent."""

    accepted_deployments: Readable[DeploymentKeyData] = []
    rejected_deployments: Readable[RejectedDeployment] = []
    unknown_issue_keys: Readable[str] = []
    unknown_associations: Readable[UnknownAssociation] = []


class TokenResponse(Body):
    """Body of a granted token request."""

    model_config = ConfigDict(alias_generator=None, frozen=True)

    access_token: Annotated[str, StringConstraints(min_length=1), Field(repr=False)]
    expires_in: Annotated[float, Field(gt=0)]
    """Seconds."""
    token_type: str = "Bearer"  # noqa: S105 (the name of a scheme, not a secret)


class TenantInfo(Body):
    """Body of `/_edge/tenant_info`."""

    cloud_id: Text
