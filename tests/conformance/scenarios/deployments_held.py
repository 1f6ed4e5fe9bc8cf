"""Deployments that are paused or scaled."""

from conformance.manifests import deployment
from conformance.objects import condition_of, is_observed
from conformance.scenario import of_deployment
from conformance.workloads import Deployment, progressing


def _pause(shop: Deployment) -> None:
    shop.kubectl("rollout pause")
    shop.until("it is paused", lambda body: is_observed(body) and progressing(body) == "DeploymentPaused")


@of_deployment
def born_paused(shop: Deployment) -> None:
    shop.apply(deployment(paused=True))
    shop.until("it is observed", is_observed)
    shop.stage.let_pass(2, "nothing comes while it is paused")
    shop.touch()
    shop.kubectl("rollout resume")
    shop.until_complete()


@of_deployment
def changed_while_paused_and_resumed(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=3))
    shop.until_complete()
    _pause(shop)
    shop.set_image("shop:2")
    shop.until("it is observed", is_observed)
    shop.stage.let_pass(5, "no deadline runs while it is paused")
    shop.touch()
    shop.kubectl("rollout resume")
    shop.until_complete()


@of_deployment
def changed_while_paused_and_put_back(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    _pause(shop)
    shop.set_image("shop:2")
    shop.until("it is observed", is_observed)
    shop.stage.let_pass(2, "the new template waits")
    shop.touch()
    shop.set_image("shop:1")
    shop.until("it is observed", is_observed)
    shop.kubectl("rollout resume")
    shop.until_complete()


@of_deployment
def changed_twice_while_paused(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    _pause(shop)
    shop.set_image("shop:2")
    shop.until("it is observed", is_observed)
    shop.stage.let_pass(2, "the new template waits")
    shop.set_image("shop:3")
    shop.until("it is observed", is_observed)
    shop.kubectl("rollout resume")
    shop.until_complete()


@of_deployment
def paused_in_mid_rollout_and_resumed(shop: Deployment) -> None:
    shop.apply(deployment(replicas=2, progressDeadlineSeconds=5))
    shop.until_complete()
    shop.set_image("shop-slow:2")
    shop.until_pods("shop-slow:2", 1)
    _pause(shop)
    shop.stage.let_pass(7, "no deadline runs while it is paused")
    shop.touch()
    shop.kubectl("rollout resume")
    shop.until_complete()


@of_deployment
def superseded_while_paused_in_mid_rollout(shop: Deployment) -> None:
    shop.apply(deployment(replicas=2))
    shop.until_complete()
    shop.set_image("shop-unready:2")
    shop.until_pods("shop-unready:2", 1)
    _pause(shop)
    shop.set_image("shop:3")
    shop.until("it is observed", is_observed)
    shop.stage.let_pass(2, "the newer template waits")
    shop.touch()
    shop.kubectl("rollout resume")
    shop.until_complete()


@of_deployment
def scaled_to_zero_and_back(shop: Deployment) -> None:
    shop.apply(deployment(replicas=2))
    shop.until_complete()
    shop.scale(0)
    shop.until_complete()
    shop.scale(2)
    shop.until_complete()


@of_deployment
def scaled_after_success_and_new_pods_never_ready(shop: Deployment) -> None:
    shop.apply(deployment("shop-unready:1", progressDeadlineSeconds=4))
    [pod] = shop.until_pods("shop-unready:1", 1)
    shop.make_ready(pod)
    shop.until_complete()
    shop.scale(2)
    shop.until_status(replicas=2)
    shop.stage.let_pass(6, "the deadline would be over")
    shop.touch()


@of_deployment
def scaled_after_success_and_new_pods_forbidden(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=3))
    shop.until_complete()
    shop.stage.forbid_new_pods()
    shop.scale(2)
    shop.until("a failure is shown", lambda body: bool(condition_of(body, "ReplicaFailure")))
    shop.stage.let_pass(5, "the deadline would be over")
    shop.touch()


@of_deployment
def scaled_in_mid_rollout(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.set_image("shop-slow:2")
    shop.until_pods("shop-slow:2", 1)
    shop.scale(3)
    shop.until_complete()


@of_deployment
def scaled_several_times_in_mid_rollout(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.set_image("shop-slow:2")
    shop.until_pods("shop-slow:2", 1)
    for replicas in (2, 3, 1, 2):
        shop.scale(replicas)
        shop.until("the scaling is observed", is_observed)
    shop.until_complete()


@of_deployment
def scaled_to_zero_in_mid_rollout(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.set_image("shop-unready:2")
    shop.until_pods("shop-unready:2", 1)
    shop.scale(0)
    shop.until_complete()
