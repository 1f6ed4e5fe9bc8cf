"""A Deployment whose life is told as what the recorder would have seen, and what Jira would hold of it."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chaos.evidence import Evidence
from chaos.steps import ENVIRONMENT, Create, Release, Script, Track
from chaos.truth import Change, Sighting, Truth

Object = dict[str, Any]

CREATED = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
KEYS = "rollout-reporter.dev/issue-keys"
REVISION = "deployment.kubernetes.io/revision"


def moment(seconds: float) -> datetime:
    """So many seconds after the beginning."""
    return CREATED + timedelta(seconds=seconds)


@dataclass
class Happenings:
    """The Deployment `web`; times are seconds since the beginning, and grow from sentence to sentence."""

    sightings: list[Sighting] = field(default_factory=list)
    deployments: list[Object] = field(default_factory=list)
    absences: list[tuple[datetime, datetime]] = field(default_factory=list)
    uid: str = "uid-1"
    created: datetime = CREATED
    _workload: Object = field(default_factory=dict)
    _replica_sets: dict[str, Object] = field(default_factory=dict)
    _revision: int = 0
    _version: int = 0

    # What happens in the cluster.

    def version(
        self, at: float, tag: str, *, keys: str = "", in_template: bool = False, restarted: str = ""
    ) -> "Happenings":
        """Somebody brings a version, `SHOP-<tag>` without other keys, and its ReplicaSet begins."""
        self.asked(at, tag, keys=keys, in_template=in_template, restarted=restarted)
        self._revision += 1
        name = f"web-{tag}{restarted}{'t' if in_template else ''}"
        found = self._replica_sets.get(name) or self._replica_set(name)
        found["metadata"]["annotations"][REVISION] = str(self._revision)
        self._see(at, "MODIFIED", found)
        self._workload["metadata"]["annotations"][REVISION] = str(self._revision)
        self._says(at, "ReplicaSetUpdated", counts=(2, 0, 0))
        return self

    def asked(
        self, at: float, tag: str, *, keys: str = "", in_template: bool = False, restarted: str = ""
    ) -> "Happenings":
        """Somebody asks for a version, and no controller has noticed."""
        keys = keys or f"SHOP-{tag}"
        notes = {KEYS: keys} if in_template else {}
        notes |= {"kubectl.kubernetes.io/restartedAt": restarted} if restarted else {}
        if not self._workload:
            self._workload = self._deployment()
        meta, spec = self._workload["metadata"], self._workload["spec"]
        meta["annotations"] |= {} if in_template else {KEYS: keys}
        meta["generation"] += 1
        containers = [{"name": "app", "image": f"registry.example/app:{tag}"}]
        spec["template"] = {"metadata": {"annotations": notes}, "spec": {"containers": containers}}
        self._see(at, "MODIFIED", self._workload)
        return self

    def within(self, seconds: int) -> "Happenings":
        """From now on this is the progress deadline."""
        self._workload["spec"]["progressDeadlineSeconds"] = seconds
        return self

    def completes(self, at: float) -> "Happenings":
        """All pods of the present version are available."""
        return self._says(at, "NewReplicaSetAvailable", counts=(2, 2, 2))

    def fails(self, at: float) -> "Happenings":
        """The controller says that the present version has made no progress."""
        return self._says(at, "ProgressDeadlineExceeded", counts=(3, 1, 2))

    def is_deleted(self, at: float) -> "Happenings":
        """The workload is deleted; another one of its name may follow."""
        self._see(at, "DELETED", self._workload)
        self.uid, self.created = f"{self.uid}+", moment(at)
        self._workload, self._revision = {}, 0
        self._replica_sets.clear()
        return self

    def nobody_looks(self, begin: float, end: float) -> "Happenings":
        """There is no operator for a while."""
        self.absences.append((moment(begin), moment(end)))
        return self

    # What Jira holds.

    def holds(self, revision: int, tag: str, state: str, *, keys: str = "") -> "Happenings":
        """Jira holds this of a version of the present workload."""
        number = int(self.created.timestamp()) * 1_000_000 + revision
        self.deployments.append(deployment(number, tag, state, keys or f"SHOP-{tag}"))
        return self

    def evidence(self) -> Evidence:
        """All of it, with a script that asks for no more than what there was."""
        tags = {each["label"]: each for each in self.deployments}
        releases = [Create(Release(f"app:{tag}", tuple(keys_of(each)))) for tag, each in tags.items()]
        state = {"deployments": [record(each) for each in self.deployments], "history": [], "dropped": []}
        script = Script((Track("Deployment", "web", tuple(releases)),))
        return Evidence(script, self.truth(), state, [], (), tuple(self.absences))

    def truth(self) -> Truth:
        """What was seen, up to a minute after it began."""
        return Truth(tuple(self.sightings), until=moment(60))

    def _deployment(self) -> Object:
        meta = {"name": "web", "namespace": "shop", "uid": self.uid, "generation": 0, "annotations": {}}
        meta["creationTimestamp"] = self.created.isoformat()
        spec: Object = {"replicas": 2, "progressDeadlineSeconds": 600}
        return {"kind": "Deployment", "metadata": meta, "spec": spec, "status": {}}

    def _replica_set(self, name: str) -> Object:
        meta: Object = {"name": name, "namespace": "shop", "annotations": {}}
        meta["uid"] = f"{self.uid}-{name}"
        meta["labels"] = {"pod-template-hash": name.removeprefix("web-")}
        meta["ownerReferences"] = [{"uid": self.uid}]
        spec = {"template": copy.deepcopy(self._workload["spec"]["template"])}
        self._replica_sets[name] = {"kind": "ReplicaSet", "metadata": meta, "spec": spec}
        return self._replica_sets[name]

    def _says(self, at: float, reason: str, *, counts: tuple[int, int, int]) -> "Happenings":
        names = ("replicas", "updatedReplicas", "availableReplicas")
        newest = max(
            self._replica_sets.values(), key=lambda each: int(each["metadata"]["annotations"][REVISION])
        )
        message = f'ReplicaSet "{newest["metadata"]["name"]}" is meant.'
        self._workload["status"] = {
            "observedGeneration": self._workload["metadata"]["generation"],
            "conditions": [{"type": "Progressing", "reason": reason, "message": message}],
            **dict(zip(names, counts, strict=True)),
        }
        self._see(at, "MODIFIED", self._workload)
        return self

    def _see(self, at: float, change: Change, body: Object) -> None:
        self._version += 1
        body["metadata"]["resourceVersion"] = str(self._version)
        self.sightings.append(Sighting(moment(at), change, copy.deepcopy(body)))


def deployment(number: int, tag: str, state: str, keys: str) -> Object:
    """A Jira deployment of `web`, as Jira takes it."""
    return {
        "deploymentSequenceNumber": number,
        "updateSequenceNumber": 1,
        "displayName": f"web {tag}",
        "label": tag,
        "url": "https://example.atlassian.net/browse/SHOP-1",
        "description": f"{state} in a test",
        "lastUpdated": CREATED.isoformat(),
        "state": state,
        "pipeline": {
            "id": "laboratory.shop.deployment.web",
            "displayName": "web",
            "url": "https://example.atlassian.net/browse/SHOP-1",
        },
        "environment": {"id": ENVIRONMENT, "displayName": ENVIRONMENT, "type": "testing"},
        "associations": [{"associationType": "issueIdOrKeys", "values": keys.split()}],
    }


def record(stored: Object) -> Object:
    """A Jira deployment as the sandbox tells of it."""
    return {"received": CREATED.isoformat(), "issues": keys_of(stored), "deployment": stored}


def keys_of(stored: Object) -> Sequence[str]:
    """The issues that it names."""
    found: Sequence[str] = stored["associations"][0]["values"]
    return found
