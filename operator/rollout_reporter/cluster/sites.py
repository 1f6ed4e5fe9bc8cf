"""JiraSites and the Secrets that hold their credentials."""

import base64
import binascii
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from kubernetes.aio.client.api_client import ApiClient
from pydantic import BaseModel, ValidationError

from rollout_reporter.core import names
from rollout_reporter.core.resync import Resync

from .api import get, list_pages, merge_patch, path_to
from .errors import NotFoundError
from .resources import JiraSiteSpec, JiraSiteStatus

PLURAL: Final = "jirasites"

Fitting = TypeVar("Fitting", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class StoredSite:
    """A JiraSite as the API server holds it."""

    namespace: str
    name: str
    uid: str
    generation: int
    spec: JiraSiteSpec | None
    """`None` if it does not fit the model: the CRD in the cluster is of another version."""
    status: JiraSiteStatus
    resync: Resync | None = None
    """What is to be sent again."""


async def load_sites(api: ApiClient, namespace: str) -> AsyncIterator[StoredSite]:
    """All JiraSites of the operator's Namespace."""
    async for body in list_pages(api, path_to(names.API_VERSION, PLURAL, namespace)):
        meta = body["metadata"]
        spec, status = (
            _fitting(JiraSiteSpec, body.get("spec")),
            _fitting(JiraSiteStatus, body.get("status") or {}),
        )
        generation = meta.get("generation", 0)
        resync = _resync(meta.get("annotations") or {})
        yield StoredSite(
            namespace, meta["name"], meta["uid"], generation, spec, status or JiraSiteStatus(), resync
        )


async def store_site_status(api: ApiClient, site: StoredSite, status: JiraSiteStatus) -> None:
    """Write what was found of a site."""
    path = path_to(names.API_VERSION, PLURAL, site.namespace, site.name, "status")
    found = status.model_dump(mode="json", by_alias=True)
    await merge_patch(api, path, {"metadata": {"uid": site.uid}, "status": found})


async def load_secret(api: ApiClient, namespace: str, name: str) -> Mapping[str, str] | None:
    """The texts in a Secret; `None` if there is no such Secret."""
    try:
        body = await get(api, path_to("v1", "secrets", namespace, name))
    except NotFoundError:
        return None
    return {key: _decoded(value) for key, value in (body.get("data") or {}).items()}


def _resync(annotations: Mapping[str, str]) -> Resync | None:
    """Read a person's wish; any other time than RFC 3339 with an offset asks for nothing."""
    try:
        moment = datetime.fromisoformat(annotations.get(names.RESYNC, ""))
    except ValueError:
        return None
    namespaces = annotations.get(names.RESYNC_NAMESPACES, "").replace(",", " ").split()
    prune_keys = annotations.get(names.RESYNC_PRUNE_KEYS) == "true"
    return Resync(moment, tuple(namespaces), prune_keys) if moment.tzinfo else None


async def request_resync(api: ApiClient, namespace: str, name: str, resync: Resync) -> None:
    """Ask for everything to be sent again; what an earlier wish said is gone."""
    path = path_to(names.API_VERSION, PLURAL, namespace, name)
    wish = {
        names.RESYNC: resync.requested.isoformat(),
        names.RESYNC_NAMESPACES: ",".join(resync.namespaces) or None,
        names.RESYNC_PRUNE_KEYS: "true" if resync.prune_keys else None,
    }
    await merge_patch(api, path, {"metadata": {"annotations": wish}})


def _fitting(model: type[Fitting], body: object) -> Fitting | None:
    try:
        return model.model_validate(body)
    except ValidationError:
        return None


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value).decode().strip()
    except (binascii.Error, UnicodeDecodeError):
        return ""
