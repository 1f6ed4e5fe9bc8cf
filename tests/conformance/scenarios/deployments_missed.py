"""Deployments that nobody looked at for a while: an operator starts, or was away."""

from conformance.manifests import deployment
from conformance.objects import is_observed
from conformance.scenario import of_deployment
from conformance.workloads import Deployment, progressing

_DEADLINE = 3


def _complete(shop: Deployment, *images: str) -> None:
    for image in images:
        shop.apply(deployment(image, progressDeadlineSeconds=_DEADLINE))
        shop.until_complete()


@of_deployment
def first_seen_complete(shop: Deployment) -> None:
    with shop.stage.unwatched():
        _complete(shop, "shop:1", "shop:2")
    shop.touch()


@of_deployment
def first_seen_in_mid_rollout(shop: Deployment) -> None:
    with shop.stage.unwatched():
        _complete(shop, "shop:1")
        shop.set_image("shop-slow:2")
        shop.until_pods("shop-slow:2", 1)
        shop.until_status(updatedReplicas=1, replicas=2)
    shop.until_complete()


@of_deployment
def first_seen_failed(shop: Deployment) -> None:
    with shop.stage.unwatched():
        _complete(shop, "shop:1")
        shop.set_image("shop-unready:2")
        shop.until_failed()
    shop.touch()
    [pod] = shop.pods("shop-unready:2")
    shop.make_ready(pod)
    shop.until_complete()


@of_deployment
def first_seen_with_pods_that_crashed_after_success(shop: Deployment) -> None:
    with shop.stage.unwatched():
        _complete(shop, "shop:1", "shop:2")
        [pod] = shop.until_pods("shop:2", 1, ready=True)
        shop.make_unready(pod)
        shop.until_status(availableReplicas=0)
    shop.stage.let_pass(_DEADLINE + 2, "the deadline would be over")
    shop.touch()


@of_deployment
def first_seen_scaled_with_pods_never_ready(shop: Deployment) -> None:
    with shop.stage.unwatched():
        shop.apply(deployment("shop-unready:1", progressDeadlineSeconds=_DEADLINE))
        [pod] = shop.until_pods("shop-unready:1", 1)
        shop.make_ready(pod)
        shop.until_complete()
        shop.scale(2)
        shop.until_status(replicas=2, availableReplicas=1)
    shop.stage.let_pass(_DEADLINE + 2, "the deadline would be over")
    shop.touch()


@of_deployment
def first_seen_paused_with_a_new_template(shop: Deployment) -> None:
    with shop.stage.unwatched():
        _complete(shop, "shop:1")
        shop.kubectl("rollout pause")
        shop.set_image("shop:2")
        shop.until("it is paused", lambda body: is_observed(body) and progressing(body) == "DeploymentPaused")
    shop.stage.let_pass(2, "the new template waits")
    shop.touch()
    shop.kubectl("rollout resume")
    shop.until_complete()


@of_deployment
def first_seen_undone_but_pods_cannot_be_created(shop: Deployment) -> None:
    with shop.stage.unwatched():
        _complete(shop, "shop:1", "shop:2")
        shop.stage.until("the old pod is gone", lambda: len(shop.stage.stream.all("Pod")) == 1)
        shop.stage.forbid_new_pods()
        shop.kubectl("rollout undo")
        shop.until("it cannot", lambda body: "ReplicaFailure" in str(body.get("status")))
    shop.stage.let_pass(_DEADLINE + 2, "the deadline passes, and the controller does not say so")
    shop.touch()


@of_deployment
def whose_next_version_was_missed(shop: Deployment) -> None:
    _complete(shop, "shop:1")
    with shop.stage.unwatched():
        _complete(shop, "shop:2")
        shop.set_image("shop-slow:3")
        shop.until_pods("shop-slow:3", 1)
        shop.until_status(updatedReplicas=1, replicas=2)
    shop.until_complete()


@of_deployment
def whose_undo_was_missed(shop: Deployment) -> None:
    _complete(shop, "shop:1", "shop:2")
    with shop.stage.unwatched():
        shop.kubectl("rollout undo")
        shop.until_complete()
    shop.touch()


@of_deployment
def whose_failure_and_undo_were_missed(shop: Deployment) -> None:
    _complete(shop, "shop:1")
    with shop.stage.unwatched():
        shop.set_image("shop-unready:2")
        shop.until_failed()
        shop.kubectl("rollout undo")
        shop.until_complete()
    shop.touch()


@of_deployment
def whose_recreation_was_missed(shop: Deployment) -> None:
    _complete(shop, "shop:1", "shop:2")
    with shop.stage.unwatched():
        shop.delete()
        shop.apply(deployment("shop-slow:3"))
        shop.until_status(updatedReplicas=1)
    shop.until_complete()
