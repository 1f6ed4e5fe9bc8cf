"""The way of a command to the cluster, and what is said where there is none."""

from pathlib import Path

import pytest

from rollout_reporter.cli import connection
from rollout_reporter.cluster.errors import UnconfiguredError
from unit.cli.command import call

EXPLAIN = ("explain", "deployment/web")
NOWHERE = "(looked at --kubeconfig, KUBECONFIG and ~/.kube/config), and this is no pod"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The home of somebody who has no kubeconfig."""
    return {"HOME": str(tmp_path)}


@pytest.mark.parametrize(
    "command", [EXPLAIN, ("resync",), ("cleanup", "-n=jira", "--yes"), ("forget", "-n=a")]
)
def test_on_a_laptop_without_a_kubeconfig_a_command_says_where_it_looked(
    home: dict[str, str], command: tuple[str, ...]
) -> None:
    ended = call(*command, environment=home)

    assert (ended.code, ended.output) == (1, "")
    assert f"no kubeconfig was found {NOWHERE}" in ended.complaint


def test_so_does_the_doctor(home: dict[str, str]) -> None:
    ended = call("doctor", environment=home)

    assert ended.code == 1
    assert NOWHERE in ended.output


def test_so_does_an_operator_which_takes_nobodys_kubeconfig_unasked(home: dict[str, str]) -> None:
    ended = call("run", "--namespace=jira", environment=home)

    assert ended.code == 1
    assert "(looked at --kubeconfig and KUBECONFIG), and this is no pod" in ended.complaint


def test_without_a_named_kubeconfig_kubectls_own_is_taken(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text("")

    ended = call(*EXPLAIN, environment=home)

    assert f"the kubeconfig {tmp_path}/.kube/config cannot be used" in ended.complaint


@pytest.mark.parametrize("text", ["127.0.0.1 localhost", "[a, list]", "clusters: 3"])
@pytest.mark.parametrize("command", [EXPLAIN, ("run", "--namespace=jira")], ids=["explain", "run"])
def test_a_file_that_is_no_kubeconfig_is_told_by_what_it_lacks(
    command: tuple[str, ...], text: str, tmp_path: Path
) -> None:
    file = tmp_path / "hosts"
    file.write_text(text)

    ended = call(*command, f"--kubeconfig={file}")

    assert ended.code == 1
    assert "hosts cannot be used: it has to have clusters, users and contexts in it" in ended.complaint


def test_other_obstacles_keep_their_own_words() -> None:
    error = UnconfiguredError("the kubeconfig a cannot be used: there is no such file")

    assert connection.in_words(error, "a", looked_at="") == str(error)


def test_so_do_those_of_a_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    error = UnconfiguredError("the service account of a pod cannot be used: its token is missing")

    assert connection.in_words(error, "", looked_at="") == str(error)
