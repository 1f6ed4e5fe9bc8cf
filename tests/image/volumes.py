"""A pod's volumes: scratch space, and what admission projects into every pod: token, CA and Namespace."""

import json
from pathlib import Path
from typing import Any

from controlplane import Cluster
from image.pod import Pod, docker_size


def mounted(cluster: Cluster, pod: Pod, folder: Path) -> list[str]:
    """Flags of `docker run` for all that the container mounts; files are written into the folder."""
    volumes = {each["name"]: each for each in pod.spec["volumes"]}
    flags = []
    for mount in pod.container["volumeMounts"]:
        volume, path = volumes[mount["name"]], mount["mountPath"]
        if "emptyDir" in volume:
            size = docker_size(volume["emptyDir"]["sizeLimit"])
            flags.append(f"--tmpfs={path}:mode=1777,size={size}")
        else:
            place = _place(folder / mount["name"], _projected(cluster, pod, volume["projected"]["sources"]))
            flags.append(f"--volume={place}:{path}:ro")
    return flags


def _projected(cluster: Cluster, pod: Pod, sources: list[dict[str, Any]]) -> dict[str, str]:
    files: dict[str, str] = {}
    for source in sources:
        match source:
            case {"serviceAccountToken": wanted}:
                files[wanted["path"]] = _token(cluster, pod, wanted["expirationSeconds"])
            case {"configMap": wanted}:
                data = _config_map(cluster, pod.namespace, wanted["name"])
                files |= {item["path"]: data[item["key"]] for item in wanted["items"]}
            case {"downwardAPI": wanted}:
                files |= {item["path"]: pod.field(item["fieldRef"]["fieldPath"]) for item in wanted["items"]}
            case _:
                raise NotImplementedError(f"the pod {pod.name} mounts {source}")
    return files


def _token(cluster: Cluster, pod: Pod, seconds: int) -> str:
    """A token of the pod's account, good for as long as there is the pod."""
    bound = [
        "--bound-object-kind=Pod",
        f"--bound-object-name={pod.name}",
        f"--bound-object-uid={pod.uid}",
    ]
    account, where = pod.spec["serviceAccountName"], f"--namespace={pod.namespace}"
    return cluster.kubectl("create", "token", account, where, f"--duration={seconds}s", *bound).strip()


def _config_map(cluster: Cluster, namespace: str, name: str) -> dict[str, str]:
    body = cluster.kubectl("get", "configmap", name, f"--namespace={namespace}", "--output=json")
    found: dict[str, str] = json.loads(body)["data"]
    return found


def _place(folder: Path, files: dict[str, str]) -> Path:
    """Write files for whatever user the container has; around them, pytest's folders are closed."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    folder.chmod(0o755)
    return folder
