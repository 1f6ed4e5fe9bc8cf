"""The request bodies as Jira reads them.

Wider than what our client sends: the deprecated `issueKeys`, gating and associations with commits are part
of the API too, https://developer.atlassian.com/cloud/jira/software/rest/api-group-deployments/
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from rollout_reporter.core.report import DeploymentKey, State
from rollout_reporter.jira.schemas import (
    MAX_ASSOCIATION_VALUES,
    MAX_ASSOCIATIONS,
    MAX_DEPLOYMENTS,
    MAX_TEXT,
    MAX_URL,
    Body,
    DeploymentFields,
    IssueAssociation,
    Moment,
    Number,
    Text,
    within_association_limits,
)

MAX_ISSUE_KEYS = 100
MAX_PROPERTIES = 5

GATING_COMMAND = "initiate_deployment_gating"

ISSUE_KEY = re.compile(r"\w{1,255}-\d{1,255}", re.ASCII)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _rfc_3339(value: Any) -> Any:
    if isinstance(value, str) and RFC_3339.fullmatch(value):
        return value
    raise ValueError("must be a date and time after RFC 3339")


def _issue_key(value: str) -> str:
    if ISSUE_KEY.fullmatch(value):
        return value
    raise ValueError("must be an issue key")


def _property_name(name: str) -> str:
    if ":" in name or name.startswith("_"):
        raise ValueError("must not contain ':' nor start with '_'")
    return name


class Services(Body):
    """Services; an empty id is merely unknown (CircleCI-Public/jira-connect-orb#63)."""

    association_type: Literal["serviceIdOrKeys"]
    values: Annotated[
        list[Annotated[str, StringConstraints(max_length=MAX_TEXT)]],
        Field(min_length=1, max_length=MAX_ASSOCIATION_VALUES),
    ]


class Repository(Body):
    """A repository that the same provider told Jira of."""

    repository_id: Text


class Commit(Repository):
    """A commit that the same provider told Jira of."""

    commit_hash: Text


class Repositories(Body):
    """Repositories."""

    association_type: Literal["repository"]
    values: Annotated[list[Repository], Field(min_length=1, max_length=MAX_ASSOCIATION_VALUES)]


class Commits(Body):
    """Commits."""

    association_type: Literal["commit"]
    values: Annotated[list[Commit], Field(min_length=1, max_length=MAX_ASSOCIATION_VALUES)]


AnyAssociation = Annotated[
    IssueAssociation | Services | Commits | Repositories, Field(discriminator="association_type")
]

IssueKey = Annotated[str, AfterValidator(_issue_key)]


class Command(Body):
    """Something that Jira is asked to do."""

    command: Literal["initiate_deployment_gating"]


class SubmittedDeployment(DeploymentFields):
    """One deployment of a request."""

    associations: (
        Annotated[
            list[AnyAssociation],
            Field(min_length=1, max_length=MAX_ASSOCIATIONS),
            AfterValidator(within_association_limits),
        ]
        | None
    ) = None
    issue_keys: Annotated[list[IssueKey], Field(min_length=1, max_length=MAX_ISSUE_KEYS)] | None = None
    last_updated: Annotated[Moment, BeforeValidator(_rfc_3339)]
    commands: list[Command] | None = None

    @property
    def asks_for_gating(self) -> bool:
        """Whether the deployment waits for an approval in Jira."""
        return bool(self.commands)

    @model_validator(mode="after")
    def _one_way_to_name_issues(self) -> Self:
        if self.associations is None and self.issue_keys is None:
            raise ValueError("'associations' is required")
        if self.associations is not None and self.issue_keys is not None:
            raise ValueError("'issueKeys' and 'associations' are mutually exclusive")
        return self

    @model_validator(mode="after")
    def _gating_is_for_pending_ones(self) -> Self:
        if self.asks_for_gating and self.state is not State.PENDING:
            raise ValueError(f"'{GATING_COMMAND}' is only possible with state 'pending'")
        return self

    @model_validator(mode="after")
    def _lengths_as_java_counts_them(self) -> Self:
        """Nobody says what the limits count. Jira is written in Java, so it may well be UTF-16 units."""
        for name, text, limit in self._texts():
            if len(text.encode("utf-16-le")) // 2 > limit:
                raise ValueError(f"'{name}' can have a maximum of {limit} characters")
        return self

    def _texts(self) -> Iterator[tuple[str, str, int]]:
        yield "displayName", self.display_name, MAX_TEXT
        yield "description", self.description, MAX_TEXT
        yield "label", self.label or "", MAX_TEXT
        yield "url", self.url, MAX_URL
        yield "pipeline.id", self.pipeline.id, MAX_TEXT
        yield "pipeline.displayName", self.pipeline.display_name, MAX_TEXT
        yield "pipeline.url", self.pipeline.url, MAX_URL
        yield "environment.id", self.environment.id, MAX_TEXT
        yield "environment.displayName", self.environment.display_name, MAX_TEXT


class _Named(Body):
    id: str


class Identity(Body):
    """The part of a deployment without which Jira could not even say which one it refuses."""

    pipeline: _Named
    environment: _Named
    deployment_sequence_number: Number

    @property
    def key(self) -> DeploymentKey:
        """The identity as a value."""
        return DeploymentKey(self.pipeline.id, self.environment.id, self.deployment_sequence_number)


class Submission(Body):
    """A request as a whole; its deployments are judged one by one afterwards."""

    deployments: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_DEPLOYMENTS)]
    properties: (
        Annotated[
            dict[
                Annotated[str, AfterValidator(_property_name)],
                Annotated[str, StringConstraints(max_length=MAX_TEXT)],
            ],
            Field(max_length=MAX_PROPERTIES),
        ]
        | None
    ) = None
    provider_metadata: dict[str, Any] | None = None


class TokenRequest(Body):
    """What the token endpoint is asked; these fields are spelled in snake case."""

    audience: Literal["api.atlassian.com"] = Field(alias="audience")
    grant_type: Literal["client_credentials"] = Field(alias="grant_type")
    client_id: str = Field(alias="client_id")
    client_secret: SecretStr = Field(alias="client_secret")
