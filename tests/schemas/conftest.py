"""Folders of schemas, made anew for each run: that takes a second or two."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from controlplane.binaries import binary_path, documents_folder
from controlplane.catalogue import PROMETHEUS_OPERATOR
from schemas.kubeconform import Judge, judge, write_schemas
from schemas.published import Kind, kinds_of_crd, kinds_of_openapi
from schemas.strict import Schema
from schemas.versions import VERSIONS
from unit.chart.helm import CHART


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """All that takes long happens here: what is missing is downloaded and built."""
    binary_path("kubeconform")
    crds = tmp_path_factory.mktemp("crds")
    for folder in (CHART / "files" / "crds", documents_folder(PROMETHEUS_OPERATOR)):
        write_schemas(crds, _of_crds(folder))
    published = {version: tmp_path_factory.mktemp(version) for version in VERSIONS}
    for version, folder in published.items():
        write_schemas(folder, _of_openapi(documents_folder(VERSIONS[version])))
    return lambda manifests, version: judge(manifests, published[version], crds)


def _of_openapi(folder: Path) -> Iterator[tuple[Kind, Schema]]:
    return kinds_of_openapi([json.loads(file.read_text()) for file in folder.glob("*.json")])


def _of_crds(folder: Path) -> Iterator[tuple[Kind, Schema]]:
    for file in folder.glob("*.yaml"):
        yield from kinds_of_crd(yaml.safe_load(file.read_text()))
