"""`rollout-reporter run`: its options, and how it ends when it cannot run."""

from datetime import timedelta
from pathlib import Path

import pytest

from rollout_reporter.cli import run
from rollout_reporter.controller.settings import Settings
from unit.cli.command import Ended, call


class Operator:
    """Stands in for the operator: notes how it was started, and may fail as it does."""

    def __init__(self) -> None:
        self.settings: Settings | None = None
        self.kubeconfig: str | None = None
        self.failure: BaseException | None = None

    async def __call__(self, settings: Settings, kubeconfig: str = "") -> None:
        self.settings, self.kubeconfig = settings, kubeconfig
        if self.failure:
            raise self.failure


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> Operator:
    operator = Operator()
    monkeypatch.setattr(run, "run_operator", operator)
    return operator


def assert_one_sentence(ended: Ended, *, code: int) -> None:
    assert ended.code == code
    assert ended.output == ""
    assert "Traceback" not in ended.complaint


def test_the_namespace_is_all_that_it_needs(operator: Operator) -> None:
    assert call("run", "--namespace=jira").code == 0

    assert operator.settings == Settings(namespace="jira")
    assert operator.kubeconfig == ""


def test_in_a_pod_the_environment_says_all(operator: Operator) -> None:
    environment = {
        "POD_NAMESPACE": "jira",
        "KUBECONFIG": "config",
        "ROLLOUT_REPORTER_CLUSTER_NAME": "prod",
        "ROLLOUT_REPORTER_EXCLUDE_NAMESPACES": "kube-*",
        "ROLLOUT_REPORTER_NAMESPACE_SELECTOR": "jira=yes",
        "ROLLOUT_REPORTER_ALLOWED_HOSTS": "jira.example",
        "ROLLOUT_REPORTER_CONDITIONS_ON_WORKLOADS": "false",
        "ROLLOUT_REPORTER_KEYS_QUIET_TIME": "2.5",
        "ROLLOUT_REPORTER_DRY_RUN": "true",
        "ROLLOUT_REPORTER_HOST": "127.0.0.1",
        "ROLLOUT_REPORTER_PROBE_PORT": "9001",
        "ROLLOUT_REPORTER_METRICS_PORT": "9002",
    }

    assert call("run", environment=environment).code == 0

    assert operator.kubeconfig == "config"
    assert operator.settings == Settings(
        namespace="jira",
        cluster_name="prod",
        exclude_namespaces=("kube-*",),
        namespace_selector="jira=yes",
        allowed_hosts=("jira.example",),
        conditions_on_workloads=False,
        keys_quiet_time=timedelta(seconds=2.5),
        dry_run=True,
        host="127.0.0.1",
        probe_port=9001,
        metrics_port=9002,
    )


def test_some_namespaces_can_be_watched_alone(operator: Operator) -> None:
    call("run", "--namespace=jira", "--cluster-name=prod", "--watch-namespaces=shop, pay")

    assert operator.settings == Settings(
        namespace="jira", cluster_name="prod", watch_namespaces=("shop", "pay")
    )


def test_a_flag_wins_over_the_environment(operator: Operator) -> None:
    call("run", "--namespace=flag", environment={"POD_NAMESPACE": "pod"})

    assert operator.settings == Settings(namespace="flag")


def test_without_a_namespace_it_says_how_to_give_one(operator: Operator) -> None:
    ended = call("run")

    assert_one_sentence(ended, code=2)
    assert "Missing option '--namespace' (env var: 'POD_NAMESPACE')" in ended.complaint
    assert operator.settings is None


def test_watched_namespaces_need_the_name_of_the_cluster(operator: Operator) -> None:
    ended = call("run", "--namespace=jira", "--watch-namespaces=shop")

    assert_one_sentence(ended, code=2)
    assert "--watch-namespaces needs --cluster-name" in ended.complaint
    assert operator.settings is None


@pytest.mark.parametrize("others", ["--namespace-selector=team=shop", "--exclude-namespaces=test-*"])
def test_watched_namespaces_are_named_and_not_chosen_in_another_way_too(
    operator: Operator, others: str
) -> None:
    ended = call("run", "--namespace=jira", "--cluster-name=prod", "--watch-namespaces=shop", others)

    assert_one_sentence(ended, code=2)
    assert f"--watch-namespaces and {others.partition('=')[0]} exclude each other" in ended.complaint
    assert operator.settings is None


@pytest.mark.parametrize("ports", [["--probe-port=9", "--metrics-port=9"], ["--probe-port=8080"]])
def test_probes_and_metrics_need_a_port_each(operator: Operator, ports: list[str]) -> None:
    ended = call("run", "--namespace=jira", *ports)

    assert_one_sentence(ended, code=2)
    assert "--probe-port and --metrics-port are both" in ended.complaint
    assert operator.settings is None


def test_both_may_take_a_free_port(operator: Operator) -> None:
    assert call("run", "--namespace=jira", "--probe-port=0", "--metrics-port=0").code == 0

    assert operator.settings == Settings(namespace="jira", probe_port=0, metrics_port=0)


@pytest.mark.parametrize(
    ("flag", "complaint"),
    [
        ("--probe-port=http", "Invalid value for '--probe-port'"),
        ("--probe-port=99999", "Invalid value for '--probe-port'"),
        ("--metrics-port=-1", "Invalid value for '--metrics-port'"),
        ("--cluster-name=a b", "'a b' cannot be part of an id"),
        ("--watch-namespaces=shop-*", "'shop-*' is no namespace's name"),
        ("--exclude-namespaces=a/b", "'a/b' can match no Namespace"),
        ("--allowed-hosts=https://x/", "'https://x/' is no host"),
        ("--namespace-selector=a=(", "'a=(' is no label selector"),
        ("--keys-quiet-time=-1", "Invalid value for '--keys-quiet-time'"),
        ("--log-level=loud", "Invalid value for '--log-level'"),
        ("--dry-rnu", "No such option"),
    ],
)
def test_a_flag_that_makes_no_sense_is_named(operator: Operator, flag: str, complaint: str) -> None:
    ended = call("run", "--namespace=jira", flag)

    assert_one_sentence(ended, code=2)
    assert complaint in ended.complaint
    assert operator.settings is None


def test_a_kubeconfig_that_does_not_exist_is_named(tmp_path: Path) -> None:
    ended = call("run", "--namespace=jira", "--kubeconfig", str(tmp_path / "nowhere"))

    assert_one_sentence(ended, code=1)
    assert "nowhere cannot be used: there is no such file" in ended.complaint


TAKEN = OSError("port 8081 is taken")


@pytest.mark.parametrize(
    "failure",
    [
        TAKEN,
        ExceptionGroup("tasks", [TAKEN]),
        pytest.param(
            ExceptionGroup("tasks", [ExceptionGroup("servers", [TAKEN])]),
        ),
    ],
    ids=["alone", "in a group", "in a group of a group"],
)
def test_a_port_that_is_taken_is_told(operator: Operator, failure: Exception) -> None:
    operator.failure = failure

    ended = call("run", "--namespace=jira")

    assert_one_sentence(ended, code=1)
    assert ended.complaint.endswith("CRITICAL port 8081 is taken")


def test_a_fault_of_ours_is_not_hidden(operator: Operator) -> None:
    operator.failure = ExceptionGroup("all", [ValueError("a fault of ours")])

    with pytest.raises(ExceptionGroup):
        call("run", "--namespace=jira")
