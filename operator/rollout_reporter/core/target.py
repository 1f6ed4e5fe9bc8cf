"""Where a rollout is reported to: site, pipeline, environment and link, fixed at its first report."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from .access import AccessRule
from .environments import EnvironmentRule, NamespaceFacts, find_environment
from .lines import quoted
from .report import Environment, Pipeline
from .workload import Snapshot, Wishes

DEFAULT_SITE: Final = "default"
_MAX_ID: Final = 255
_MAX_URL: Final = 2000
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._~-]+")
_WEB: Final = re.compile(r"https?://[^\s/]+\S*")


@dataclass(frozen=True, slots=True)
class Site:
    """What the core knows of a JiraSite."""

    name: str
    url: str
    url_template: str | None = None
    rules: tuple[EnvironmentRule, ...] = ()
    access: tuple[AccessRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """Where to, and what a person should know about it."""

    site: str
    pipeline: Pipeline
    environment: Environment
    url: str
    hints: tuple[str, ...] = ()
    taken: int | None = None
    """The highest number that other workloads have in this pipeline and environment; `None` for none."""


@dataclass(frozen=True, slots=True)
class NoSite:
    """There is no site to report to; the message says the cure."""

    message: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is around a workload: its Namespace, the sites, the cluster's name."""

    namespace: NamespaceFacts
    cluster: str
    sites: Mapping[str, Site] = field(default_factory=dict)


def find_target(snapshot: Snapshot, issue_keys: Sequence[str], around: Surroundings) -> Target | NoSite:
    """Decide where a rollout of this workload is reported to."""
    site = _site(snapshot.wishes, around)
    if isinstance(site, NoSite):
        return site
    wishes = snapshot.wishes
    found = find_environment(wishes, around.namespace, site.rules, around.cluster)
    url, url_hint = _url(snapshot, issue_keys, site)
    return Target(
        site=site.name,
        pipeline=Pipeline(pipeline_id(snapshot, around.cluster), snapshot.ref.name),
        environment=found.environment,
        url=url,
        hints=tuple(filter(None, [found.hint, url_hint])),
    )


def pipeline_id(snapshot: Snapshot, cluster: str) -> str:
    """`<cluster>.<namespace>.<kind>.<name>`: unique over clusters, the same for the workload's whole life."""
    ref = snapshot.ref
    own = snapshot.wishes.pipeline or f"{ref.kind.lower()}.{ref.name}"
    text = f"{cluster}.{ref.namespace}.{own}"
    safe = _UNSAFE.sub("-", text)
    if safe == text and len(text) <= _MAX_ID:
        return text
    tail = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{safe[: _MAX_ID - 17]}-{tail}"


def _site(wishes: Wishes, around: Surroundings) -> Site | NoSite:
    name = wishes.site or around.namespace.wishes.site or DEFAULT_SITE
    if site := around.sites.get(name):
        return site
    known = ", ".join(sorted(around.sites)) or "none"
    return NoSite(f"there is no JiraSite {quoted(name)} in the operator's namespace (there: {known})")


def _url(snapshot: Snapshot, issue_keys: Sequence[str], site: Site) -> tuple[str, str]:
    """The link of a Jira deployment, with a hint if the user's own cannot be used."""
    hint = ""
    if own := snapshot.wishes.url:
        if _WEB.fullmatch(own) and len(own) <= _MAX_URL:
            return own, ""
        hint = f"url {quoted(own)} is left out: at most {_MAX_URL} characters, from http:// or https:// on"
    if site.url_template:
        return _fill(site.url_template, snapshot), hint
    return f"{site.url.rstrip('/')}/browse/{issue_keys[0]}", hint


def _fill(template: str, snapshot: Snapshot) -> str:
    """Fill `{namespace}`, `{kind}` and `{name}`; other braces stay as they are."""
    ref = snapshot.ref
    for name, value in (("namespace", ref.namespace), ("kind", ref.kind.lower()), ("name", ref.name)):
        template = template.replace(f"{{{name}}}", quote(value, safe=""))
    return template
