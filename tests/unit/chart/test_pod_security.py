"""Pod Security Standard ``restricted``, field by field, for each pod that the chart makes."""

from typing import Any

import pytest

from unit.chart.helm import NEW_CLUSTER, SITE, Values, render
from unit.chart.scenarios import SCENARIOS
from unit.chart.values_table import README

OPENSHIFT = (
    "--set podSecurityContext.runAsUser=null,podSecurityContext.runAsGroup=null",
    "--set podSecurityContext.fsGroup=null,securityContext.runAsUser=null,securityContext.runAsGroup=null",
)
FORBIDDEN = {"hostNetwork", "hostPID", "hostIPC", "hostUsers"}


def pods(values: Values | None = None, *, kinds: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
    made = render({"jira": {"siteURL": SITE}, **(values or {})}, kinds=(*NEW_CLUSTER, *kinds))
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
def test_its_token_is_mounted_whatever_the_account_says_to_others(*, mounted: bool) -> None:
    values = {"serviceAccount": {"automount": mounted}}
    made = render({**values, "jira": {"siteURL": SITE}}, kinds=NEW_CLUSTER)
    assert made.one("ServiceAccount")["automountServiceAccountToken"] is mounted
    assert all(each["automountServiceAccountToken"] is True for each in pods(values).values())


def test_on_openshift_the_chart_names_no_users() -> None:
    kinds = ("security.openshift.io/v1",)

    assert pods(kinds=kinds) == pods(SCENARIOS["OpenShift"])


def test_on_openshift_a_user_that_somebody_names_stays() -> None:
    """For a service account that may use another SCC."""
    named = {
        "podSecurityContext": {"runAsUser": 1000, "fsGroup": None},
        "securityContext": {"runAsUser": 1000},
    }
    for each in pods(named, kinds=("security.openshift.io/v1",)).values():
        assert each["securityContext"]["runAsUser"] == 1000
        assert "runAsGroup" not in each["securityContext"]
        assert each["containers"][0]["securityContext"]["runAsUser"] == 1000


def test_openshift_chooses_the_users() -> None:
    """Its SCC restricted-v2 gives a Namespace a range of ids, and refuses all others."""
    for each in pods(SCENARIOS["OpenShift"]).values():
        assert each["securityContext"] == {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        context = each["containers"][0]["securityContext"]
        assert not {"runAsUser", "runAsGroup"} & context.keys()
        assert context["capabilities"] == {"drop": ["ALL"]}
    assert all(each in README.read_text() for each in OPENSHIFT)


def test_a_quota_of_cpu_limits_can_be_met() -> None:
    """A Namespace whose quota counts limits.cpu takes no pod without one."""
    limits = {"cpu": "500m", "memory": "256Mi"}
    values = {"resources": {"limits": limits}, "hooks": {"resources": {"limits": limits}}}
    for each in pods(values).values():
        assert each["containers"][0]["resources"]["limits"] == limits
