"""kubeconform, and the folders of schemas that it looks into."""

import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from controlplane.binaries import binary_path
from schemas.published import Kind
from schemas.strict import Schema

_PLACE: Final = "{{.Group}}/{{.ResourceAPIVersion}}/{{.ResourceKind}}.json"


class Judgement(NamedTuple):
    """How many objects were found right, and what is wrong with the others."""

    valid: int
    faults: list[str]


Judge: TypeAlias = Callable[[str, str], Judgement]
"""Takes manifests, and the minor version of a Kubernetes that has our and the Prometheus operator's CRDs."""


def write_schemas(folder: Path, kinds: Iterable[tuple[Kind, Schema]]) -> None:
    for kind, schema in kinds:
        file = folder / _place(kind)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(schema))


def _place(kind: Kind) -> str:
    """Where kubeconform looks; it takes v1 for the group of what has none."""
    group, _, _ = kind.api_version.partition("/")
    _, _, version = kind.api_version.rpartition("/")
    return f"{group}/{version}/{kind.name.lower()}.json"


def judge(manifests: str, *folders: Path) -> Judgement:
    """Strictly: an unknown field is a fault, so is a key said twice, so is a kind without a schema."""
    places = [argument for folder in folders for argument in ("-schema-location", f"{folder}/{_PLACE}")]
    done = subprocess.run(
        [binary_path("kubeconform"), "-strict", "-output=json", "-summary", *places],
        input=manifests,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    faults = [f"{each['kind']} {each['name']}: {each['msg']}" for each in told["resources"]]
    assert bool(faults) == bool(done.returncode), done.stdout
    return Judgement(told["summary"]["valid"], faults)
