"""A recording made short enough to be read by a person."""

from datetime import datetime

import yaml

from conformance import truth
from conformance.objects import Object, condition_of, images_of
from conformance.recording import Line, read

_HASHES = ("pod-template-hash", "rollouts-pod-template-hash")
_REVISIONS = ("deployment.kubernetes.io/revision", "rollout.argoproj.io/revision")


def of(name: str) -> str:
    lines = read(name)
    actions = yaml.safe_load(truth.path_of(name).read_text())["actions"]
    start = min([line.at for line in lines] + [each["at"] for each in actions])
    rows = [(each["at"], f"     ── {each['action']}") for each in actions]
    rows += [(line.at, _row(line)) for line in lines]
    rows.sort(key=lambda row: row[0])
    return "\n".join([name, *(f"{_seconds(start, at):7.3f} {text}" for at, text in rows)])


def _seconds(start: str, at: str) -> float:
    return (datetime.fromisoformat(at) - datetime.fromisoformat(start)).total_seconds()


def _row(line: Line) -> str:
    match line.kind:
        case "Deployment":
            text = _deployment(line.body)
        case "Rollout":
            text = _rollout(line.body)
        case "ReplicaSet":
            text = _replica_set(line.body)
        case _:
            text = _pod(line.body)
    event = {"ADDED": "+", "MODIFIED": " ", "DELETED": "-"}[line.event]
    gone = " (deletionTimestamp)" if "deletionTimestamp" in line.body["metadata"] else ""
    return f"{line.number:4} {event}{text}{gone}"


def _deployment(body: Object) -> str:
    spec, status = body["spec"], body.get("status") or {}
    words = [f"DEPLOYMENT {_generations(body)} {images_of(spec['template'])[0]} {_counts(body)}"]
    words += ["paused"] if spec.get("paused") else []
    words += [_condition(body, kind) for kind in ("Progressing", "Available", "ReplicaFailure")]
    words += [f"collisions={status['collisionCount']}"] if status.get("collisionCount") else []
    return " ".join(filter(None, words))


def _rollout(body: Object) -> str:
    spec, status = body["spec"], body.get("status") or {}
    image = images_of(spec["template"])[0] if "template" in spec else "(referenced)"
    words = [f"ROLLOUT {_generations(body)} {image} {_counts(body)} phase={status.get('phase')}"]
    words += [f"{status['message']!r}"] if status.get("message") else []
    words += [f"current={status.get('currentPodHash')} stable={status.get('stableRS')}"]
    words += [f"step={status['currentStepIndex']}"] if "currentStepIndex" in status else []
    words += (
        [f"pause={[each['reason'] for each in status['pauseConditions']]}"]
        if status.get("pauseConditions")
        else []
    )
    words += [key for key in ("abort", "controllerPause", "promoteFull") if status.get(key)]
    words += ["paused"] if spec.get("paused") else []
    notes = body["metadata"].get("annotations") or {}
    if asked := notes.get("rollout.argoproj.io/workload-generation"):
        words += [f"workload={asked}/{status.get('workloadObservedGeneration')}"]
    words += [_condition(body, kind) for kind in ("Progressing", "Completed", "InvalidSpec", "Healthy")]
    return " ".join(filter(None, words))


def _replica_set(body: Object) -> str:
    return (
        f"  rs {_hash(body)} rev={_revision(body)} {images_of(body['spec']['template'])[0]} {_counts(body)}"
    )


def _pod(body: Object) -> str:
    status = body.get("status") or {}
    states = [each.get("state") or {} for each in status.get("containerStatuses") or []]
    waiting = [state["waiting"]["reason"] for state in states if "waiting" in state]
    ready = condition_of(body, "Ready").get("status")
    return (
        f"    pod {_hash(body)} {images_of(body)[0]} {status.get('phase')} ready={ready} {' '.join(waiting)}"
    )


def _generations(body: Object) -> str:
    observed = (body.get("status") or {}).get("observedGeneration", "-")
    return f"gen={body['metadata'].get('generation')}/{observed} rev={_revision(body)}"


def _counts(body: Object) -> str:
    status = body.get("status") or {}
    keys = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    counts = "/".join(str(status[key]) if key in status else "-" for key in keys)
    return f"want={body['spec'].get('replicas')} all/new/ready/avail={counts}"


def _condition(body: Object, kind: str) -> str:
    found = condition_of(body, kind)
    if not found:
        return ""
    if kind == "Available":
        return f"A={found['status']}"
    words = found.get("message", "").split('"')
    named = f"({words[1].rpartition('-')[2]})" if len(words) > 1 else ""
    return f"{kind[0]}={found['status']}/{found.get('reason')}{named}"


def _revision(body: Object) -> str:
    notes = body["metadata"].get("annotations") or {}
    return next((notes[key] for key in _REVISIONS if key in notes), "-")


def _hash(body: Object) -> str:
    labels = body["metadata"].get("labels") or {}
    return next((labels[key] for key in _HASHES if key in labels), "-")
