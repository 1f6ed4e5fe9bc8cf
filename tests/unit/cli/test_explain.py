"""`rollout-reporter explain`, as far as it comes without a cluster."""

from pathlib import Path

import pytest
import yaml

from unit.cli.command import call


@pytest.mark.parametrize("workload", ["pod/web", "web", "deployment/", "/web", "statefulset/web", ""])
def test_what_is_no_workload_is_refused_with_an_example(workload: str) -> None:
    ended = call("explain", workload)

    assert ended.code == 2
    assert "is not like deployment/web or rollout/checkout" in ended.complaint


def test_a_workload_has_to_be_named() -> None:
    ended = call("explain")

    assert ended.code == 2
    assert "Missing argument" in ended.complaint


def test_a_kubeconfig_that_does_not_exist_is_named(tmp_path: Path) -> None:
    ended = call("explain", "deployment/web", "--kubeconfig", str(tmp_path / "nowhere"))

    assert (ended.code, ended.output) == (1, "")
    assert "nowhere cannot be used: there is no such file" in ended.complaint


def test_a_file_that_is_no_kubeconfig_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("buy milk")

    ended = call("explain", "deployment/web", "--kubeconfig", str(tmp_path / "notes"))

    assert (ended.code, ended.output) == (1, "")
    assert "notes cannot be used" in ended.complaint


def test_a_cluster_that_does_not_answer_is_told(tmp_path: Path) -> None:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "down",
        "contexts": [{"name": "down", "context": {"cluster": "down", "user": "nobody"}}],
        "clusters": [{"name": "down", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "nobody", "user": {}}],
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))

    ended = call("explain", "deployment/web", "--kubeconfig", str(tmp_path / "kubeconfig"))

    assert (ended.code, ended.output) == (1, "")
    assert ended.complaint.startswith("deployment/web in default: the API server cannot be reached")
