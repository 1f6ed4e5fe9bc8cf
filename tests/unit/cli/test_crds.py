"""`rollout-reporter crds`: definitions for `kubectl apply`, or for the chart."""

from pathlib import Path

import yaml

from rollout_reporter.cluster.crd import jira_site_crd, rollout_report_crd
from unit.cli.command import call


def test_they_are_printed_in_one_stream() -> None:
    ended = call("crds")

    assert ended.code == 0
    assert list(yaml.safe_load_all(ended.output)) == [jira_site_crd(), rollout_report_crd()]


def test_they_are_written_into_a_directory_one_file_for_each(tmp_path: Path) -> None:
    ended = call("crds", "--directory", str(tmp_path))

    assert (ended.code, ended.output) == (0, "")
    written = {path.name: yaml.safe_load(path.read_text()) for path in tmp_path.iterdir()}
    assert written == {"jirasites.yaml": jira_site_crd(), "rolloutreports.yaml": rollout_report_crd()}


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    ended = call("crds", "--directory", str(tmp_path / "file"))

    assert ended.code == 2
    assert "is a file" in ended.complaint


def test_a_directory_that_does_not_exist_is_named(tmp_path: Path) -> None:
    ended = call("crds", "--directory", str(tmp_path / "nowhere"))

    assert ended.code == 2
    assert "nowhere" in ended.complaint
