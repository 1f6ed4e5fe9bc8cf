"""Renders the chart, as a user would: values in, objects out."""

import json
import os
import subprocess
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import pytest
import yaml

from controlplane.binaries import cache_folder
from controlplane.catalogue import find_tool

TREE: Final = Path(__file__).parents[3]
CHART: Final = TREE / "charts" / "rollout-reporter"
RELEASE: Final = "rollout-reporter"
NAMESPACE: Final = "reporting"
SITE: Final = "https://example.atlassian.net"

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KUBE: Final = "1.36.0"
NEW_CLUSTER: Final = ("apps/v1/Deployment",)
"""What only a rendering with a cluster knows are kinds; this one's has none of ours."""
KNOWING_CLUSTER: Final = (*NEW_CLUSTER, "rollout-reporter.dev/v1alpha1/JiraSite")

Values: TypeAlias = dict[str, Any]


class Rendered(NamedTuple):
    """The objects of a release, and its text."""

    text: str
    objects: list[Values]

    def all(self, kind: str) -> list[Values]:
        return [each for each in self.objects if each["kind"] == kind]

    def one(self, kind: str) -> Values:
        (found,) = self.all(kind)
        return found

    def named(self, kind: str, suffix: str) -> Values:
        (found,) = (each for each in self.all(kind) if each["metadata"]["name"].endswith(suffix))
        return found

    def hooks(self, event: str) -> list[Values]:
        return [each for each in self.objects if event in _hooks(each)]

    @property
    def ordinary(self) -> list[Values]:
        return [each for each in self.objects if not _hooks(each)]


def _hooks(each: Values) -> list[str]:
    annotations = each["metadata"].get("annotations") or {}
    return [event for event in annotations.get("helm.sh/hook", "").split(",") if event]


def program(name: str) -> Path:
    """A Helm: named by ROLLOUT_REPORTER_HELM or …_HELM3, or what ``python -m controlplane build`` left."""
    named = os.environ.get(f"ROLLOUT_REPORTER_{name.upper()}")
    found = Path(named) if named else cache_folder() / "bin" / f"{name}-{find_tool(name).version}"
    if not found.exists():
        advice = f"there is no {found}; build it with: PYTHONPATH=tests python -m controlplane build {name}"
        if "CI" in os.environ:
            pytest.fail(advice)
        pytest.skip(advice)
    return found


def render(
    values: Values | None = None,
    *,
    release: str = RELEASE,
    namespace: str = NAMESPACE,
    kinds: tuple[str, ...] = (),
    helm: str = "helm",
) -> Rendered:
    return _rendered(_template(values or {}, release, namespace, _cluster(kinds), helm))


def render_umbrella(chart: Path, values: Values, *, helm: str = "helm") -> Rendered:
    """Another chart, which has this one in it."""
    args = ("template", RELEASE, str(chart), f"--namespace={NAMESPACE}", *_cluster(()))
    return _rendered(_run(helm, args, json.dumps(values)))


def render_for(kube: str, values: Values, *, kinds: tuple[str, ...] = ()) -> Rendered:
    """For a cluster of this version."""
    return _rendered(_template(values, RELEASE, NAMESPACE, _cluster(kinds, kube), "helm"))


def _rendered(done: subprocess.CompletedProcess[str]) -> Rendered:
    assert done.returncode == 0, done.stderr
    documents = [deepcopy(_parsed(each)) for each in done.stdout.split("\n---\n")]
    return Rendered(done.stdout, [each for each in documents if each])


@cache
def _parsed(document: str) -> Any:
    """Most documents, the CRDs above all, are the same in each rendering."""
    return yaml.load(document, Loader=_LOADER)  # noqa: S506 (a safe loader, in C where there is one)


def manifests() -> str:
    """What `make generate` writes for people without Helm."""
    done = _run("helm", ("template", RELEASE, str(CHART), f"--namespace={RELEASE}", "--no-hooks"), "{}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def refusal(
    values: Values, *, release: str = RELEASE, kinds: tuple[str, ...] = (), helm: str = "helm"
) -> str:
    """What Helm says when it refuses these values."""
    done = _template(values, release, NAMESPACE, _cluster(kinds), helm)
    assert done.returncode != 0, "these values were taken"
    return done.stderr


def _cluster(kinds: tuple[str, ...], kube: str = _KUBE) -> tuple[str, ...]:
    """What Helm is told of a cluster that it does not see."""
    return (f"--kube-version={kube}", *(f"--api-versions={kind}" for kind in kinds))


def _template(
    values: Values,
    release: str,
    namespace: str,
    cluster: tuple[str, ...],
    helm: str,
) -> subprocess.CompletedProcess[str]:
    args = ("template", release, str(CHART), f"--namespace={namespace}", *cluster)
    return _run(helm, args, json.dumps(values))


def notes(values: Values | None = None) -> str:
    args = ("install", RELEASE, str(CHART), f"--namespace={NAMESPACE}", "--dry-run=client")
    done = _run("helm", args, json.dumps(values or {}))
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("NOTES:\n")[2]


def lint(helm: str, values: Values) -> subprocess.CompletedProcess[str]:
    return _run(helm, ("lint", "--strict", str(CHART)), json.dumps(values))


@cache
def _run(helm: str, args: tuple[str, ...], values: str) -> subprocess.CompletedProcess[str]:
    """Away from the user's clusters: without a kubeconfig Helm has nobody to ask."""
    return subprocess.run(
        [program(helm), *args, "--values=-"],
        input=values,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "KUBECONFIG": os.devnull},
    )


def container(rendered: Rendered) -> Values:
    (only,) = rendered.one("Deployment")["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def environment(rendered: Rendered) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container(rendered)["env"]}
