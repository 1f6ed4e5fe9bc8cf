"""What is sent: reports, cut to the limits of Jira's Deployments API.

Fields and limits: https://developer.atlassian.com/cloud/jira/software/rest/api-group-deployments/
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter, ValidationError

from rollout_reporter import __version__
from rollout_reporter.core.names import APP
from rollout_reporter.core.report import DeploymentKey, Environment, Report, Update

from .schemas import (
    MAX_ASSOCIATION_VALUES,
    MAX_TEXT,
    Association,
    EnvironmentData,
    IssueAssociation,
    IssueIdOrKey,
    PipelineData,
    Properties,
    ProviderMetadata,
    SentDeployment,
    ServiceAssociation,
    SubmitRequest,
)
from .texts import cut, fits, head, tidy
from .urls import presentable

PRODUCT: Final = f"{APP} {__version__}"
LAST_URL: Final = "https://www.atlassian.com/software/jira"
"""Shown when neither the report nor the site has a presentable URL: Jira refuses an empty one."""

_DIGEST: Final = 16
"""Hexadecimal digits that keep two ids apart after they were shortened."""
_ISSUE_KEY: Final[TypeAdapter[str]] = TypeAdapter(IssueIdOrKey)
_PROPERTIES: Final[TypeAdapter[dict[str, str]]] = TypeAdapter(Properties)


@dataclass(frozen=True, slots=True)
class Values:
    """The association values of one deployment: at most 500 in all, issues first, none twice."""

    issue_keys: tuple[str, ...]
    service_ids: tuple[str, ...]
    left_out: tuple[str, ...]
    """Malformed, or beyond the 500."""


def submit_request(
    updates: Iterable[Update], *, site_url: str = LAST_URL, properties: dict[str, str] | None = None
) -> SubmitRequest:
    """Return the body that carries these updates; dump it with `by_alias` and `exclude_none`.

    `properties`, as `wire_properties` returns them, belong to each of the updates.

    Raises:
        ValueError: Jira would refuse the body: not 1 to 100 updates, or one without a value to associate.
    """
    return SubmitRequest(
        deployments=[deployment_data(update, site_url=site_url) for update in updates],
        properties=properties,
        provider_metadata=ProviderMetadata(product=PRODUCT),
    )


def deployment_data(update: Update, *, site_url: str = LAST_URL) -> SentDeployment:
    """Return the update as Jira takes it: texts cut and filled, URLs whole.

    Raises:
        ValueError: the report is not `sendable`, or a number is beyond 64 bits.
    """
    report = update.report
    key = wire_key(report.key)
    url = presentable(report.url, otherwise=site_url)
    name = _text(report.display_name, report.pipeline.name, key.pipeline_id)
    return SentDeployment(
        deployment_sequence_number=key.number,
        update_sequence_number=update.number,
        associations=_associations(values(report)),
        display_name=name,
        url=url,
        description=_text(report.description, f"Rollout of {name}"),
        last_updated=report.last_updated,
        state=report.state,
        pipeline=PipelineData(
            id=key.pipeline_id, display_name=_text(report.pipeline.name, key.pipeline_id), url=url
        ),
        environment=_environment(report.environment, key.environment_id),
        label=_text(report.label) or None,
    )


def sendable(report: Report) -> bool:
    """Whether there is any value that Jira could associate the deployment with."""
    found = values(report)
    return bool(found.issue_keys or found.service_ids)


def left_out(report: Report) -> tuple[str, ...]:
    """Return the issue keys and service ids that are not sent: malformed, or beyond Jira's 500."""
    return values(report).left_out


def values(report: Report) -> Values:
    """Return what the deployment is associated with: issue keys first, then services."""
    keys = _unique(report.issue_keys)
    services = _unique(report.service_ids)
    good_keys = [key for key in keys if _is_issue_key(key)][:MAX_ASSOCIATION_VALUES]
    room = MAX_ASSOCIATION_VALUES - len(good_keys)
    good_services = [service for service in services if _is_id(service)][:room]
    sent_keys, sent_services = frozenset(good_keys), frozenset(good_services)
    missing = [key for key in keys if key not in sent_keys]
    missing += [service for service in services if service not in sent_services]
    return Values(tuple(good_keys), tuple(good_services), tuple(missing))


def wire_key(key: DeploymentKey) -> DeploymentKey:
    """Return the identity as it travels: ids that Jira would refuse are shortened, with a digest as tail."""
    return DeploymentKey(_id(key.pipeline_id), _id(key.environment_id), key.number)


def wire_properties(properties: Mapping[str, str]) -> dict[str, str]:
    """Return the properties as they travel: values that Jira would refuse are shortened like ids.

    Raises:
        ValueError: not 1 to 5 of them, or a name that is empty, longer than 255 characters, holds a colon or
            begins with an underscore. Such a one must not get as far as Jira: when it deletes by properties,
            it may overlook the one and delete by the others alone.
    """
    return _PROPERTIES.validate_python({name: _id(value) for name, value in properties.items()})


def _environment(environment: Environment, sent_id: str) -> EnvironmentData:
    return EnvironmentData(id=sent_id, display_name=_text(environment.name, sent_id), type=environment.type)


def _associations(found: Values) -> list[Association]:
    associations: list[Association] = []
    if found.issue_keys:
        associations.append(IssueAssociation(values=list(found.issue_keys)))
    if found.service_ids:
        associations.append(ServiceAssociation(values=list(found.service_ids)))
    return associations


def _text(*choices: str) -> str:
    """Return the first choice with anything to see in it, cut to the limit; empty if there is none."""
    return next((cut(text) for text in map(tidy, choices) if text), "")


def _id(identifier: str) -> str:
    if _is_id(identifier):
        return identifier
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    beginning = head(tidy(identifier), MAX_TEXT - _DIGEST - 1).rstrip()
    return f"{beginning}-{digest}"


def _is_id(identifier: str) -> bool:
    return bool(identifier) and tidy(identifier) == identifier and fits(identifier)


def _is_issue_key(key: str) -> bool:
    try:
        _ISSUE_KEY.validate_python(key)
    except ValidationError:
        return False
    return True


def _unique(items: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(items))
