"""Judging a recorded stream: the same judgement and plan as the operator's, line by line.

A line is an object as the API server showed it, or `{"at": …, "type": …, "object": …}` around it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from .closing import close
from .course import Course
from .judgement import judge
from .ledger import Ledger
from .objects import EPOCH, Object, conditions_of, timestamp
from .plan import plan
from .pods import read_pod_trouble
from .readers import READERS, REPLICA_SET_READERS
from .report import Environment, EnvironmentType, Pipeline, State
from .rollouts import referenced_deployment, with_reference
from .seen import Seen
from .target import Target
from .workload import Kind, Place, PodTrouble, ReplicaSetFacts, Snapshot, WorkloadRef

_TARGET: Final = Target(
    "replay",
    Pipeline("replay", "replay"),
    Environment("replay", "replay", EnvironmentType.UNMAPPED),
    "https://example.com",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a recording."""

    number: int
    """Counted from 1."""
    at: datetime
    is_deletion: bool
    body: Object


@dataclass(frozen=True, slots=True)
class Judged:
    """What the operator would say of a workload at one line; it speaks of the wanted rollout."""

    line: int
    ref: WorkloadRef
    state: State | None
    """`None` where there is no rollout to speak of."""
    revision: int | None
    """`None` where it is not known yet."""
    number: int | None
    """`deploymentSequenceNumber`, `None` where there is no Jira deployment (yet)."""
    because: str


@dataclass(slots=True)
class _Place:
    """What is known of one workload so far."""

    ledger: Ledger
    course: Course = field(default_factory=Course)
    keys: tuple[str, ...] = ()
    keys_since: datetime = EPOCH


class NoRecordingError(ValueError):
    """A line is not what it should be; the message names it."""

    @classmethod
    def of(cls, number: int, kind: str, cause: Exception) -> "NoRecordingError":
        """The error of a line, in words for whoever has written it."""
        return cls(f"line {number} is no {kind}: {_in_words(cause)}")


def _in_words(cause: Exception) -> str:
    match cause:
        case KeyError(args=(name,)):
            return f"it has no {name}"
        case ValueError():
            return str(cause)
        case _:
            return "something in it is of another type than it should be"


_UNREADABLE: Final = (KeyError, TypeError, AttributeError, ValueError)


def read_lines(documents: Iterable[Mapping[str, Any]]) -> Iterator[Line]:
    """Take the objects out of the lines; a line without a time has that of the newest time in any object.

    An empty one counts and says nothing.

    Raises:
        NoRecordingError: A line holds no object.
    """
    newest = EPOCH
    for number, document in enumerate(documents, start=1):
        if document == {}:
            continue
        try:
            line = _line(number, document, newest)
        except _UNREADABLE as error:
            raise NoRecordingError.of(number, "object of Kubernetes", error) from error
        newest = max(newest, line.at)
        yield line


def _line(number: int, document: Mapping[str, Any], newest: datetime) -> Line:
    body = document["object"] if "object" in document and "kind" not in document else document
    body["kind"], body["metadata"]["uid"]
    at = timestamp(document.get("at")) or max([newest, *_times(body)])
    return Line(number, at, document.get("type") == "DELETED", body)


def replay(lines: Sequence[Line]) -> Iterator[Judged]:
    """Judge a recording, one verdict for each line of a workload.

    Raises:
        NoRecordingError: A workload lacks what every workload has.
    """
    yield from _Replay(_references(lines)).judge(lines)


class _Replay:
    def __init__(self, references: frozenset[Place]) -> None:
        self._references = references
        """Deployments whose template a Rollout uses; the operator knows them before it plans anything."""
        self._places: dict[Place, _Place] = {}
        self._replica_sets: dict[str, Object] = {}
        self._pods: dict[str, Object] = {}
        self._deployments: dict[Place, Snapshot] = {}

    def judge(self, lines: Iterable[Line]) -> Iterator[Judged]:
        for line in lines:
            match line.body["kind"]:
                case "Deployment" | "Rollout":
                    try:
                        yield self._workload(line, Kind(line.body["kind"]))
                    except _UNREADABLE as error:
                        raise NoRecordingError.of(line.number, line.body["kind"], error) from error
                case "ReplicaSet":
                    _keep(self._replica_sets, line)
                case "Pod":
                    _keep(self._pods, line)
                case _:
                    pass  # of no concern

    def _workload(self, line: Line, kind: Kind) -> Judged:
        snapshot = self._completed(READERS[kind](line.body))
        place = self._places.setdefault(snapshot.ref.place, _Place(Ledger(snapshot.ref)))
        if place.ledger.ref != snapshot.ref:
            closed = close(place.ledger, "the workload was deleted", line.at)
            place.ledger, place.course = replace(closed, ref=snapshot.ref), Course()
        if line.is_deletion or snapshot.deleting:
            return self._deleted(line, place, snapshot)
        place.course = judge(
            snapshot,
            place.course,
            line.at,
            replica_sets=self._owned(snapshot),
            troubles=self._troubles(snapshot),
        )
        if snapshot.issue_keys != place.keys:
            place.keys, place.keys_since = snapshot.issue_keys, line.at
        place.ledger = plan(Seen(snapshot, place.course, place.keys_since, _TARGET), place.ledger, line.at)
        return _judged(line, place, snapshot)

    def _completed(self, snapshot: Snapshot) -> Snapshot:
        place = snapshot.ref.place
        if place.kind is Kind.DEPLOYMENT:
            self._deployments[place] = snapshot
            return replace(snapshot, is_muted=place in self._references)
        if snapshot.workload_ref is None:
            return snapshot
        referred = Place(place.namespace, Kind.DEPLOYMENT, snapshot.workload_ref)
        return with_reference(snapshot, self._deployments.get(referred))

    def _deleted(self, line: Line, place: _Place, snapshot: Snapshot) -> Judged:
        """What was under way is cancelled, be it a rollout or one that was only asked for."""
        course, because = place.course, "the workload was deleted"
        waiting = place.ledger.waiting
        place.ledger = close(place.ledger, because, line.at)
        if course.asked and snapshot.is_annotated:
            number = waiting.number if waiting else None
            return Judged(line.number, snapshot.ref, State.CANCELLED, None, number, because)
        if course.taken_up and course.taken_up.state and course.taken_up.state.is_open:
            cancelled = replace(course.taken_up, state=State.CANCELLED, because=because)
            place.course = replace(course, taken_up=cancelled)
        return _judged(line, place, snapshot)

    def _owned(self, snapshot: Snapshot) -> tuple[ReplicaSetFacts, ...] | None:
        read = REPLICA_SET_READERS[snapshot.ref.kind]
        found = [read(body, snapshot.ref) for body in self._replica_sets.values()]
        return tuple(each for each in found if each) or None

    def _troubles(self, snapshot: Snapshot) -> tuple[PodTrouble, ...]:
        own = f"{snapshot.ref.name}-"
        found = [
            read_pod_trouble(body)
            for body in self._pods.values()
            if body["metadata"].get("namespace", "default") == snapshot.ref.namespace
            and body["metadata"].get("name", "").startswith(own)
        ]
        return tuple(each for each in found if each)


def _judged(line: Line, place: _Place, snapshot: Snapshot) -> Judged:
    course, rollout = place.course, place.course.taken_up
    if not snapshot.is_annotated:
        because = "a Rollout uses its template" if snapshot.is_muted else "not annotated"
        return Judged(line.number, snapshot.ref, None, None, None, because)
    if course.is_refused:
        return Judged(line.number, snapshot.ref, None, None, None, snapshot.reading.because)
    if course.asked or rollout is None:
        waiting = place.ledger.waiting
        return Judged(
            line.number, snapshot.ref, course.state, None, waiting.number if waiting else None, course.because
        )
    entry = place.ledger.find(rollout.id)
    return Judged(
        line.number,
        snapshot.ref,
        rollout.state,
        rollout.revision,
        entry.number if entry else None,
        rollout.because,
    )


def _keep(objects: dict[str, Object], line: Line) -> None:
    uid = line.body["metadata"]["uid"]
    if line.is_deletion:
        objects.pop(uid, None)
    else:
        objects[uid] = line.body


def _references(lines: Iterable[Line]) -> frozenset[Place]:
    rollouts = (line for line in lines if line.body["kind"] == Kind.ROLLOUT)
    return frozenset(place for line in rollouts if (place := _reference(line)))


def _reference(line: Line) -> Place | None:
    try:
        reference = (line.body.get("spec") or {}).get("workloadRef")
        if not reference or reference["name"] != referenced_deployment(line.body):
            return None
        return Place(line.body["metadata"].get("namespace", "default"), Kind.DEPLOYMENT, reference["name"])
    except _UNREADABLE as error:
        raise NoRecordingError.of(line.number, "Rollout", error) from error


def _times(body: Object) -> list[datetime]:
    texts = [body["metadata"].get("creationTimestamp"), body["metadata"].get("deletionTimestamp")]
    for condition in conditions_of(body).values():
        texts += [condition.get("lastUpdateTime"), condition.get("lastTransitionTime")]
    return [at for at in map(timestamp, texts) if at]
