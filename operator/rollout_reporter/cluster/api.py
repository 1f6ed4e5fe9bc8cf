"""The thin layer under every read and write of Kubernetes: raw paths in, plain dicts out, own `errors`.

The client library brings connections, TLS and credentials; its typed models are not used, since most of what
we write is one condition or a custom resource. What it does by itself and would hurt is decided here: the
content type is always explicit (a dict patch without one goes out as a strategic merge, which custom
resources refuse), each request has a total time limit (the library's is five minutes), and credentials of a
kubeconfig are read again while we run.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import yaml
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from rollout_reporter import __version__
from rollout_reporter.core.names import APP, MANAGER

from .errors import UnavailableError, UnconfiguredError, translated

REQUEST_TIMEOUT: Final = 10.0
"""Seconds for a whole request, from the credentials to the last byte. Lists are paged or small."""

CREDENTIALS_PERIOD: Final = 60.0
"""Seconds after which the credentials of a kubeconfig are read again; the library's own period in a pod."""

PAGE: Final = 200
"""Objects in one page of a list: about a megabyte in memory."""

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"
METADATA: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

Object = dict[str, Any]
"""A Kubernetes object, or a patch of one, as its JSON says it."""


async def connect(kubeconfig: str = "", environ: Mapping[str, str] = os.environ) -> ApiClient:
    """Return a client for the cluster of `kubeconfig`, else of `KUBECONFIG`, else of the pod that we run in.

    The caller closes it (`async with`). A user's `~/.kube/config` is never taken unasked.

    Raises:
        UnconfiguredError: None of the three leads to a cluster.
    """
    configuration = Configuration()
    paths = kubeconfig or environ.get("KUBECONFIG", "")
    # Else each request asks two threads: for a ~/.netrc, whose default entry spoils it, and for a proxy.
    configuration.client_session_kwargs = {"trust_env": False}
    try:
        if paths:
            await _load_kubeconfig(paths, configuration)
            configuration.proxy = configuration.proxy or _proxy_to(configuration.host)
        else:
            load_incluster_config(configuration)  # type: ignore[no-untyped-call]
        client = ApiClient(configuration)
    except (ConfigException, OSError, ValueError, TypeError, AttributeError, yaml.YAMLError) as error:
        source = f"the kubeconfig {paths}" if paths else "the service account of a pod"
        raise UnconfiguredError(f"{source} cannot be used: {error}") from error
    # What stands before the slash becomes the manager of fields that are not written by apply.
    client.user_agent = f"{APP}/{__version__}"
    return client


async def _load_kubeconfig(paths: str, configuration: Configuration) -> None:
    """Load credentials, and have them read again before a request once they are a minute old.

    The library itself reads token files and asks credential plugins only once, and their tokens expire.
    """
    if not _is_there(paths):
        raise ConfigException("there is no such file")
    # Not to be written back: the file is the user's.
    loader = await load_kube_config(  # type: ignore[no-untyped-call]
        config_file=paths, client_configuration=configuration, persist_config=False
    )
    clock = asyncio.get_running_loop().time
    read_at = clock()

    async def read_again(configuration: Configuration) -> None:
        nonlocal read_at
        if clock() >= read_at + CREDENTIALS_PERIOD:
            read_at = clock()
            await loader.load_and_set(configuration)

    configuration.refresh_api_key_hook = read_again  # type: ignore[assignment]


def _proxy_to(url: str) -> str | None:
    """The proxy of the environment, which kubectl takes, too. In a pod the API server is near."""
    address = urlsplit(url)
    return None if proxy_bypass(address.hostname or "") else getproxies().get(address.scheme)


def _is_there(paths: str) -> bool:
    return any(Path(path).expanduser().is_file() for path in paths.split(os.pathsep) if path)


@dataclass(frozen=True, slots=True)
class Request:
    """One request on a raw path."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    content_type: str = JSON
    accept: str = JSON
    within: float = REQUEST_TIMEOUT
    """Seconds for all of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The object that came back, and the API server's time."""

    body: Object
    date: datetime | None
    """The `Date` header, in whole seconds, aware; None if something on the way took it off."""


async def send(api: ApiClient, request: Request) -> Answer:
    """Send one request, once, and return the answer to it.

    Raises:
        ClusterError: The answer is an error, or none came within the time.
    """
    with translated():
        async with asyncio.timeout(request.within):
            parameters = await api.param_serialize(
                request.method,
                request.path,
                query_params=list(request.query),
                header_params={"Accept": request.accept, "Content-Type": request.content_type},
                body=request.body,
                auth_settings=["BearerToken"],
            )
            response = await api.call_api(*parameters)
            await response.read()  # type: ignore[no-untyped-call]
        body = api.response_deserialize(response, {"2XX": "object"}).data
    if not isinstance(body, dict):
        raise UnavailableError("the answer is not what an API server says: no JSON object")
    return Answer(body, _date_of(response.headers.get("Date", "")))


def _date_of(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header)
    except ValueError:
        return None


def path_to(api_version: str, plural: str, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """Return the path of an object or, without a name, of a collection, as `("apps/v1", "deployments")`."""
    root = "apis" if "/" in api_version else "api"
    within = f"namespaces/{namespace}" if namespace else ""
    return "/" + "/".join(part for part in (root, api_version, within, plural, name, subresource) if part)


async def get(api: ApiClient, path: str) -> Object:
    """Read one object."""
    return (await send(api, Request("GET", path))).body


async def list_cached(
    api: ApiClient, path: str, *, label_selector: str, field_selector: str = ""
) -> Sequence[Object]:
    """Read a collection out of the API server's memory: at once, in one piece, and maybe of a moment ago."""
    selection = (("labelSelector", label_selector), ("fieldSelector", field_selector))
    query = (("resourceVersion", "0"), *(each for each in selection if each[1]))
    return (await send(api, Request("GET", path, query))).body.get("items") or ()


async def list_pages(
    api: ApiClient, path: str, *, limit: int = PAGE, label_selector: str = "", metadata_only: bool = False
) -> AsyncIterator[Object]:
    """Read a collection page by page and yield its objects, all of one moment; only one page is in memory.

    Args:
        api: The client.
        path: Of the collection.
        limit: Objects in a page.
        label_selector: Which ones; empty for all.
        metadata_only: Whether to leave spec and status on the server.

    Raises:
        GoneError: It took longer than the API server keeps that moment (minutes): begin anew.
    """
    selection = (("labelSelector", label_selector),) if label_selector else ()
    first = Request(
        "GET", path, (("limit", str(limit)), *selection), accept=METADATA_LIST if metadata_only else JSON
    )
    request: Request | None = first
    while request is not None:
        page = (await send(api, request)).body
        for item in page.get("items") or ():
            yield item
        rest = page.get("metadata", {}).get("continue")
        request = changed(first, query=(*first.query, ("continue", rest))) if rest else None


async def create(api: ApiClient, path: str, body: Object, *, accept: str = JSON) -> Object:
    """Make an object in the collection at `path`; `ConflictError` if it exists."""
    return (await send(api, Request("POST", path, body=body, accept=accept))).body


async def replace(api: ApiClient, path: str, body: Object, *, accept: str = JSON) -> Object:
    """Write the whole object; `ConflictError` unless it is still at the `resourceVersion` in `body`."""
    return (await send(api, Request("PUT", path, body=body, accept=accept))).body


async def delete(api: ApiClient, path: str, *, uid: str = "") -> Object:
    """Delete an object, if given only the one with this `uid`: else `ConflictError`."""
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}} if uid else None
    return (await send(api, Request("DELETE", path, body=options))).body


async def merge_patch(api: ApiClient, path: str, body: Object) -> Object:
    """Merge `body` into an object (RFC 7386): dicts merge, lists are replaced, None removes.

    With a `metadata.resourceVersion` in `body` the write is fenced: `ConflictError` if the object has
    changed.
    """
    return (await send(api, Request("PATCH", path, body=body, content_type=MERGE_PATCH))).body


async def json_patch(api: ApiClient, path: str, operations: Sequence[Object], *, version: str = "") -> Object:
    """Carry out the operations of a JSON patch (RFC 6902), all or none.

    Args:
        api: The client.
        path: Of the object, or of its status.
        operations: A `test` among them that fails is an `InvalidError`, like any other bad patch.
        version: The `resourceVersion` that the object must still have; else `ConflictError`. Only where it is
            set, rather than tested, does the API server tell a lost race from a bad patch.
    """
    fence = [{"op": "replace", "path": "/metadata/resourceVersion", "value": version}] if version else []
    request = Request("PATCH", path, body=[*fence, *operations], content_type=JSON_PATCH)
    return (await send(api, request)).body


async def apply(
    api: ApiClient, path: str, body: Object, *, manager: str = MANAGER, force: bool = False
) -> Object:
    """Have the fields in `body`, and no others, belong to `manager` (server-side apply).

    Args:
        api: The client.
        path: Of the object, or of its status.
        body: `apiVersion`, `kind`, `metadata.name` and the fields.
        manager: Name of the owner; fields that it applied before and that are missing now are removed.
        force: Whether to take fields from other owners; else `ConflictError`.
    """
    query = (("fieldManager", manager), ("force", str(force).lower()))
    return (await send(api, Request("PATCH", path, query, body, APPLY_PATCH))).body


async def server_date(api: ApiClient) -> datetime:
    """Return the API server's time, in whole seconds."""
    answer = await send(api, Request("GET", "/version"))
    if answer.date is None:
        raise UnavailableError("the API server's answers carry no Date")
    return answer.date
