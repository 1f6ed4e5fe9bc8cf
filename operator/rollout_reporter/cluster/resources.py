"""Our custom resources as people see them; the CRDs are generated from these models.

These models are an interface: renaming a field here breaks users. The core has its own types, and
`to_entry`/`from_entry` in `reports` translate.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from rollout_reporter.core.report import EnvironmentType, State
from rollout_reporter.core.workload import Kind

Name = Annotated[str, StringConstraints(min_length=1, max_length=253)]
Text = Annotated[str, StringConstraints(max_length=2048)]
WebUrl = Annotated[str, StringConstraints(max_length=2000, pattern=r"^https?://[^/\s@]+(/\S*)?$")]
SiteUrl = Annotated[str, StringConstraints(max_length=255, pattern=r"^https?://[^/\s@?#]+/?$")]
IssueKey = Annotated[str, StringConstraints(max_length=255)]
IssueKeyList = Annotated[list[IssueKey], Field(max_length=500)]
Globs = Annotated[list[Annotated[str, StringConstraints(max_length=253)]], Field(max_length=64)]


class Model(BaseModel):
    """Camel case in YAML, snake case in code."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class ConditionModel(Model):
    """A condition, as `metav1.Condition`."""

    type: Annotated[str, StringConstraints(max_length=316)]
    status: Literal["True", "False", "Unknown"]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    message: Annotated[str, StringConstraints(max_length=32768)] = ""
    last_transition_time: datetime
    observed_generation: int | None = None


class CredentialsSecretRef(Model):
    """The Secret that holds the OAuth credential of a site."""

    name: Annotated[Name, Field(description="Name of a Secret in the namespace of the JiraSite.")]
    client_id_key: Annotated[Name, Field(description="Key of the client id.")] = "clientId"
    client_secret_key: Annotated[Name, Field(description="Key of the client secret.")] = "clientSecret"  # noqa: S105 (a key's name)


class EnvironmentRuleModel(Model):
    """Which environment the Namespaces of some names are."""

    namespaces: Annotated[
        Globs, Field(min_length=1, description="Names of Namespaces; * and ? are wildcards.")
    ]
    name: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    type: EnvironmentType


class AccessRule(Model):
    """Who may report to what; empty lists allow all."""

    namespaces: Annotated[Globs, Field(description="Names of Namespaces; * and ? are wildcards.")] = []
    projects: Annotated[Globs, Field(description="Keys of Jira projects.")] = []
    environment_types: Annotated[list[EnvironmentType], Field(max_length=5)] = []


class JiraSiteSpec(Model):
    """A Jira Cloud site and how to report to it."""

    site_url: Annotated[
        SiteUrl, Field(alias="siteURL", description="Address of the site, as https://example.atlassian.net.")
    ]
    cloud_id: Annotated[
        str | None,
        StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$"),
        Field(description="Cloud id of the site; looked up at the site where it is not given."),
    ] = None
    api_url: Annotated[
        SiteUrl, Field(alias="apiURL", description="Address of Atlassian's API; another one is for testing.")
    ] = "https://api.atlassian.com"
    credentials_secret_ref: CredentialsSecretRef
    email: Annotated[
        str | None,
        StringConstraints(max_length=254),
        Field(description="Contact, sent as `From` to the token endpoint."),
    ] = None
    url_template: Annotated[
        WebUrl | None,
        Field(description="Link of a Jira deployment; {namespace}, {kind} and {name} are filled in."),
    ] = None
    environments: Annotated[
        list[EnvironmentRuleModel],
        Field(max_length=64, description="Rules for Namespaces without an annotation; the first match wins."),
    ] = []
    access: Annotated[
        list[AccessRule], Field(max_length=64, description="Who may report to what; empty allows all.")
    ] = []


class ResyncModel(Model):
    """How far a resync has come, see the annotation rollout-reporter.dev/resync."""

    requested: Annotated[datetime, Field(description="Everything acknowledged before it is sent again.")]
    remaining: Annotated[int, Field(description="Jira deployments that are still to be sent.")]
    finished: datetime | None = None


class JiraSiteStatus(Model):
    """What the operator found of the site."""

    cloud_id: Annotated[str | None, StringConstraints(max_length=64)] = None
    waiting: Annotated[
        int | None, Field(description="Jira deployments that wait, while the site is in trouble.")
    ] = None
    next_attempt: Annotated[datetime | None, Field(description="When sending is tried again.")] = None
    resync: ResyncModel | None = None
    observed_generation: int | None = None
    conditions: Annotated[list[ConditionModel], Field(max_length=8)] = []


class WorkloadReference(Model):
    """The workload that a RolloutReport is about."""

    kind: Kind
    name: Name
    uid: Annotated[str, StringConstraints(max_length=64)]


class RolloutReportSpec(Model):
    """What a RolloutReport is about; written by the operator alone."""

    workload: WorkloadReference
    installation: Annotated[
        Name | None, Field(description="Namespace of the operator that reports it; no other one does.")
    ] = None


class PipelineModel(Model):
    """Jira's pipeline."""

    id: Annotated[str, StringConstraints(max_length=255)]
    name: Annotated[str, StringConstraints(max_length=255)]


class EnvironmentModel(Model):
    """Jira's environment."""

    id: Annotated[str, StringConstraints(max_length=255)]
    name: Annotated[str, StringConstraints(max_length=255)]
    type: EnvironmentType


class AcknowledgedModel(Model):
    """What Jira last accepted of a Jira deployment."""

    state: State
    content: Annotated[str, Field(description="Digest of what was accepted.")]
    essence: Annotated[str, Field(description="The same digest without the description.")]
    update_sequence_number: int
    at: datetime
    unknown_issue_keys: IssueKeyList = []


class RefusalModel(Model):
    """Why Jira refused a Jira deployment."""

    content: Annotated[str, Field(description="Digest of what was refused.")]
    message: Text
    unknown_issue_keys: IssueKeyList = []
    at: datetime


class ShortfallModel(Model):
    """Jira has not taken all of a report: it refused it, or knew not all of its issues."""

    since: Annotated[datetime, Field(description="When it said so first.")]
    essence: Annotated[str, Field(description="Digest of the report without its description.")]


class JiraDeployment(Model):
    """One rollout of the workload as Jira knows it."""

    workload_uid: Annotated[str, Field(description="Uid of the workload whose rollout it was.")]
    site: Name
    pipeline: PipelineModel
    environment: EnvironmentModel
    deployment_sequence_number: int
    rollout_id: Annotated[str | None, Field(description="Identity of the rollout.")] = None
    revision: int | None = None
    replica_set: str | None = None
    replica_set_created: datetime | None = None
    template: Annotated[str, Field(description="Digest of the pod template.")]
    release: Annotated[str, Field(description="Digest of it without the mark of a restart.")]
    replaces: Annotated[str | None, Field(description="Identity of the rollout that it rolls back.")] = None
    began: datetime
    paused_since: datetime | None = None
    paused_seconds: float = 0
    was_idle: Annotated[bool, Field(description="Whether no replicas were wanted of it for a time.")] = False
    state: State
    because: Annotated[str, Field(description="Why it is in this state, in words.")]
    since: Annotated[datetime, Field(description="When the state became true.")]
    issue_keys: IssueKeyList
    noted_keys: Annotated[IssueKeyList, Field(description="Keys that the workload showed then.")] = []
    service_ids: Annotated[list[str], Field(max_length=500)] = []
    display_name: str
    description: str = ""
    url: str
    label: str = ""
    left_out: Annotated[int, Field(description="Issues and services beyond Jira's limit.")] = 0
    hints: Annotated[list[str], Field(max_length=8, description="What a person should know of it.")] = []
    acknowledged: AcknowledgedModel | None = None
    refused: RefusalModel | None = None
    shortfall: ShortfallModel | None = None
    uncertain: Annotated[
        bool, Field(description="Whether it was sent as still open, and no answer has come since.")
    ] = False


class RolloutReportStatus(Model):
    """The workload's Jira deployments."""

    workload: Annotated[str | None, Field(description="The workload, as kubectl names it.")] = None
    issues: Annotated[str | None, Field(description="Keys of the current one, for printing.")] = None
    current: JiraDeployment | None = None
    history: Annotated[
        list[JiraDeployment], Field(max_length=1024, description="Earlier ones, the newest first.")
    ] = []
    conditions: Annotated[list[ConditionModel], Field(max_length=8)] = []
