"""The harness itself: what it promises to tests and demo."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controlplane import ControlPlaneError, LocalCluster, provide_local_cluster
from controlplane.scratch import scratch_folder
from controlplane.waiting import wait_until

pytestmark = pytest.mark.timeout(1800)  # the first run builds a control plane


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with provide_local_cluster() as started:
        yield started


def test_a_deployment_progresses_to_complete(cluster: LocalCluster) -> None:
    create_deployment(cluster, "fine", "registry.example/app:1")
    cluster.kubectl("rollout", "status", "deployment/fine", "--timeout=20s")

    cluster.kubectl("set", "image", "deployment/fine", "app=registry.example/app:2")
    cluster.kubectl("rollout", "status", "deployment/fine", "--timeout=20s")

    assert conditions(cluster, "deployment/fine")["Progressing"] == "NewReplicaSetAvailable"


def test_a_rollout_goes_through_its_canary_steps(cluster: LocalCluster) -> None:
    cluster.kubectl("create", "--filename=-", stdin=json.dumps(canary("registry.example/app:1")))
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Healthy", "rollout/canary", "--timeout=20s")

    cluster.kubectl("replace", "--filename=-", stdin=json.dumps(canary("registry.example/app:2")))
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Paused", "rollout/canary", "--timeout=20s")
    go_on = json.dumps({"status": {"pauseConditions": None}})
    cluster.kubectl("patch", "rollout/canary", "--subresource=status", "--type=merge", f"--patch={go_on}")
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Healthy", "rollout/canary", "--timeout=20s")

    status = get(cluster, "rollout/canary")["status"]
    assert status["stableRS"] == status["currentPodHash"]
    assert status["currentStepIndex"] == 2


def test_an_unpullable_image_backs_off_and_is_never_ready(cluster: LocalCluster) -> None:
    create_deployment(cluster, "unpullable", "registry.example/unpullable:1")

    for reason in ("ErrImagePull", "ImagePullBackOff"):
        wait_for_pod(cluster, "unpullable", f"{{.status.containerStatuses[0].state.waiting.reason}}={reason}")
    assert conditions(cluster, pod_of(cluster, "unpullable"))["Ready"] == "ContainersNotReady"


def test_a_crashing_image_is_restarted_again_and_again(cluster: LocalCluster) -> None:
    create_deployment(cluster, "crashing", "registry.example/crashing:1")

    wait_for_pod(cluster, "crashing", "{.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff")
    wait_until("it was restarted twice", lambda: container_of(cluster, "crashing")["restartCount"] >= 2)
    assert conditions(cluster, pod_of(cluster, "crashing"))["Ready"] == "ContainersNotReady"


def test_an_unready_image_runs_without_becoming_ready(cluster: LocalCluster) -> None:
    create_deployment(cluster, "unready", "registry.example/unready:1")

    wait_for_pod(cluster, "unready", "{.status.phase}=Running")
    with pytest.raises(ControlPlaneError, match="timed out"):
        cluster.kubectl("wait", "--for=condition=Ready", "pod", "--selector=app=unready", "--timeout=4s")


def test_a_slow_image_becomes_ready_later(cluster: LocalCluster) -> None:
    create_deployment(cluster, "slow", "registry.example/slow:1")

    cluster.kubectl("rollout", "status", "deployment/slow", "--timeout=20s")
    [pod] = json.loads(cluster.kubectl("get", "pods", "--selector=app=slow", "--output=json"))["items"]
    [ready] = [each for each in pod["status"]["conditions"] if each["type"] == "Ready"]
    began = container_of(cluster, "slow")["state"]["running"]["startedAt"]
    waited = datetime.fromisoformat(ready["lastTransitionTime"]) - datetime.fromisoformat(began)
    assert waited >= timedelta(seconds=2)


def test_trouble_comes_and_goes_with_set_image(cluster: LocalCluster) -> None:
    create_deployment(cluster, "patient", "registry.example/app:1")
    cluster.kubectl("set", "image", "deployment/patient", "app=registry.example/unpullable:2")
    wait_until("a pod waits", lambda: "ImagePull" in cluster.kubectl("get", "pods", "--selector=app=patient"))

    cluster.kubectl("rollout", "undo", "deployment/patient")

    cluster.kubectl("rollout", "status", "deployment/patient", "--timeout=20s")


def test_a_service_account_is_subject_to_rbac(cluster: LocalCluster) -> None:
    cluster.kubectl("create", "serviceaccount", "reader")
    cluster.kubectl("create", "role", "reader", "--verb=get,list", "--resource=configmaps")
    cluster.kubectl("create", "rolebinding", "reader", "--role=reader", "--serviceaccount=default:reader")
    kubeconfig = f"--kubeconfig={cluster.service_account_kubeconfig('default', 'reader')}"

    assert "kube-root-ca.crt" in cluster.kubectl("get", "configmaps", kubeconfig)
    with pytest.raises(ControlPlaneError, match=r'"system:serviceaccount:default:reader" cannot delete'):
        cluster.kubectl("delete", "configmap", "kube-root-ca.crt", kubeconfig)


def test_helm_sees_the_cluster(cluster: LocalCluster) -> None:
    assert json.loads(cluster.helm("list", "--all-namespaces", "--output=json")) == []


def test_the_api_server_comes_back_with_its_data(cluster: LocalCluster) -> None:
    cluster.kubectl("create", "namespace", "kept")

    cluster.stop_apiserver()
    with pytest.raises(ControlPlaneError, match="refused"):
        cluster.kubectl("get", "namespace", "kept")
    cluster.start_apiserver()

    assert "Active" in cluster.kubectl("get", "namespace", "kept")
    create_deployment(cluster, "afterwards", "registry.example/app:1")
    cluster.kubectl("rollout", "status", "deployment/afterwards", "--timeout=120s")


def test_argo_rollouts_can_stop_and_start(cluster: LocalCluster) -> None:
    cluster.stop_argo()
    cluster.start_argo()

    cluster.kubectl("create", "--filename=-", stdin=json.dumps(canary("registry.example/app:1", name="late")))
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Healthy", "rollout/late", "--timeout=20s")


def test_two_clusters_live_side_by_side_and_leave_nothing(cluster: LocalCluster) -> None:
    with provide_local_cluster(argo=False) as other:
        other.kubectl("create", "namespace", "only-here")
        assert not cluster.kubectl("get", "namespace", "only-here", "--ignore-not-found")
        with pytest.raises(ControlPlaneError, match="doesn't have a resource type"):
            other.kubectl("get", "rollouts")
        assert len(processes_of(other.folder)) == 5

    assert not processes_of(other.folder)
    assert not other.folder.exists()
    assert processes_of(cluster.folder)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_its_parent(end: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "controlplane", "up", "--without-argo"],
        env=os.environ
        | {"PYTHONPATH": str(Path(__file__).parents[1]), "ROLLOUT_REPORTER_TEST_FLAVOUR": "local"},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        folder = Path(parent.stdout.readline().strip().removeprefix("export KUBECONFIG=")).parent
        assert len(processes_of(folder)) == 5

        parent.send_signal(end)

    wait_until("all of them have ended", lambda: not processes_of(folder), seconds=10)
    assert folder.exists() == (end == signal.SIGKILL)


def test_the_next_run_removes_the_folder_of_a_killed_one() -> None:
    with scratch_folder() as in_use:
        abandoned = Path(tempfile.mkdtemp(prefix=in_use.name[:-8], dir=in_use.parent))
        for folder in (in_use, abandoned):
            os.utime(folder, (0, 0))

        with scratch_folder():
            assert in_use.exists()
            assert not abandoned.exists()


def create_deployment(cluster: LocalCluster, name: str, image: str) -> None:
    cluster.kubectl("create", "--filename=-", stdin=json.dumps(deployment(name, image)))


def deployment(name: str, image: str) -> dict[str, object]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name, image),
        },
    }


def canary(image: str, *, name: str = "canary") -> dict[str, object]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name, image),
            "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}},
        },
    }


def template(name: str, image: str) -> dict[str, object]:
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "app", "image": image}]}}


def wait_for_pod(cluster: LocalCluster, app: str, jsonpath: str) -> None:
    cluster.kubectl("wait", "--for=create", "pod", f"--selector=app={app}", "--timeout=20s")
    cluster.kubectl("wait", f"--for=jsonpath={jsonpath}", "pod", f"--selector=app={app}", "--timeout=20s")


def pod_of(cluster: LocalCluster, app: str) -> str:
    return cluster.kubectl("get", "pods", f"--selector=app={app}", "--output=name").strip()


def container_of(cluster: LocalCluster, app: str) -> dict[str, Any]:
    [pod] = json.loads(cluster.kubectl("get", "pods", f"--selector=app={app}", "--output=json"))["items"]
    [status] = pod["status"]["containerStatuses"]
    found: dict[str, Any] = status
    return found


def get(cluster: LocalCluster, name: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = json.loads(cluster.kubectl("get", name, "--output=json"))
    return found


def conditions(cluster: LocalCluster, name: str) -> dict[str, str]:
    """The reason of each condition."""
    found = json.loads(cluster.kubectl("get", name, "--output=json"))["status"]["conditions"]
    return {condition["type"]: condition.get("reason", "") for condition in found}


def processes_of(folder: Path) -> list[int]:
    """Whoever has the folder of a cluster on its command line."""
    return [
        int(entry.parent.name)
        for entry in Path("/proc").glob("[0-9]*/cmdline")
        if str(folder).encode() in read_if_there(entry)
    ]


def read_if_there(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has just ended
        return b""
