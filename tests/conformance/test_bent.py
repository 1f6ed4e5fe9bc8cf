"""Recordings bent to what the controller's source says of cases that are hard to bring about.

Each names the place in https://github.com/argoproj/argo-rollouts that writes such a status.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

from conformance.folding import Step, fold, lines_of
from conformance.objects import Object
from rollout_reporter.core import names
from rollout_reporter.core.entry import Entry
from rollout_reporter.core.replay import Line
from rollout_reporter.core.report import State
from rollout_reporter.core.rollouts import read_rollout
from rollout_reporter.core.workload import Kind, Signal

HASH = "rollouts-pod-template-hash"
FIRST, SECOND = "d65867f8c", "74f8588c64"
"""Pod hashes of the images `shop:1` and `shop:2`."""
LATER = timedelta(minutes=10)


def bent(line: Line, change: Callable[[Object], None], *, after: timedelta = timedelta(0)) -> Line:
    body = deepcopy(dict(line.body))
    change(body)
    return replace(line, body=body, at=line.at + after)


def until_line(name: str, last: int) -> list[Line]:
    return [line for line in lines_of(name) if line.number <= last]


def entries(steps: Sequence[Step]) -> tuple[Entry, ...]:
    return steps[-1].ledger.entries


def condition(body: Object, kind: str, **fields: str) -> None:
    for each in body["status"]["conditions"]:
        if each["type"] == kind:
            each.update(fields)


def times_out(body: Object, pod_hash: str) -> None:
    said = f'ReplicaSet "shop-{pod_hash}" has timed out progressing.'
    body["status"].update(phase="Degraded", message=f"ProgressDeadlineExceeded: {said}")
    condition(body, "Progressing", status="False", reason="ProgressDeadlineExceeded", message=said)


def annotate(body: Object, keys: str) -> None:
    body["metadata"]["annotations"][names.ISSUE_KEYS] = keys


def test_a_version_whose_replica_set_is_refused_waits_and_is_not_the_one_before() -> None:
    """`createDesiredReplicaSet` writes one condition over the status of the version before."""
    before = until_line("rollout-back-to-stable-in-mid-canary", 20)

    def refused(body: Object) -> None:
        annotate(body, "SHOP-2")
        body["status"]["observedGeneration"] = "3"
        said = 'Failed to create ReplicaSet "shop-74f8588c64": exceeded quota'
        condition(body, "Progressing", status="False", reason="ReplicaSetCreateError", message=said)

    asked = bent(before[-1], lambda body: annotate(body, "SHOP-2"))
    refusals = [bent(before[-1], refused, after=timedelta(seconds=n)) for n in (1, 11, 60, 3600)]
    first, second = entries(fold([*before[:-1], asked, *refusals]))

    assert (first.state, first.issue_keys) == (State.SUCCESSFUL, ("SHOP-1",))
    assert (second.state, second.issue_keys) == (State.PENDING, ("SHOP-2",))


def test_the_way_back_to_the_stable_version_is_no_success_before_its_pods_are_there() -> None:
    """In mid-canary; the version that is gone back to has been healthy, and stable, all the time."""
    lines = until_line("rollout-back-to-stable-in-mid-canary", 48)
    late = bent(lines[-1], lambda body: times_out(body, FIRST), after=LATER)

    *_, back = entries(fold([*lines, late]))

    assert back.state is State.FAILED
    assert "timed out" in back.because


def test_a_deadline_is_not_that_of_the_stable_version_that_is_gone_back_to() -> None:
    """`calculateRolloutConditions` leaves the word on the version before until there is progress."""
    lines = until_line("rollout-back-to-stable-in-mid-canary", 47)
    *before, back = lines
    steps = fold([*before, bent(back, lambda body: times_out(body, SECOND), after=LATER)])

    told = [each.entry for each in steps if each.judged.line == back.number]

    assert told[0]
    assert told[0].state is State.IN_PROGRESS


def test_a_deadline_is_not_that_of_an_older_version_that_is_gone_back_to_until_it_is_over_for_it_too() -> (
    None
):
    """`kubectl argo rollouts undo --to-revision=1` after version 3 of which no pod could be created."""
    lines = until_line("rollout-undone-after-success", 44)
    rollout = newest(lines, "Rollout")
    hashes = {
        each.body["metadata"]["labels"].get(HASH): each for each in lines if each.body["kind"] == "ReplicaSet"
    }

    def third(body: Object) -> None:
        body["metadata"].update(name="shop-aaa", uid="uid-3", creationTimestamp="2026-11-24T11:39:59Z")
        body["metadata"]["labels"][HASH] = "aaa"
        body["metadata"]["annotations"]["rollout.argoproj.io/revision"] = "3"
        image(body, "shop:3")

    def first_again(body: Object) -> None:
        notes = {"rollout.argoproj.io/revision": "4", "rollout.argoproj.io/revision-history": "1"}
        body["metadata"]["annotations"].update(notes)

    def stuck(pod_hash: str, revision: int, tag: str) -> Callable[[Object], None]:
        def change(body: Object) -> None:
            body["metadata"]["generation"] = revision + 3
            body["metadata"]["annotations"]["rollout.argoproj.io/revision"] = str(revision)
            image(body, tag)
            status = body["status"]
            status.update(observedGeneration=str(revision + 3), currentPodHash=pod_hash, stableRS=SECOND)
            status.pop("updatedReplicas", None)
            times_out(body, "aaa")
            condition(body, "Healthy", status="False")

        return change

    steps = fold(
        [
            *lines,
            bent(hashes[SECOND], third, after=LATER),
            bent(rollout, stuck("aaa", 3, "shop:3"), after=2 * LATER),
            bent(hashes[FIRST], first_again, after=3 * LATER),
            begun := replace(bent(rollout, stuck(FIRST, 4, "shop:1"), after=3 * LATER), number=900),
            replace(begun, at=begun.at + timedelta(minutes=9), number=901),
            replace(begun, at=begun.at + timedelta(minutes=11), number=902),
        ]
    )

    states = {each.judged.line: each.entry.state for each in steps if each.entry and each.judged.line >= 900}
    assert states == {900: State.IN_PROGRESS, 901: State.IN_PROGRESS, 902: State.FAILED}


def test_what_was_paused_after_its_success_is_successful_when_it_is_first_seen() -> None:
    """`CalculateRolloutPhase` says Paused first, and takes `Healthy` back."""
    lines = until_line("rollout-back-to-stable-in-mid-canary", 19)

    def paused(body: Object) -> None:
        body["metadata"]["generation"] = 3
        body["spec"]["paused"] = True
        body["status"].update(observedGeneration="3", phase="Paused", message="manually paused")
        condition(body, "Healthy", status="False")

    last = bent(newest(lines, "Rollout"), paused, after=LATER)
    [only] = entries(fold([newest(lines, "ReplicaSet"), last]))

    assert only.state is State.SUCCESSFUL


def test_undone_by_the_plug_in_it_has_the_keys_of_the_version_that_it_restores() -> None:
    """`kubectl argo rollouts undo` writes the template of the ReplicaSet, and leaves the annotations."""
    lines = list(lines_of("rollout-undone-after-success"))
    restored = deepcopy(next(template(each) for each in lines if is_replica_set(each, FIRST)))
    del restored["metadata"]["labels"][HASH]

    def change(line: Line) -> Callable[[Object], None]:
        def apply(body: Object) -> None:
            annotate(body, "SHOP-1" if line.number < 17 else "SHOP-2")
            if line.number >= 45:
                body["spec"]["template"] = restored

        return apply

    of_rollout = [bent(each, change(each)) if each.body["kind"] == "Rollout" else each for each in lines]

    assert [each.issue_keys for each in entries(fold(of_rollout))] == [("SHOP-1",), ("SHOP-2",), ("SHOP-1",)]


def test_a_rollout_that_gives_up_its_reference_waits_for_nothing() -> None:
    """The same template is written into it; `persistRolloutStatus` leaves the annotation as it was."""
    lines = list(lines_of("rollout-referenced-template-changed"))
    rollout = newest(lines, "Rollout")
    container = {"name": "shop", "image": "shop-slow:2", "resources": {}}
    own = {"metadata": {"labels": {"app": "shop"}}, "spec": {"containers": [container]}}

    def written(body: Object) -> None:
        del body["spec"]["workloadRef"]
        body["spec"].update(template=own, selector={"matchLabels": {"app": "shop"}})
        body["metadata"]["generation"] = 2

    def observed(body: Object) -> None:
        written(body)
        body["status"]["observedGeneration"] = "2"
        del body["status"]["workloadObservedGeneration"]

    later = [bent(rollout, written, after=LATER), bent(rollout, observed, after=LATER + timedelta(seconds=1))]

    assert not any(each.state.is_open for each in entries(fold([*lines, *later])))


def test_a_rollout_with_the_template_of_another_kind_says_that_it_is_not_reported() -> None:
    def change(body: Object) -> None:
        if body["kind"] == "Rollout":
            body["spec"]["workloadRef"].update(apiVersion="v1", kind="PodTemplate")

    lines = [bent(each, change) for each in lines_of("rollout-referenced-template-changed")]
    read = read_rollout(dict(newest(lines, "Rollout").body)).reading

    assert read.signal is Signal.REFUSED
    assert read.because.startswith("its template is that of a PodTemplate")
    assert not any(each.judged.state for each in fold(lines) if each.judged.ref.kind is Kind.ROLLOUT)


def test_versions_of_one_image_that_come_fast_keep_their_keys() -> None:
    """They differ in their configuration alone; of each but the last the wish is seen, and no more."""
    lines = [bent(each, of_one_image) for each in lines_of("rollout-superseded-twice-quickly")]
    last = configuration(newest(lines, "Rollout").body)
    seen = [each for each in lines if not is_overtaken(each, last)]

    told = {each.revision: each.issue_keys for each in entries(fold(seen))}

    assert told[1] == ("SHOP-1",)
    assert all(keys == (f"SHOP-{revision}",) for revision, keys in told.items())


def test_one_that_was_told_to_wait_is_known_again_after_a_restart() -> None:
    """It came and went meanwhile, and the present one has the same image."""
    lines = [bent(each, of_one_image) for each in lines_of("rollout-superseded-twice-quickly")]
    of_third = {"1", "2", "4"}
    lines = [each for each in lines if each.body["kind"] != "ReplicaSet" or number_of(each) in of_third]
    before = [each for each in lines if each.number <= 20]
    wish = next(each for each in lines if each.body["kind"] == "Rollout" and number_of(each) == "2")
    sets = [each for each in lines if each.body["kind"] == "ReplicaSet" and each.number > 20]
    seen = [*before, wish, replace(wish, at=wish.at + timedelta(seconds=3)), *sets, newest(lines, "Rollout")]

    told = entries(fold(seen, new_process_at=[len(before) + 2]))

    assert [each.issue_keys for each in told] == [("SHOP-1",), ("SHOP-2",), ("SHOP-4",)]


def number_of(line: Line) -> str:
    [variable] = line.body["spec"]["template"]["spec"]["containers"][0]["env"]
    found: str = variable["value"]
    return found


def of_one_image(body: Object) -> None:
    if body["kind"] not in {"Rollout", "ReplicaSet"}:
        return
    container = body["spec"]["template"]["spec"]["containers"][0]
    number = container["image"].partition(":")[2]
    container.update(env=[{"name": "CONFIG", "value": number}], image="shop:1")
    annotate(body, f"SHOP-{number}" if body["kind"] == "Rollout" else "SHOP-9")


def configuration(body: Mapping[str, Any]) -> object:
    return body["spec"]["template"]["spec"]["containers"][0]["env"]


def is_overtaken(line: Line, last: object) -> bool:
    body = line.body
    if body["kind"] != "Rollout" or line.number <= 20 or configuration(body) == last:
        return False
    observed: object = body["status"].get("observedGeneration")
    return str(observed) == str(body["metadata"]["generation"])


def newest(lines: Sequence[Line], kind: str) -> Line:
    return [each for each in lines if each.body["kind"] == kind][-1]


def is_replica_set(line: Line, pod_hash: str) -> bool:
    labels = line.body["metadata"].get("labels", {})
    return line.body["kind"] == "ReplicaSet" and bool(labels.get(HASH) == pod_hash)


def template(line: Line) -> Object:
    found: Object = line.body["spec"]["template"]
    return found


def image(body: Object, name: str) -> None:
    body["spec"]["template"]["spec"]["containers"][0]["image"] = name
