"""Pod Security Standard ``restricted``, field by field, for each pod that the chart makes."""

from typing import Any

import pytest

from unit.chart.helm import NEW_CLUSTER, SITE, render

FORBIDDEN = {"hostNetwork", "hostPID", "hostIPC", "hostUsers"}


def pods() -> dict[str, dict[str, Any]]:
    made = render({"jira": {"siteURL": SITE}}, kinds=NEW_CLUSTER)
    return {
        "operator": made.one("Deployment")["spec"]["template"]["spec"],
        "await-crds": made.named("Job", "-await-crds")["spec"]["template"]["spec"],
        "cleanup": made.named("Job", "-cleanup")["spec"]["template"]["spec"],
        "doctor": made.one("Pod")["spec"],
    }


@pytest.fixture(params=["operator", "await-crds", "cleanup", "doctor"])
def pod(request: pytest.FixtureRequest) -> dict[str, Any]:
    return pods()[request.param]


def test_the_pod_is_restricted(pod: dict[str, Any]) -> None:
    assert not FORBIDDEN & pod.keys()
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "fsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_its_only_container_is_restricted(pod: dict[str, Any]) -> None:
    assert not {"initContainers", "ephemeralContainers"} & pod.keys()
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
    }
    assert all("hostPort" not in port for port in container.get("ports", []))


def test_it_says_what_it_needs(pod: dict[str, Any]) -> None:
    resources = pod["containers"][0]["resources"]
    assert resources["requests"].keys() == {"cpu", "memory"}
    assert resources["limits"].keys() == {"memory"}


def test_it_is_told_of_no_other_service(pod: dict[str, Any]) -> None:
    assert pod["enableServiceLinks"] is False


def test_the_only_place_to_write_is_small_and_temporary(pod: dict[str, Any]) -> None:
    assert pod["volumes"] == [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}]
    assert pod["containers"][0]["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108


@pytest.mark.parametrize("mounted", [True, False])
def test_the_token_is_mounted_on_wish(*, mounted: bool) -> None:
    made = render({"serviceAccount": {"automount": mounted}})
    assert made.one("ServiceAccount")["automountServiceAccountToken"] is mounted
    assert made.one("Deployment")["spec"]["template"]["spec"]["automountServiceAccountToken"] is mounted
