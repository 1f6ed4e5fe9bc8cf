"""Patches of a status by a ServiceAccount that may patch it but not read it, as kubectl would first."""

import base64
import json
import ssl
from pathlib import Path
from typing import Final

import httpx
import yaml

from e2e.workload import Object

_CONTENT: Final = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
    "apply": "application/apply-patch+yaml",
}
_RESOURCES: Final = {
    "deployment": "apis/apps/v1/namespaces/{namespace}/deployments",
    "rollout": "apis/argoproj.io/v1alpha1/namespaces/{namespace}/rollouts",
}


class Refused(Exception):  # noqa: N818 (it is what the API server did)
    """The API server's sentence."""


class StatusPatch:
    """Somebody's way to the status of workloads."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, token = config["clusters"][0]["cluster"], config["users"][0]["user"]["token"]
        ca = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self._http = httpx.Client(
            base_url=cluster["server"],
            headers={"Authorization": f"Bearer {token}"},
            verify=ssl.create_default_context(cadata=ca),
            timeout=30,
        )

    def close(self) -> None:
        self._http.close()

    def refusal(self, namespace: str, workload: str, change: object, by: str = "merge") -> str:
        """Why the API server does not patch a status so, empty if it would; nothing is stored."""
        try:
            self(namespace, workload, change, by, dry=True)
        except Refused as refused:
            return str(refused)
        return ""

    def __call__(
        self, namespace: str, workload: str, change: object, by: str = "merge", *, dry: bool = False
    ) -> Object:
        """Patch the status of `kind/name`; return the object as it then is.

        Raises:
            Refused: The API server does not do it.
        """
        kind, _, name = workload.partition("/")
        path = f"/{_RESOURCES[kind].format(namespace=namespace)}/{name}/status"
        query = {"dryRun": "All"} if dry else {}
        if by == "apply":
            query |= {"fieldManager": "rollout-reporter", "force": "true"}
        answer = self._http.patch(
            path, content=json.dumps(change), params=query, headers={"Content-Type": _CONTENT[by]}
        )
        body: Object = answer.json()
        if answer.is_error:
            raise Refused(body["message"])
        return body
