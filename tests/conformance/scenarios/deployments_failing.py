"""Deployments that fail, seem to, or recover."""

from conformance.manifests import ISSUE_KEYS, NO_DEADLINE, deployment
from conformance.objects import name_of
from conformance.scenario import of_deployment
from conformance.workloads import Deployment, progressing

_DEADLINE = 3
_BACK_OFF = {
    "crashing.stage.kwok.x-k8s.io/back-off": "25s",
    "unpullable.stage.kwok.x-k8s.io/back-off": "25s",
}
_AT_MOST_10_SECONDS = {ISSUE_KEYS: "SHOP-1", "rollout-reporter.dev/max-duration": "10s"}


def _fails(shop: Deployment, image: str = "shop-unready:2") -> None:
    shop.set_image(image)
    shop.until_pods(image, 1)
    shop.until_failed()


@of_deployment
def first_version_fails(shop: Deployment) -> None:
    shop.apply(deployment("shop-unready:1", progressDeadlineSeconds=_DEADLINE))
    shop.until_failed()


@of_deployment
def fails_and_recovers_late(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=_DEADLINE))
    shop.until_complete()
    _fails(shop)
    [pod] = shop.pods("shop-unready:2")
    shop.make_ready(pod)
    shop.until_complete()


@of_deployment
def fails_and_is_replaced_by_a_newer_version(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=_DEADLINE))
    shop.until_complete()
    _fails(shop)
    shop.set_image("shop:3")
    shop.until_complete()


@of_deployment
def fails_twice_in_a_row(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=_DEADLINE))
    shop.until_complete()
    _fails(shop)
    shop.set_image("shop-unready:3")
    shop.until_pods("shop-unready:3", 1)
    shop.until("the second one has failed", lambda body: progressing(body) != "ProgressDeadlineExceeded")
    shop.until_failed()


@of_deployment
def fails_and_is_scaled(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=_DEADLINE))
    shop.until_complete()
    _fails(shop)
    shop.scale(2)
    shop.until("it seems to progress", lambda body: progressing(body) == "ReplicaSetUpdated")
    shop.until_failed()


@of_deployment
def fails_and_is_paused(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=_DEADLINE))
    shop.until_complete()
    _fails(shop)
    shop.kubectl("rollout pause")
    shop.until_status(updatedReplicas=1)
    shop.stage.let_pass(1, "nothing more comes")
    shop.kubectl("rollout resume")
    shop.until_status(updatedReplicas=1)


@of_deployment
def fails_and_is_restarted(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=_DEADLINE))
    shop.until_complete()
    _fails(shop)
    [old] = shop.pods("shop-unready:2")
    shop.kubectl("rollout restart")
    shop.stage.until(
        "the restart has a pod of its own",
        lambda: [name_of(pod) for pod in shop.pods("shop-unready:2")] not in ([], [name_of(old)]),
    )
    shop.stage.until("the old pod is gone", lambda: len(shop.pods("shop-unready:2")) == 1)
    [pod] = shop.until_pods("shop-unready:2", 1)
    shop.make_ready(pod)
    shop.until_complete()


@of_deployment
def unpullable_for_a_minute_and_undone(shop: Deployment) -> None:
    shop.apply(deployment(template_annotations=_BACK_OFF))
    shop.until_complete()
    shop.set_image("shop-unpullable:2")
    shop.until_pods("shop-unpullable:2", 1)
    shop.stage.let_pass(50, "the deadline is at 600 s; pods that cannot start have a grace period of 60 s")
    shop.touch()
    shop.stage.let_pass(13, "the grace period ends")
    shop.touch()
    shop.kubectl("rollout undo")
    shop.until_complete()


@of_deployment
def crash_looping_for_a_minute(shop: Deployment) -> None:
    shop.apply(deployment(template_annotations=_BACK_OFF))
    shop.until_complete()
    shop.set_image("shop-crashing:2")
    shop.until_pods("shop-crashing:2", 1)
    shop.stage.let_pass(30, "a crash or two is no failure yet")
    shop.touch()
    shop.stage.let_pass(60, "the grace period of 60 s ends")
    shop.touch()


@of_deployment
def crashes_after_success(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=_DEADLINE))
    shop.until_complete()
    [pod] = shop.pods("shop:1")
    shop.make_unready(pod)
    shop.until_status(availableReplicas=0)
    shop.stage.let_pass(_DEADLINE + 2, "the deadline would be over")
    shop.touch()
    shop.make_ready(pod)
    shop.until_complete()


@of_deployment
def readiness_flaps(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=4, minReadySeconds=3))
    shop.until_complete()
    _flap(shop, times=3)
    [pod] = shop.pods("shop-unready:2")
    shop.make_ready(pod)
    shop.until_complete()


@of_deployment
def readiness_flaps_for_too_long(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=4, minReadySeconds=3, annotations=_AT_MOST_10_SECONDS))
    shop.until_complete()
    _flap(shop, times=4)
    shop.touch()


def _flap(shop: Deployment, *, times: int) -> None:
    shop.set_image("shop-unready:2")
    [pod] = shop.until_pods("shop-unready:2", 1)
    for _ in range(times):
        shop.make_ready(pod)
        shop.stage.let_pass(1.5, "ready, but not for minReadySeconds")
        shop.make_unready(pod)
        shop.stage.let_pass(1.5, "not ready again; the deadline is at 4 s")


@of_deployment
def without_a_deadline(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=NO_DEADLINE))
    shop.until_complete()
    shop.set_image("shop-slow:2")
    shop.until_complete()


@of_deployment
def without_a_deadline_for_too_long(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=NO_DEADLINE, annotations=_AT_MOST_10_SECONDS))
    shop.until_complete()
    shop.set_image("shop-unready:2")
    [pod] = shop.until_pods("shop-unready:2", 1)
    shop.stage.let_pass(7, "the maximum duration is 10 s")
    shop.touch()
    shop.stage.let_pass(5, "the maximum duration ends")
    shop.touch()
    shop.make_ready(pod)
    shop.until_complete()


@of_deployment
def new_pods_cannot_be_created(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=_DEADLINE))
    shop.until_complete()
    shop.stage.forbid_new_pods()
    shop.set_image("shop:2")
    shop.until_failed()
    shop.stage.allow_new_pods()
    shop.until_complete()


@of_deployment
def without_its_configuration_for_a_minute(shop: Deployment) -> None:
    """A Secret that the pod needs is not there."""
    with shop.stage.unwatched():
        shop.apply(deployment())
        shop.until_complete()
    shop.set_image("shop-unready:2")
    [pod] = shop.until_pods("shop-unready:2", 1)
    shop.make_wait(pod, "CreateContainerConfigError")
    shop.stage.let_pass(30, "the grace period is 60 s")
    shop.touch()
    shop.stage.let_pass(35, "the grace period ends")
    shop.touch()


@of_deployment
def crashes_once_and_starts(shop: Deployment) -> None:
    with shop.stage.unwatched():
        shop.apply(deployment())
        shop.until_complete()
    shop.set_image("shop-unready:2")
    [pod] = shop.until_pods("shop-unready:2", 1)
    shop.make_wait(pod, "CrashLoopBackOff")
    shop.touch()
    shop.make_ready(pod)
    shop.until_complete()


@of_deployment
def old_pods_crash_while_new_ones_come(shop: Deployment) -> None:
    """Version 1 crashes for more than a minute, which says nothing of version 2."""
    shop.apply(deployment("shop-crashing:1", template_annotations=_BACK_OFF))
    shop.until_pods("shop-crashing:1", 1)
    shop.stage.let_pass(63, "version 1 crashes all the while")
    shop.set_image("shop-slow:2")
    shop.until_pods("shop-slow:2", 1)
    shop.touch()
    shop.until_complete()
