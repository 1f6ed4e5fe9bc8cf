"""CRDs and the object of one in the same release; templates/jirasite.yaml tells the story."""

import io
import json
import runpy
import ssl
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.response import addinfourl

import pytest

from unit.chart.helm import CHART, KNOWING_CLUSTER, NAMESPACE, NEW_CLUSTER, SITE, Rendered, render

VALUES = {"jira": {"siteURL": SITE}}
KEEP = "helm.sh/resource-policy"


@pytest.fixture
def first_install() -> Rendered:
    return render(VALUES, kinds=NEW_CLUSTER)


def test_the_crds_are_ordinary_objects_that_stay() -> None:
    crds = [each for each in render().ordinary if each["kind"] == "CustomResourceDefinition"]
    assert [each["metadata"]["name"] for each in crds] == [
        "jirasites.rollout-reporter.dev",
        "rolloutreports.rollout-reporter.dev",
    ]
    for each in crds:
        assert each["metadata"]["annotations"][KEEP] == "keep"
        assert each["spec"]["versions"][0]["subresources"] == {"status": {}}


def test_the_crds_need_not_stay() -> None:
    for each in render({"crds": {"keep": False}}).all("CustomResourceDefinition"):
        assert KEEP not in each["metadata"].get("annotations", {})


def test_the_crds_can_be_left_to_others() -> None:
    assert not render({"crds": {"enabled": False}}).all("CustomResourceDefinition")


def test_helm_installs_nothing_that_it_would_never_upgrade() -> None:
    assert not (CHART / "crds").exists()


def test_without_a_cluster_the_site_is_an_ordinary_object() -> None:
    made = render(VALUES)
    assert made.one("JiraSite") in made.ordinary
    assert not made.hooks("post-install")


def test_where_the_crd_is_known_the_site_is_an_ordinary_object() -> None:
    made = render(VALUES, kinds=KNOWING_CLUSTER)
    assert made.one("JiraSite") in made.ordinary
    assert not made.hooks("post-install")


def test_at_the_first_install_the_site_comes_after_the_crds_are_served(first_install: Rendered) -> None:
    assert not [each for each in first_install.ordinary if each["kind"] in {"JiraSite", "Job"}]
    site, job = first_install.all("JiraSite")[0], first_install.named("Job", "-await-crds")
    for each in (site, job):
        assert each["metadata"]["annotations"]["helm.sh/hook"] == "post-install,post-upgrade,post-rollback"
    weight = "helm.sh/hook-weight"
    assert int(job["metadata"]["annotations"][weight]) < int(site["metadata"]["annotations"][weight])


def test_the_first_upgrade_may_take_the_site_over(first_install: Rendered) -> None:
    """Without these marks Helm calls it somebody else's."""
    metadata = first_install.all("JiraSite")[0]["metadata"]
    assert metadata["labels"]["app.kubernetes.io/managed-by"] == "Helm"
    assert metadata["annotations"]["meta.helm.sh/release-name"] == "rollout-reporter"
    assert metadata["annotations"]["meta.helm.sh/release-namespace"] == NAMESPACE


def test_uninstalling_right_after_the_first_install_takes_the_site_away(first_install: Rendered) -> None:
    (twin,) = (each for each in first_install.hooks("pre-delete") if each["kind"] == "JiraSite")
    policy = twin["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
    assert policy == "before-hook-creation,hook-succeeded"
    assert twin["spec"] == first_install.all("JiraSite")[0]["spec"]
    assert (twin["kind"], twin["metadata"]["name"]) == ("JiraSite", "default")


def test_no_hook_is_a_target_of_the_metrics_service(first_install: Rendered) -> None:
    selector = first_install.one("Service")["spec"]["selector"]
    for job in first_install.all("Job"):
        assert not selector.items() <= job["spec"]["template"]["metadata"]["labels"].items()
    assert not selector.items() <= first_install.one("Pod")["metadata"]["labels"].items()


def test_without_a_site_nothing_waits() -> None:
    assert not render(kinds=NEW_CLUSTER).hooks("post-install")


def test_waiting_can_be_switched_off() -> None:
    made = render({**VALUES, "crds": {"wait": False}}, kinds=NEW_CLUSTER)
    assert [each["kind"] for each in made.hooks("post-install")] == ["JiraSite"]


def _answer(text: str) -> addinfourl:
    answer = addinfourl(io.BytesIO(text.encode()), Message(), "", 200)
    answer.msg = "OK"  # type: ignore[attr-defined]  # as http.client has it
    return answer


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Answers of the API server to come, exceptions among them; what was asked is appended."""
    answers: list[Any] = []
    asked: list[str] = []

    def opened(_: object, question: Any) -> addinfourl:
        asked.append(question.full_url)
        assert question.host == "[fd00::1]:443"  # no proxy's
        assert question.get_header("Authorization") == "Bearer a token"
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return _answer(answer)

    (tmp_path / "token").write_text("a token")
    monkeypatch.setenv("ACCOUNT", str(tmp_path))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    trust = ssl.create_default_context()
    monkeypatch.setattr("ssl.create_default_context", lambda cafile: trust if cafile else None)
    monkeypatch.setattr("urllib.request.HTTPSHandler.https_open", opened)
    monkeypatch.setattr("time.sleep", lambda _: None)
    return answers


def _resources(*names: str) -> str:
    return json.dumps({"resources": [{"name": name} for name in names]})


BOTH = _resources("rolloutreports", "jirasites")


def test_the_job_waits_for_the_very_resource(api: list[Any]) -> None:
    api += [OSError("404"), _resources(), _resources("rolloutreports"), BOTH]
    runpy.run_path(str(CHART / "files/await_crds.py"))
    assert api == [BOTH]


def test_the_job_gives_up(api: list[Any]) -> None:
    api += [OSError("404")]
    with pytest.raises(SystemExit, match=r"does not serve jirasites\.rollout-reporter\.dev/v1alpha1"):
        runpy.run_path(str(CHART / "files/await_crds.py"))


def test_the_job_runs_that_very_program(first_install: Rendered) -> None:
    (container,) = first_install.named("Job", "-await-crds")["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["python3", "-c"]
    (program,) = container["args"]
    assert program.strip() == (CHART / "files/await_crds.py").read_text().strip()
