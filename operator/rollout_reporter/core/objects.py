"""Reading of what all Kubernetes objects have in common: times, digests, annotations, conditions."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from . import names
from .condition import Condition, ShownCondition, Status
from .issue_keys import read_issue_keys
from .workload import Kind, ReplicaSetFacts, Wishes, WorkloadRef

Object = Mapping[str, Any]

LONGEST_DURATION: Final = timedelta(days=36_500)
_DURATION: Final = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")
EPOCH: Final = datetime.fromtimestamp(0, UTC)


def timestamp(text: str | None) -> datetime | None:
    """Read Kubernetes' RFC 3339 time, always UTC."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def ref_of(body: Object, kind: Kind) -> WorkloadRef:
    """Identity of a workload."""
    meta = body["metadata"]
    return WorkloadRef(meta.get("namespace", "default"), kind, meta["name"], meta["uid"])


def created_of(body: Object) -> datetime:
    """Creation time; every object that a server stored has one."""
    return timestamp(body["metadata"].get("creationTimestamp")) or EPOCH


def annotations_of(body: Object) -> Mapping[str, str]:
    """Annotations of an object or of a pod template."""
    return (body.get("metadata") or {}).get("annotations") or {}


def overlaid(own: Wishes, template: Wishes) -> Wishes:
    """What is wished for a rollout: the template, which belongs to it alone, is asked first.

    Issue keys stay apart, since those of the workload may belong to another rollout.
    """
    return Wishes(
        issue_keys=own.issue_keys,
        environment=template.environment or own.environment,
        environment_type=template.environment_type or own.environment_type,
        site=template.site or own.site,
        url=template.url or own.url,
        pipeline=template.pipeline or own.pipeline,
        display_name=template.display_name or own.display_name,
        description=template.description or own.description,
        service_ids=template.service_ids or own.service_ids,
        max_duration=template.max_duration or own.max_duration,
        ignore=template.ignore or own.ignore,
    )


RESTARTED_AT: Final = "kubectl.kubernetes.io/restartedAt"
"""The annotation that `kubectl rollout restart` writes into a pod template."""


_ZERO_STRUCTS: Final[Object] = {"resources": {}, "creationTimestamp": None}
"""What Go writes for a struct in which nothing is set; to leave it out means the same.

The controller of Rollouts writes it into the template that a user has written without it.
"""


def digest(template: Object, *, hash_label: str, without_annotation: str = "") -> str:
    """Digest of a pod template, without the label that a controller adds to a ReplicaSet's copy of it."""
    template = _without_zero_structs(template)
    meta = dict(template.get("metadata") or {})
    meta["labels"] = {k: v for k, v in (meta.get("labels") or {}).items() if k != hash_label}
    notes = meta.get("annotations") or {}
    meta["annotations"] = {k: v for k, v in notes.items() if k != without_annotation}
    essence = {"metadata": {k: v for k, v in meta.items() if v}, "spec": template.get("spec") or {}}
    text = json.dumps(essence, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without_zero_structs(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_zero_structs(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: _without_zero_structs(each)
        for key, each in value.items()
        if key not in _ZERO_STRUCTS or each != _ZERO_STRUCTS[key]
    }


def images_of(template: Object) -> tuple[str, ...]:
    """Images of the containers, in their order."""
    containers = (template.get("spec") or {}).get("containers") or []
    return tuple(container.get("image", "") for container in containers)


def wishes_of(body: Object) -> Wishes:
    """Read our annotations on a workload, a pod template or a Namespace."""
    notes = annotations_of(body)

    def text(name: str) -> str | None:
        return notes.get(name, "").strip() or None

    return Wishes(
        issue_keys=read_issue_keys(notes.get(names.ISSUE_KEYS)),
        environment=text(names.ENVIRONMENT),
        environment_type=text(names.ENVIRONMENT_TYPE),
        site=text(names.SITE),
        url=text(names.URL),
        pipeline=text(names.PIPELINE),
        display_name=text(names.DISPLAY_NAME),
        description=text(names.DESCRIPTION),
        service_ids=tuple(dict.fromkeys(notes.get(names.SERVICE_IDS, "").replace(",", " ").split())),
        max_duration=duration(text(names.MAX_DURATION)),
        ignore=(text(names.IGNORE) or "").lower() == "true",
    )


def duration(text: str | None) -> timedelta | None:
    """Read a duration as Kubernetes writes it (`90s`, `30m`, `1h30m`); `None` for anything else.

    Centuries are cut to `LONGEST_DURATION`, so that it can be added to any time.
    """
    found = _DURATION.fullmatch(text or "")
    if not text or found is None:
        return None
    hours, minutes, seconds = (float(each or 0) for each in found.groups())
    try:
        whole = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return LONGEST_DURATION
    return min(whole, LONGEST_DURATION) or None


def conditions_of(body: Object) -> dict[str, Object]:
    """Conditions of a status by their type."""
    return {condition["type"]: condition for condition in (body.get("status") or {}).get("conditions") or []}


def resource_version_of(body: Object) -> int:
    """Version of an object; versions of one kind can be compared since Kubernetes 1.35, and could before."""
    text = body["metadata"].get("resourceVersion", "")
    return int(text) if text.isdecimal() else 0


def shown_condition(body: Object) -> ShownCondition | None:
    """Read our condition on a workload."""
    found = conditions_of(body).get(names.REPORTED)
    if found is None:
        return None
    condition = Condition(Status(found["status"]), found.get("reason", ""), found.get("message", ""))
    return ShownCondition(condition, timestamp(found.get("lastTransitionTime")) or EPOCH)


def revision_of(body: Object, annotation: str) -> int | None:
    """Revision that a controller wrote into an annotation."""
    text = annotations_of(body).get(annotation, "")
    return int(text) if text.isdecimal() else None


def selector_of(body: Object) -> str:
    """A workload's selector in the form that list requests take."""
    selector = (body.get("spec") or {}).get("selector") or {}
    equal = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    return ",".join(equal + [_requirement(each) for each in selector.get("matchExpressions") or []])


def _requirement(expression: Object) -> str:
    key, values = expression["key"], ",".join(expression.get("values") or [])
    match expression["operator"]:
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "Exists":
            return str(key)
        case _:
            return f"!{key}"


def replica_set_facts(
    body: Object, owner: WorkloadRef, *, hash_label: str, annotation: str, history: str
) -> ReplicaSetFacts | None:
    """Facts of a ReplicaSet; `None` if the workload does not own it or it has no revision yet."""
    meta = body["metadata"]
    owners = {each["uid"] for each in meta.get("ownerReferences") or [] if each.get("controller")}
    revision = revision_of(body, annotation)
    if owner.uid not in owners or revision is None:
        return None
    template = body["spec"]["template"]
    return ReplicaSetFacts(
        uid=meta["uid"],
        name=meta["name"],
        pod_hash=(meta.get("labels") or {}).get(hash_label, ""),
        revision=revision,
        earlier=_earlier_revisions(annotations_of(body).get(history, ""), revision),
        template=digest(template, hash_label=hash_label),
        release=digest(template, hash_label=hash_label, without_annotation=RESTARTED_AT),
        created=created_of(body),
        images=images_of(template),
        template_keys=wishes_of(template).issue_keys,
        is_ignored=wishes_of(template).ignore,
        noted_keys=wishes_of(body).issue_keys,
    )


def _earlier_revisions(history: str, revision: int) -> tuple[int, ...]:
    """A Rollout's controller notes the present revision, too, whenever another annotation changes."""
    noted = {int(each) for each in history.split(",") if each.isdecimal()}
    return tuple(sorted(each for each in noted if each < revision))


def new_pods(body: Object) -> str:
    """The progress of a rollout in words.

    A status counts available pods of all versions together; the old ones are taken for available, so that no
    new one is counted that may not be.
    """
    status, wanted = body.get("status") or {}, body["spec"].get("replicas", 1)
    updated = status.get("updatedReplicas", 0)
    old = status.get("replicas", 0) - updated
    available = min(max(status.get("availableReplicas", 0) - old, 0), updated)
    return f"{available} of {counted_new_pods(wanted)} available"


def counted_new_pods(wanted: int) -> str:
    """The pods that a rollout is to have, in words."""
    return f"{wanted} new {'pod' if wanted == 1 else 'pods'}"
