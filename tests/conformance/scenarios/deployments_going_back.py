"""Deployments that go back to an earlier template."""

from conformance.manifests import ISSUE_KEYS, deployment
from conformance.scenario import of_deployment
from conformance.workloads import Deployment

_DEADLINE = 3


def _two_versions(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=_DEADLINE))
    shop.until_complete()
    shop.apply(deployment("shop:2", progressDeadlineSeconds=_DEADLINE, annotations={ISSUE_KEYS: "SHOP-2"}))
    shop.until_complete()


@of_deployment
def undone_after_success(shop: Deployment) -> None:
    _two_versions(shop)
    shop.kubectl("rollout undo")
    shop.until_complete()


@of_deployment
def undone_to_an_old_revision(shop: Deployment) -> None:
    _two_versions(shop)
    shop.set_image("shop:3")
    shop.until_complete()
    shop.kubectl("rollout undo", "--to-revision=1")
    shop.until_complete()


@of_deployment
def undone_after_failure_with_one_replica(shop: Deployment) -> None:
    shop.apply(deployment(progressDeadlineSeconds=_DEADLINE))
    shop.until_complete()
    shop.set_image("shop-unready:2")
    shop.until_failed()
    shop.kubectl("rollout undo")
    shop.until_complete()


@of_deployment
def undone_after_failure_with_two_replicas(shop: Deployment) -> None:
    shop.apply(
        deployment(
            replicas=2,
            progressDeadlineSeconds=_DEADLINE,
            strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
        )
    )
    shop.until_complete()
    shop.set_image("shop-unready:2")
    shop.until_failed()
    shop.kubectl("rollout undo")
    shop.until_complete()


@of_deployment
def undone_in_mid_rollout(shop: Deployment) -> None:
    _two_versions(shop)
    shop.set_image("shop-unready:3")
    shop.until_pods("shop-unready:3", 1)
    shop.kubectl("rollout undo")
    shop.until_complete()


@of_deployment
def undone_but_pods_cannot_be_created(shop: Deployment) -> None:
    _two_versions(shop)
    shop.stage.forbid_new_pods()
    shop.kubectl("rollout undo")
    shop.stage.let_pass(2, "the deadline is at 3 s")
    shop.touch()
    shop.stage.let_pass(4, "the deadline is over, and the controller does not say so")
    shop.touch()


@of_deployment
def undone_but_pods_can_be_created_late_only(shop: Deployment) -> None:
    _two_versions(shop)
    shop.stage.forbid_new_pods()
    shop.kubectl("rollout undo")
    shop.stage.let_pass(6, "the deadline of 3 s is over, and the controller does not say so")
    shop.touch()
    shop.stage.allow_new_pods()
    shop.until_complete()


@of_deployment
def back_to_the_first_template_by_apply(shop: Deployment) -> None:
    _two_versions(shop)
    shop.apply(deployment(progressDeadlineSeconds=_DEADLINE, annotations={ISSUE_KEYS: "SHOP-3"}))
    shop.until_complete()


@of_deployment
def back_to_the_first_template_without_history(shop: Deployment) -> None:
    for image in ("shop:1", "shop:2", "shop:1"):
        shop.apply(deployment(image, revisionHistoryLimit=0))
        shop.until_complete()
    shop.stage.until("one ReplicaSet is left", lambda: len(shop.stage.stream.all("ReplicaSet")) == 1)


@of_deployment
def back_to_the_first_template_after_failure(shop: Deployment) -> None:
    for image in ("shop:1", "shop-unready:2", "shop:1"):
        shop.apply(deployment(image, progressDeadlineSeconds=_DEADLINE))
        if image == "shop-unready:2":
            shop.until_failed()
        else:
            shop.until_complete()


@of_deployment
def whose_current_replica_set_is_deleted(shop: Deployment) -> None:
    _two_versions(shop)
    _delete_replica_set(shop, "shop:2")
    shop.until_complete()


@of_deployment
def whose_current_replica_set_is_deleted_in_mid_rollout(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.set_image("shop-slow:2")
    shop.until_pods("shop-slow:2", 1)
    _delete_replica_set(shop, "shop-slow:2")
    shop.until_complete()


@of_deployment
def whose_old_replica_set_is_deleted(shop: Deployment) -> None:
    _two_versions(shop)
    _delete_replica_set(shop, "shop:1")
    shop.touch()


@of_deployment
def whose_replica_sets_are_all_deleted(shop: Deployment) -> None:
    """So the revision falls: the controller counts from the ReplicaSets that are left."""
    _two_versions(shop)
    for image in ("shop:1", "shop:2"):
        _delete_replica_set(shop, image)
    shop.until_complete()
    shop.set_image("shop:3")
    shop.until_complete()


def _delete_replica_set(shop: Deployment, image: str) -> None:
    [old] = [
        each["metadata"]
        for each in shop.stage.stream.all("ReplicaSet")
        if each["spec"]["template"]["spec"]["containers"][0]["image"] == image
    ]
    shop.stage.kubectl("delete", f"replicaset/{old['name']}")
    shop.stage.until(
        "it is gone or another",
        lambda: (
            (shop.stage.stream.find("ReplicaSet", old["name"]) or {"metadata": {"uid": ""}})["metadata"][
                "uid"
            ]
            != old["uid"]
        ),
    )
