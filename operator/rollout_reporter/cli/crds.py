"""`rollout-reporter crds`: the CustomResourceDefinitions."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from rollout_reporter.cluster.crd import jira_site_crd, rollout_report_crd


def crds(
    directory: Annotated[
        Path | None,
        typer.Option(
            help="Write one file for each into this directory instead.", file_okay=False, exists=True
        ),
    ] = None,
) -> None:
    """Print the CustomResourceDefinitions."""
    definitions = [jira_site_crd(), rollout_report_crd()]
    if directory is None:
        typer.echo(yaml.safe_dump_all(definitions, sort_keys=False), nl=False)
        return
    for each in definitions:
        path = directory / f"{each['spec']['names']['plural']}.yaml"
        path.write_text(yaml.safe_dump(each, sort_keys=False))
