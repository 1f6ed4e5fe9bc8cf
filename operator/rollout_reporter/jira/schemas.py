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
    AliasGenerator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    OnErrorOmit,
    PlainSerializer,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
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
UNTOLD_LIFE = 60.0
"""Seconds that a token is taken to live whose answer does not tell: short enough to be true of any."""

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


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


ReadMoment = Annotated[datetime, AfterValidator(_in_utc)]
"""A moment of an answer: without an offset, it is in UTC."""


def _listed(entries: object) -> object:
    return entries if isinstance(entries, list | tuple) else []


Readable = Annotated[list[OnErrorOmit[T]], BeforeValidator(_listed)]
"""A list of an answer: what is none is empty, and an entry that cannot be read does not spoil the others."""


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


class SentDeployment(DeploymentFields):
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

    deployments: Annotated[list[SentDeployment], Field(min_length=1, max_length=MAX_DEPLOYMENTS)]
    properties: Properties | None = None
    provider_metadata: ProviderMetadata | None = None


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


class Answered(Body):
    """What Jira says. Names are known in any case, and a number may stand for a text."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=_plain, serialization_alias=to_camel),
        coerce_numbers_to_str=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _in_any_case(cls, data: Any) -> Any:
        return {_plain(name): value for name, value in data.items()} if isinstance(data, dict) else data


class DeploymentData(Answered):
    """What is read of a deployment that Jira holds; the rest may have any shape."""

    deployment_sequence_number: int
    update_sequence_number: int
    state: State
    last_updated: ReadMoment


class DeploymentKeyData(Answered):
    """Identity of a deployment in answers."""

    pipeline_id: str
    environment_id: str
    deployment_sequence_number: int


def _unwrapped(entry: object) -> object:
    """Jira names what it rejected by `{"key": {…}}`: it might name so what it accepted."""
    match entry:
        case {"key": dict() as key}:
            return key
        case _:
            return entry


class ErrorMessage(Answered):
    """One error of Jira's, which may be a mere text."""

    message: str = ""
    error_trace_id: object = None
    """A text; nothing is lost if it is not."""

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, data: Any) -> Any:
        return {"message": data} if isinstance(data, str) else data


def _at_least_one(errors: object) -> object:
    return [errors] if isinstance(errors, dict | str) else errors


class RejectedDeployment(Answered):
    """A deployment that Jira did not store, and why."""

    key: DeploymentKeyData
    errors: Annotated[Readable[ErrorMessage], BeforeValidator(_at_least_one)] = []


def _with_key(entry: object) -> object:
    """Jira names what it accepted without `{"key": {…}}`: it might name so what it rejected."""
    if not isinstance(entry, dict) or any(_plain(name) == "key" for name in entry):
        return entry
    return {**entry, "key": entry}


class UnknownAssociation(Answered):
    """Values that Jira knows nothing of; they are told for the request as a whole, not per deployment."""

    association_type: str
    values: Readable[object] = []


class SubmitResponse(Answered):
    """Body of the `202 Accepted`; every list may be absent."""

    accepted_deployments: Readable[Annotated[DeploymentKeyData, BeforeValidator(_unwrapped)]] = []
    rejected_deployments: Readable[Annotated[RejectedDeployment, BeforeValidator(_with_key)]] = []
    unknown_issue_keys: Readable[str] = []
    unknown_associations: Readable[UnknownAssociation] = []


def _or_untold(value: object, read: ValidatorFunctionWrapHandler) -> float:
    try:
        return float(read(value))
    except ValueError:
        return UNTOLD_LIFE


class TokenResponse(Body):
    """Body of a granted token request. The token is all that is needed of it."""

    model_config = ConfigDict(alias_generator=None, frozen=True)

    access_token: Annotated[str, StringConstraints(min_length=1), Field(repr=False)]
    expires_in: Annotated[float, Field(gt=0), WrapValidator(_or_untold)] = UNTOLD_LIFE
    """Seconds."""
    token_type: object = "Bearer"  # noqa: S105 (the name of a scheme, not a secret)


class TenantInfo(Answered):
    """Body of `/_edge/tenant_info`."""

    cloud_id: Text
