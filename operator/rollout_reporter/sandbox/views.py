"""The state as JSON, for the control API and for the page."""

from typing import Any

from rollout_reporter.core import names
from rollout_reporter.core.report import DeploymentKey

from .state import Site
from .store import Record


def record(stored: Record) -> dict[str, Any]:
    """Describe one stored or dropped update."""
    return {
        "clientId": stored.client_id,
        "received": stored.received.isoformat(),
        "issues": list(stored.issues),
        "services": list(stored.services),
        "properties": dict(stored.properties),
        "deployment": dict(stored.body),
    }


def config(site: Site) -> dict[str, Any]:
    """Describe the configuration, without the secret."""
    return site.config.model_dump(mode="json", by_alias=True, exclude={"client_secret"})


def state(site: Site) -> dict[str, Any]:
    """Describe everything."""
    store = site.store
    return {
        "config": config(site),
        "deployments": [record(stored) for stored in store.current()],
        "history": [record(stored) for stored in store.history],
        "dropped": [record(stored) for stored in store.dropped],
        "issues": {issue: [_key(key) for key in keys] for issue, keys in store.issues().items()},
        "pending": site.pending,
        "faults": site.faults.as_json(),
    }


def board(site: Site) -> dict[str, Any]:
    """Describe what the page shows."""
    project = next(iter(site.config.projects), "SHOP")
    return {
        "siteUrl": site.config.site_url,
        "annotation": f"{names.ISSUE_KEYS}={project}-1",
        "faults": len(site.faults.as_json()),
        "deployments": [record(stored) for stored in site.store.current()],
    }


def _key(key: DeploymentKey) -> dict[str, Any]:
    return {
        "pipelineId": key.pipeline_id,
        "environmentId": key.environment_id,
        "deploymentSequenceNumber": key.number,
    }
