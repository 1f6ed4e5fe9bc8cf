"""What Jira is told: one update of one Jira deployment.

The fields and their meaning are those of Jira Cloud's Deployments API,
https://developer.atlassian.com/cloud/jira/software/rest/api-group-deployments/
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """State of a Jira deployment, spelled as the API spells it."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    CANCELLED = "cancelled"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    SUCCESSFUL = "successful"

    @property
    def is_open(self) -> bool:
        """Whether a later state is still owed to Jira."""
        return self in {State.PENDING, State.IN_PROGRESS}


class EnvironmentType(StrEnum):
    """The five types that Jira knows."""

    UNMAPPED = "unmapped"
    DEVELOPMENT = "development"
    TESTING = "testing"
    STAGING = "staging"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, order=True)
class DeploymentKey:
    """Identity of a Jira deployment within one site and credential."""

    pipeline_id: str
    environment_id: str
    number: int
    """`deploymentSequenceNumber`: the same over all states of one rollout, growing over rollouts."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Where a Jira deployment comes from: one workload."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a Jira deployment goes to."""

    id: str
    name: str
    type: EnvironmentType


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole of a Jira deployment as it should be now.

    Jira replaces wholesale, so every report carries everything. Texts are as long as they are: cutting them
    to Jira's limits is the business of the Jira client.
    """

    pipeline: Pipeline
    environment: Environment
    number: int
    state: State
    issue_keys: tuple[str, ...]
    """Upper case, without repetition, in the order given by the user; never empty."""
    service_ids: tuple[str, ...] = ()
    display_name: str
    description: str
    saying: str = ""
    """What the description says, apart from its wording, which another version may choose otherwise."""
    url: str
    label: str = ""
    """Version in a word, such as the image tag; empty for none."""
    last_updated: datetime
    """When the state became true (aware), not when it is sent."""

    @property
    def key(self) -> DeploymentKey:
        """Identity of the Jira deployment that this report is about."""
        return DeploymentKey(self.pipeline.id, self.environment.id, self.number)


@dataclass(frozen=True, slots=True)
class Update:
    """A report on its way, with the number that orders it after all earlier ones of its deployment."""

    report: Report
    number: int
    """`updateSequenceNumber`: Jira keeps the highest and silently drops equal or lower ones."""
