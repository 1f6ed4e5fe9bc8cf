"""`rollout-reporter verdict`: a recording in, one line of JSON for each line of a workload out."""

import json
from pathlib import Path
from typing import Any

import pytest

from unit.cli.command import Ended, call

Object = dict[str, Any]
CREATED = "2026-01-01T00:00:00Z"


def deployment(*, issues: str = "SHOP-1", **status: Any) -> Object:
    notes = {"deployment.kubernetes.io/revision": "1"}
    if issues:
        notes["rollout-reporter.dev/issue-keys"] = issues
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"image": "web:1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "uid-1",
            "generation": 1,
            "resourceVersion": "7",
            "creationTimestamp": CREATED,
            "annotations": notes,
        },
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template},
        "status": {"observedGeneration": 1, **status},
    }


def under_way() -> Object:
    return deployment(replicas=1, updatedReplicas=1, unavailableReplicas=1)


def complete() -> Object:
    progressing = {
        "type": "Progressing",
        "status": "True",
        "reason": "NewReplicaSetAvailable",
        "message": 'ReplicaSet "web-5d4f" has successfully progressed.',
        "lastUpdateTime": CREATED,
        "lastTransitionTime": CREATED,
    }
    numbers: Object = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
    return deployment(**numbers, conditions=[progressing])


def judged(folder: Path, *lines: object) -> Ended:
    file = folder / "recording.jsonl"
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    file.write_text("".join(f"{text}\n" for text in texts))
    return call("verdict", str(file))


def answers(ended: Ended) -> list[Object]:
    assert (ended.code, ended.complaint) == (0, "")
    return [json.loads(line) for line in ended.output.splitlines()]


def test_each_line_of_a_workload_gets_a_line_of_json(tmp_path: Path) -> None:
    first, last = answers(judged(tmp_path, under_way(), complete()))

    assert first["state"] == "in_progress"
    assert last == {
        "line": 2,
        "workload": "shop/deployment/web",
        "state": "successful",
        "revision": 1,
        "deploymentSequenceNumber": 1767225600_000001,
        "because": last["because"],
    }
    assert "1 of 1" in last["because"]


def test_lines_of_pods_and_of_others_get_none(tmp_path: Path) -> None:
    other = {"kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop", "uid": "uid-2"}}

    [answer] = answers(judged(tmp_path, other, complete()))

    assert answer["line"] == 2


def test_a_line_may_say_when_it_was_seen_and_what_happened(tmp_path: Path) -> None:
    seen = {"at": "2026-01-01T00:00:01.5Z", "type": "ADDED", "object": under_way()}
    gone = {"at": "2026-01-01T00:00:02.5Z", "type": "DELETED", "object": under_way()}

    states = [each["state"] for each in answers(judged(tmp_path, seen, gone))]

    assert states == ["in_progress", "cancelled"]


def test_a_workload_without_issue_keys_has_no_state(tmp_path: Path) -> None:
    [answer] = answers(judged(tmp_path, deployment(issues="")))

    assert (answer["state"], answer["revision"]) == ("none", None)
    assert answer["deploymentSequenceNumber"] is None
    assert answer["because"] == "not annotated"


def test_an_empty_recording_has_no_verdicts(tmp_path: Path) -> None:
    assert answers(judged(tmp_path)) == []


def test_blank_lines_are_passed_over(tmp_path: Path) -> None:
    assert len(answers(judged(tmp_path, "", complete(), ""))) == 1


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    [answer] = answers(judged(tmp_path, "", complete()))

    assert answer["line"] == 2


def test_a_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    ended = call("verdict", str(tmp_path / "nowhere.jsonl"))

    assert ended.code == 2
    assert "nowhere.jsonl" in ended.complaint
    assert "does not exist" in ended.complaint


def test_a_directory_is_no_recording(tmp_path: Path) -> None:
    ended = call("verdict", str(tmp_path))

    assert ended.code == 2
    assert "is a directory" in ended.complaint


def without(name: str) -> Object:
    return {key: value for key, value in complete().items() if key != name}


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[1]",
        "null",
        {"at": CREATED},
        {"at": CREATED, "type": "ADDED", "object": 3},
        {"at": "yesterday", "type": "ADDED", "object": complete()},
        without("metadata"),
        without("kind"),
        without("spec"),
        {**complete(), "metadata": [1]},
    ],
    ids=[
        "no JSON",
        "a list",
        "null",
        "no object",
        "a number for an object",
        "no time",
        "no metadata",
        "no kind",
        "no spec",
        "metadata in a list",
    ],
)
def test_what_is_no_recording_is_refused_in_words(tmp_path: Path, line: object) -> None:
    ended = judged(tmp_path, complete(), line)

    assert ended.code == 2
    assert ended.output == ""
    assert "recording.jsonl is no recording" in ended.complaint


def rollout(**parts: object) -> object:
    return {"kind": "Rollout", "metadata": {"name": "cart", "uid": "uid-1"}, **parts}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"kind": "Pod"}, "line 2 is no object of Kubernetes: it has no metadata"),
        (without("kind"), "line 2 is no object of Kubernetes: it has no kind"),
        (without("spec"), "line 2 is no Deployment: it has no spec"),
        ([1], "line 2 is no object of Kubernetes: something in it is of another type than it should be"),
        ({"at": "yesterday", "object": complete()}, "Kubernetes: Invalid isoformat string: 'yesterday'"),
        (rollout(spec={"workloadRef": {"kind": "Deployment"}}), "line 2 is no Rollout: it has no name"),
        (rollout(spec=7), "line 2 is no Rollout: something in it is of another type"),
        ("no JSON", "line 2 is no JSON (Expecting value"),
    ],
    ids=[
        "no metadata",
        "no kind",
        "no spec",
        "a list",
        "no time",
        "a reference to nothing",
        "a number for a spec",
        "no JSON",
    ],
)
def test_what_is_missing_is_said_in_words(tmp_path: Path, line: object, words: str) -> None:
    assert words in judged(tmp_path, complete(), line).complaint


def test_bytes_that_are_no_text_are_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "recording.jsonl"
    file.write_bytes(b"\xff\xfe\x00")

    ended = call("verdict", str(file))

    assert ended.code == 2
    assert "is no recording" in ended.complaint


@pytest.mark.parametrize("line", ["no JSON", without("metadata")], ids=["no JSON", "no metadata"])
def test_the_line_that_is_wrong_is_named(tmp_path: Path, line: object) -> None:
    ended = judged(tmp_path, complete(), complete(), line)

    assert "line 3" in ended.complaint
