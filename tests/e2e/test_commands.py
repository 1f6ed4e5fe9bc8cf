"""The command line as people call it, on recordings and on a live cluster."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlplane import Cluster
from e2e.product import Product
from e2e.shop import Shop
from installation import RunningSandbox
from rollout_reporter import __version__

pytestmark = pytest.mark.timeout(120, func_only=True)

RECORDINGS = Path(__file__).parents[1] / "conformance" / "recordings"
TRUTHS = RECORDINGS.parent / "truths"
OURS = ("POD_NAMESPACE", "KUBECONFIG", "ROLLOUT_REPORTER_")


@dataclass(frozen=True)
class Ended:
    """A command that has come to its end."""

    code: int
    output: str
    complaint: str


def call(*arguments: str | Path, **environment: str) -> Ended:
    """`rollout-reporter …`, without what the surroundings would say to it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    done = subprocess.run(
        [sys.executable, "-m", "rollout_reporter", *arguments],
        env={**clean, "COLUMNS": "200", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def explain(cluster: Cluster, shop: Shop) -> "Explain":
    return Explain(cluster, shop)


class Explain:
    """`rollout-reporter explain` in the Namespace of the shop."""

    def __init__(self, cluster: Cluster, shop: Shop) -> None:
        self._where = [f"--kubeconfig={cluster.kubeconfig}", f"--namespace={shop.namespace}"]

    def __call__(self, workload: object) -> Ended:
        return call("explain", str(workload), *self._where)


def body_in(ended: Ended) -> dict[str, Any]:
    """The JSON that Jira gets."""
    assert ended.code == 0, ended.complaint
    found: dict[str, Any] = json.loads(ended.output.partition("Jira gets:")[2])
    return found


def without_update_number(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "updateSequenceNumber"}


def sent_last(jira: RunningSandbox, issue: str) -> dict[str, Any]:
    """What the operator has sent of an issue at last."""
    sent = [each for request in jira.requests("bulk") for each in request["request"]["deployments"]]
    found: dict[str, Any] = [each for each in sent if issue in json.dumps(each)][-1]
    return found


def test_it_explains_a_success_and_shows_what_jira_was_sent(
    shop: Shop, jira: RunningSandbox, issue: str, explain: Explain
) -> None:
    web = shop.deployment(issue, environment="production").settle()
    web.shows("True", "Successful")

    ended = explain(web)

    assert ended.output.startswith("deployment/web: successful — 2 of 2 new pods available")
    for evidence in (
        "Status:         is about this spec",
        "ReplicaSet:     web-",
        "revision 1",
        f"Issue keys:     {issue} (annotation on the workload)",
        "Memory:         a RolloutReport",
    ):
        assert evidence in ended.output
    assert "Clock:" not in ended.output
    sent = sent_last(jira, issue)
    assert without_update_number(body_in(ended)) == without_update_number(sent)


def test_it_explains_a_failure(shop: Shop, jira: RunningSandbox, issue: str, explain: Explain) -> None:
    shop.deployment(issue, image="registry.example/unpullable:1", deadline=2)
    jira.until(issue, "failed")

    ended = explain("deploy/web")

    assert ended.output.startswith("deployment/web: failed — ")
    assert "progress deadline exceeded" in ended.output
    assert body_in(ended)["state"] == "failed"
    assert body_in(ended)["deploymentSequenceNumber"] == sent_last(jira, issue)["deploymentSequenceNumber"]


def test_it_explains_a_canary_that_waits_for_people(
    shop: Shop, jira: RunningSandbox, issue: str, explain: Explain
) -> None:
    canary = shop.rollout(issue)
    jira.until(issue, "successful")
    canary.set_image(shop.images.second)
    canary.is_paused_at_a_step()
    canary.shows("True", "InProgress", containing="paused at step 2 of 2")

    ended = explain("ro/canary")

    assert ended.output.startswith("rollout/canary: in_progress — paused at step 2 of 2")
    assert "Clock:          under way for " in ended.output
    assert body_in(ended)["state"] == "in_progress"


def test_a_workload_without_issue_keys_is_told_to_have_none(shop: Shop, explain: Explain) -> None:
    web = shop.deployment().settle()

    ended = explain(web)

    assert ended.code == 0
    assert ended.output.startswith("deployment/web: none — it has no issue keys")
    assert "annotate it with rollout-reporter.dev/issue-keys" in ended.output
    assert "Jira is told nothing of it." in ended.output


def test_a_workload_that_is_to_be_ignored_is_told_so(shop: Shop, explain: Explain, issue: str) -> None:
    web = shop.deployment(issue, ignore="true").settle()

    assert explain(web).output.startswith("deployment/web: none — it is to be ignored")


def test_words_that_are_no_keys_are_named(shop: Shop, explain: Explain) -> None:
    web = shop.deployment("the-board").settle()

    ended = explain(web)

    assert ended.code == 0
    assert "not a key: the-board" in ended.output
    assert "Jira is told nothing of it." in ended.output


@pytest.mark.parametrize("workload", ["deployment/nowhere", "rollout/nowhere"])
def test_a_workload_that_does_not_exist_is_named(shop: Shop, explain: Explain, workload: str) -> None:
    ended = explain(workload)

    assert (ended.code, ended.output) == (1, "")
    assert ended.complaint.count("\n") == 1
    assert ended.complaint.startswith(f"{workload} in {shop.namespace}: ")
    assert "not found" in ended.complaint


def test_another_kind_is_refused(explain: Explain) -> None:
    ended = explain("pod/web")

    assert (ended.code, ended.output) == (2, "")
    assert "'pod/web' is not like deployment/web or rollout/checkout" in ended.complaint


def test_somebody_without_rights_is_told(product: Product, shop: Shop) -> None:
    shop.deployment("SHOP-1")
    shop.kubectl("create", "serviceaccount", "visitor")
    kubeconfig = product.cluster.service_account_kubeconfig(shop.namespace, "visitor")

    ended = call("explain", "deployment/web", f"--namespace={shop.namespace}", KUBECONFIG=str(kubeconfig))

    assert (ended.code, ended.output) == (1, "")
    assert ended.complaint.count("\n") == 1
    assert "forbidden" in ended.complaint


@pytest.mark.parametrize("name", ["deployment-undone-after-success", "rollout-aborted-and-retried"])
def test_a_recording_is_judged(name: str) -> None:
    ended = call("verdict", RECORDINGS / f"{name}.jsonl")

    assert (ended.code, ended.complaint) == (0, "")
    final = yaml.safe_load((TRUTHS / f"{name}.yaml").read_text())["final"]
    last = json.loads(ended.output.splitlines()[-1])
    assert {field: last[field] for field in final} == final
    assert list(last) == ["line", "workload", "state", "revision", "deploymentSequenceNumber", "because"]


def test_what_kubectl_prints_can_be_judged(shop: Shop, issue: str, tmp_path: Path) -> None:
    web = shop.deployment(issue).settle()
    sets = json.loads(shop.kubectl("get", "replicasets", "--output=json"))["items"]
    file = tmp_path / "live.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in [*sets, web.get()]))

    [answer] = call("verdict", file).output.splitlines()

    judged = json.loads(answer)
    assert judged["workload"] == f"{shop.namespace}/deployment/web"
    assert (judged["state"], judged["revision"]) == ("successful", 1)


def test_the_definitions_suit_the_api_server(cluster: Cluster, product: Product) -> None:  # noqa: ARG001
    ended = call("crds")

    answer = cluster.kubectl("apply", "--dry-run=server", "--filename=-", stdin=ended.output)

    assert answer.count("customresourcedefinition") == 2


def test_it_tells_its_version() -> None:
    assert call("--version") == Ended(0, f"rollout-reporter {__version__}\n", "")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def assert_one_sentence(ended: Ended, sentence: str, *, code: int) -> None:
    assert (ended.code, ended.output) == (code, "")
    assert sentence in " ".join(ended.complaint.split())


@pytest.mark.parametrize(
    ("arguments", "sentence", "code"),
    [
        ([], "Missing option '--namespace' (env var: 'POD_NAMESPACE')", 2),
        (["--namespace=jira", "--watch-namespaces=shop"], "--watch-namespaces needs --cluster-name", 2),
        (["--namespace=jira", "--kubeconfig=nowhere"], "the kubeconfig nowhere cannot be used", 1),
        (["--namespace=jira"], "(looked at --kubeconfig and KUBECONFIG), and this is no pod", 1),
    ],
    ids=["no namespace", "no name of the cluster", "no such kubeconfig", "no cluster"],
)
def test_an_operator_that_cannot_run_says_why(arguments: Sequence[str], sentence: str, code: int) -> None:
    assert_one_sentence(call("run", *arguments), sentence, code=code)


@pytest.mark.parametrize("flag", ["--probe-port", "--metrics-port"])
def test_an_operator_whose_port_is_taken_says_so(cluster: Cluster, taken_port: int, flag: str) -> None:
    other = "--metrics-port" if flag == "--probe-port" else "--probe-port"
    where = [f"--kubeconfig={cluster.kubeconfig}", "--namespace=nowhere", "--host=127.0.0.1"]

    ended = call("run", *where, f"{flag}={taken_port}", f"{other}=0")

    assert_one_sentence(ended, f"port {taken_port} on 127.0.0.1 cannot be served", code=1)
