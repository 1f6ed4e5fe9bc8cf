"""What runs with rights of ours runs at a commit that was looked at, with no more rights than it needs."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

TREE = Path(__file__).parents[3]
WORKFLOWS = sorted((TREE / ".github" / "workflows").glob("*.y*ml"))
RELEASE = TREE / ".github" / "workflows" / "release.yml"
PINNED = re.compile(r"\s*(?:- )?uses: [\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
SHOWN_BY = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def jobs_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())["jobs"]
    return found


def page_of_release() -> dict[str, Any]:
    """The step that makes it."""
    step: dict[str, Any] = jobs_of(RELEASE)["page"]["steps"][-1]
    return step


def test_there_are_workflows() -> None:
    assert {"ci.yml", "release.yml"} <= {path.name for path in WORKFLOWS}


@each_workflow
def test_every_action_is_pinned_by_its_commit(path: Path) -> None:
    used = [line for line in path.read_text().splitlines() if re.search(r"\buses\s*:", line)]

    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_every_base_image_is_pinned_by_its_digest() -> None:
    dockerfile = (TREE / "Dockerfile").read_text()
    bases = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", dockerfile, re.MULTILINE))

    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == [f"${{{name}}}" for name in bases]
    assert [each for each in bases.values() if not re.fullmatch(r"\S+:\S+@sha256:[0-9a-f]{64}", each)] == []


@pytest.mark.parametrize(("newest", "code"), [("", 0), ("sha256:" + "0" * 64, 1)])
def test_a_base_image_with_a_newer_build_is_named(tmp_path: Path, newest: str, code: int) -> None:
    dockerfile = (TREE / "Dockerfile").read_text()
    pins = dict(re.findall(r"^ARG \w+_IMAGE=(\S+)@(\S+)$", dockerfile, re.MULTILINE))
    docker = tmp_path / "docker"
    told = "".join(f'{image}) echo "{newest or digest}" ;;\n' for image, digest in pins.items())
    docker.write_text(f'#!/bin/sh\ncase "$4" in\n{told}esac\n')
    docker.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    done = subprocess.run(
        [TREE / ".github" / "newest-bases"],
        env=environment,
        cwd=TREE,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (code, "")
    assert [image for image in pins if f"{image} is {newest} by now" in done.stdout] == list(pins) * code


def test_the_module_of_each_tool_is_one_that_bots_raise() -> None:
    modules = (TREE / "tests" / "controlplane" / "modules").glob("*/go.mod")
    tools = {
        tool
        for each in modules
        for tool in re.findall(r"^(?:tool |\t)([\w./-]+)$", each.read_text(), re.MULTILINE)
    }
    bots = yaml.safe_load((TREE / ".github" / "dependabot.yml").read_text())
    [allowed] = [each["allow"] for each in bots["updates"] if each["package-ecosystem"] == "gomod"]
    names = [each["dependency-name"] for each in allowed if each["dependency-type"] == "all"]

    assert tools
    assert {tool for tool in tools if not any(f"{tool}/".startswith(f"{name}/") for name in names)} == set()


def test_an_action_has_one_commit_everywhere() -> None:
    pins: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for action, pin in re.findall(r"uses: ([\w-]+/[\w-]+)[\w/-]*@(.+)", path.read_text()):
            pins.setdefault(action, set()).add(pin)

    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


@each_workflow
def test_a_job_has_the_rights_that_it_names(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {}
    assert [name for name, job in jobs_of(path).items() if not job.get("permissions")] == []


@each_workflow
def test_no_checkout_leaves_a_token_behind(path: Path) -> None:
    steps = [step for job in jobs_of(path).values() for step in job["steps"]]
    checkouts = [step for step in steps if "actions/checkout@" in step.get("uses", "")]

    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


@each_workflow
def test_no_script_has_words_of_others_pasted_into_it(path: Path) -> None:
    """They come by the environment, where a shell does not read them as commands."""
    scripts = [step["run"] for job in jobs_of(path).values() for step in job["steps"] if "run" in step]

    assert [script for script in scripts if "${{" in script] == []


@each_workflow
def test_a_script_stops_where_a_part_of_a_pipe_fails(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    scripts = [step["run"] for job in jobs_of(path).values() for step in job["steps"] if "run" in step]

    if any(re.search(r"[^|]\|[^|]", script) for script in scripts):
        assert workflow["defaults"]["run"]["shell"] == "bash"


def test_the_chart_is_packed_by_the_helm_of_the_tests_not_by_the_runners() -> None:
    script = "\n".join(step.get("run", "") for step in jobs_of(RELEASE)["chart"]["steps"])

    assert "controlplane build helm" in script
    assert '"$HELM" push' in script
    assert not re.search(r"^\s*helm\b", script, re.MULTILINE)


@each_workflow
def test_artifacts_are_fetched_by_name_and_only_those_that_were_made(path: Path) -> None:
    """An action may leave one that cannot be unpacked, which would end a download of all."""
    steps = [step for job in jobs_of(path).values() for step in job["steps"]]
    made = {
        step["with"].get("artifact-name") or step["with"]["name"]
        for step in steps
        if re.search(r"upload-artifact@|sbom-action@", step.get("uses", ""))
    }
    fetched = [step.get("with", {}) for step in steps if "download-artifact@" in step.get("uses", "")]

    assert [each for each in fetched if each.get("name") not in made] == []


def test_the_page_of_a_release_has_the_manifests_and_the_crds() -> None:
    attached = [path.name for word in page_of_release()["run"].split() for path in TREE.glob(word.strip('"'))]

    assert {"install.yaml", "namespace.yaml", "jirasites.yaml", "rolloutreports.yaml"} <= set(attached)


def uses(job: str, action: str) -> dict[str, Any]:
    """What one step of the release's workflow gives to an action."""
    [found] = [each["with"] for each in jobs_of(RELEASE)[job]["steps"] if action in each.get("uses", "")]
    return dict(found)


def scripts(job: str) -> str:
    return "\n".join(step.get("run", "") for step in jobs_of(RELEASE)[job]["steps"])


def test_nothing_is_released_before_all_tests() -> None:
    assert [
        each["run"] for each in jobs_of(RELEASE)["checked"]["steps"] if each.get("run", "").startswith("make")
    ] == ["make test"]
    assert [name for name, job in jobs_of(RELEASE).items() if "needs" not in job] == ["checked"]


def test_the_image_is_made_for_both_architectures_and_says_how_it_was_made() -> None:
    built = uses("image", "docker/build-push-action")

    assert built["platforms"] == "linux/amd64,linux/arm64"
    assert built["provenance"] == "mode=max"


@pytest.mark.parametrize("job", ["image", "chart"])
def test_what_is_pushed_is_signed_by_its_digest_and_its_origin_attested(job: str) -> None:
    assert "cosign sign --yes" in scripts(job)
    assert uses(job, "actions/attest-build-provenance")["push-to-registry"] is True
    assert "digest" in uses(job, "actions/attest-build-provenance")["subject-digest"]


def test_the_list_of_parts_is_cyclonedx_signed_and_on_the_page() -> None:
    listed = uses("image", "anchore/sbom-action")

    assert listed["format"] == "cyclonedx-json"
    assert f"--type cyclonedx --predicate {listed['output-file']}" in scripts("image")
    assert f"{listed['artifact-name']}/*" in page_of_release()["run"]


def test_the_package_index_knows_the_workflow_and_no_password() -> None:
    assert jobs_of(RELEASE)["pypi"]["permissions"]["id-token"] == "write"
    assert "--trusted-publishing always" in scripts("pypi")
    assert "secrets." not in RELEASE.read_text()


def test_a_tag_with_a_hyphen_becomes_a_pre_release() -> None:
    assert page_of_release()["env"]["PRERELEASE"] == "${{ contains(github.ref_name, '-') }}"
    assert '--prerelease="$PRERELEASE"' in page_of_release()["run"]


@each_workflow
def test_every_job_ends(path: Path) -> None:
    assert [name for name, job in jobs_of(path).items() if "timeout-minutes" not in job] == []


@pytest.mark.parametrize(
    ("file", "name"), SHOWN_BY.findall((TREE / "docs/security/threat-model.md").read_text())
)
def test_the_threat_model_names_tests_that_exist(file: str, name: str) -> None:
    assert re.search(rf"^(?:async )?def {name}\(", (TREE / file).read_text(), re.MULTILINE)


def test_the_threat_model_names_tests() -> None:
    assert len(SHOWN_BY.findall((TREE / "docs/security/threat-model.md").read_text())) > 20
