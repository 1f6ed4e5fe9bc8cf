"""Somebody who handles one workload after a script; all that is written can be written twice."""

import time
from collections.abc import Callable

from chaos.administrator import COLLECTIONS, Administrator, Object
from chaos.steps import (
    ENVIRONMENT,
    Abort,
    AtStep,
    Create,
    Delete,
    Outcome,
    Pause,
    Promote,
    Release,
    Rest,
    Restart,
    Resume,
    Scale,
    Settle,
    Step,
    Track,
    Undo,
    Update,
    Where,
)

PREFIX = "rollout-reporter.dev"
KEYS = f"{PREFIX}/issue-keys"
LOST = 3
"""So many deadlines after which a Deployment has failed though its controller has lost count."""


class Actor:
    """One workload, as somebody with a script handles it."""

    def __init__(self, api: Administrator, namespace: str, track: Track) -> None:
        self._api, self._track = api, track
        self._collection = COLLECTIONS[track.kind].format(namespace=namespace)
        self._path = f"{self._collection}/{track.name}"
        self._replica_sets = COLLECTIONS["ReplicaSet"].format(namespace=namespace)

    def play(self, step: Step) -> None:
        """Do one step, and wait for what it waits for."""
        match step:
            case Create():
                self._api.create(self._collection, self._created(step))
            case Delete():
                self._api.delete(self._path)
            case Rest(seconds):
                time.sleep(seconds)
            case Settle(outcome):
                self._until(f"it is {outcome}", self._settled(outcome))
            case AtStep():
                self._until("it waits for a person", _waits_for_a_person)
            case Promote() | Abort():
                self._api.patch(f"{self._path}/status", _order(step))
            case _:
                self._api.patch(self._path, _change(step))

    def _created(self, step: Create) -> Object:
        name, kind = self._track.name, self._track.kind
        change = _wanted(step.release)
        steps: list[Object] = [{"setWeight": 50}, {"pause": {}}] if step.waits else [{"setWeight": 50}]
        usual = {
            "replicas": 2,
            "minReadySeconds": 2 if step.slow else 1,
            "selector": {"matchLabels": {"app": name}},
            **({"strategy": {"canary": {"steps": steps}}} if kind == "Rollout" else {}),
        }
        template = change["spec"]["template"]
        notes = {key: value for key, value in template["metadata"]["annotations"].items() if value}
        template["metadata"] = {"labels": {"app": name}, "annotations": notes}
        template["spec"]["terminationGracePeriodSeconds"] = 1
        return {
            "apiVersion": "argoproj.io/v1alpha1" if kind == "Rollout" else "apps/v1",
            "kind": kind,
            "metadata": {"name": name, **change["metadata"]},
            "spec": usual | change["spec"],
        }

    def _settled(self, outcome: Outcome) -> Callable[[Object], bool]:
        """A look that tells whether the cluster says of the wanted version that it ended so."""
        began = time.monotonic()

        def has_settled(body: Object) -> bool:
            if not is_observed(body):
                return False
            if body["kind"] == "Rollout":
                wanted_phase = "Healthy" if outcome == "complete" else "Degraded"
                return body["status"].get("phase") == wanted_phase and self._is_about_the_wanted(body)
            if outcome == "complete":
                return is_complete(body)
            waited = time.monotonic() - began
            return not is_complete(body) and (is_overdue(body) or waited > LOST * _deadline(body))

        return has_settled

    def _is_about_the_wanted(self, rollout: Object) -> bool:
        """Whether a Rollout's status speaks of its present image: for a moment it speaks of the last one."""
        name = f"{self._track.name}-{rollout['status']['currentPodHash']}"
        return _image(self._api.get(f"{self._replica_sets}/{name}")) == _image(rollout)

    def _until(self, what: str, holds: Callable[[Object], bool]) -> None:
        self._api.until(f"{self._track.kind} {self._track.name}: {what}", self._path, holds)


def _order(step: Promote | Abort) -> Object:
    """What the plug-in of Argo Rollouts writes into a status."""
    return {"status": {"abort": True} if isinstance(step, Abort) else {"pauseConditions": None}}


def _change(step: Update | Undo | Scale | Pause | Resume | Restart) -> Object:
    """What a step merges into the workload."""
    match step:
        case Update(release) | Undo(release):
            return _wanted(release)
        case Scale(replicas):
            return {"spec": {"replicas": replicas}}
        case Pause() | Resume():
            return {"spec": {"paused": isinstance(step, Pause)}}
        case Restart(stamp):
            notes = {"kubectl.kubernetes.io/restartedAt": stamp}
            return {"spec": {"template": {"metadata": {"annotations": notes}}}}


def _wanted(release: Release) -> Object:
    """A merge patch that makes a version the wanted one; null removes the keys of another."""
    keys = " ".join(release.keys)
    on_workload: Object = {f"{PREFIX}/environment": ENVIRONMENT}
    if release.where is not Where.TEMPLATE:
        on_workload[KEYS] = keys
    in_template = {KEYS: None if release.where is Where.WORKLOAD else keys}
    return {
        "metadata": {"annotations": on_workload},
        "spec": {
            "progressDeadlineSeconds": release.deadline,
            "template": {
                "metadata": {"annotations": in_template},
                "spec": {"containers": [{"name": "app", "image": release.image}]},
            },
        },
    }


def is_complete(deployment: Object) -> bool:
    """Whether all pods of a Deployment are of its present version, and available."""
    counts = ("replicas", "updatedReplicas", "availableReplicas")
    replicas = deployment["spec"]["replicas"]
    return all(deployment["status"].get(name, 0) == replicas for name in counts)


def is_overdue(deployment: Object) -> bool:
    """Whether a Deployment's controller says that the progress deadline is over."""
    conditions = deployment["status"].get("conditions", ())
    return any(each.get("reason") == "ProgressDeadlineExceeded" for each in conditions)


def is_observed(body: Object) -> bool:
    """Whether the status is about the present spec; a Rollout tells its generation as a text."""
    return int(body.get("status", {}).get("observedGeneration") or 0) >= int(body["metadata"]["generation"])


def _deadline(deployment: Object) -> float:
    return float(deployment["spec"]["progressDeadlineSeconds"])


def _image(body: Object) -> str:
    image: str = body["spec"]["template"]["spec"]["containers"][0]["image"]
    return image


def _waits_for_a_person(body: Object) -> bool:
    return is_observed(body) and bool(body["status"].get("pauseConditions"))
