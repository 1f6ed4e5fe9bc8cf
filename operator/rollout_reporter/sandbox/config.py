"""What can be configured, at the start and by `PUT /sandbox/config` at run time."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, SecretStr

from rollout_reporter.jira.schemas import Body

DEFAULT_CLOUD_ID = UUID("5a11d0c5-0000-4000-8000-000000000001")

Key = Annotated[str, Field(min_length=1)]


class SandboxConfig(Body):
    """The pretended site, its credential and its temper."""

    model_config = ConfigDict(extra="forbid")

    cloud_id: UUID = DEFAULT_CLOUD_ID
    site_url: str | None = None
    """Where the issue keys of the page link to; by default to the page itself."""
    projects: tuple[Key, ...] = ()
    """Known projects; empty for all."""
    unknown_keys: tuple[Key, ...] = ()
    """Issues and services that do not exist, whatever their project."""
    client_id: Key = "demo"
    client_secret: SecretStr = SecretStr("demo-secret")
    token_lifetime: Annotated[int, Field(gt=0)] = 900
    """Seconds; Atlassian speaks of 15 minutes."""
    visibility_delay: Annotated[float, Field(ge=0)] = 0
    """Seconds until an accepted change shows: the real service works on it asynchronously."""
    max_body_bytes: Annotated[int, Field(gt=0)] = 1024 * 1024
    """Above it the answer is 413. The real limit is not published."""
