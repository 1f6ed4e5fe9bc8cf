"""`rollout-reporter sandbox`: a stand-in for Jira."""

import logging
from typing import Annotated
from uuid import UUID

import typer
from pydantic import SecretStr

from rollout_reporter.sandbox.config import DEFAULT_CLOUD_ID, SandboxConfig
from rollout_reporter.sandbox.server import serve

from .logs import LogFormat, set_up_logging


def sandbox(  # noqa: PLR0913 (one parameter for each flag)
    *,
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = 8088,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    site_url: Annotated[
        str,
        typer.Option(help="Site that the issue keys on the page link to, as https://example.atlassian.net."),
    ] = "",
    project: Annotated[
        list[str] | None,
        typer.Option(help="A project that exists, as SHOP; without any, all exist. May be repeated."),
    ] = None,
    unknown_key: Annotated[
        list[str] | None, typer.Option(help="An issue that does not exist, as SHOP-404. May be repeated.")
    ] = None,
    client_id: Annotated[str, typer.Option(help="Client id that gets a token.")] = "demo",
    client_secret: Annotated[str, typer.Option(help="Its secret.")] = "demo-secret",  # noqa: S107 (no secret)
    cloud_id: Annotated[UUID, typer.Option(help="Cloud id of the site.")] = DEFAULT_CLOUD_ID,
) -> None:
    """Run a stand-in for Jira Cloud.

    It is as strict as the real one, and has a page that shows what Jira would. It keeps all in memory.
    """
    set_up_logging("warning", LogFormat.TEXT)
    logging.captureWarnings(capture=True)
    config = SandboxConfig(
        cloud_id=cloud_id,
        site_url=site_url or None,
        projects=tuple(project or ()),
        unknown_keys=tuple(unknown_key or ()),
        client_id=client_id,
        client_secret=SecretStr(client_secret),
    )
    serve(config, host=host, port=port, announce=_announce)


def _announce(url: str) -> None:
    typer.echo(f"The sandbox stands in for Jira at {url} (stop it with Ctrl-C)")
