"""Deployments that are updated, and what comes in between."""

from conformance.manifests import ISSUE_KEYS, deployment
from conformance.objects import is_observed
from conformance.scenario import of_deployment
from conformance.workloads import Deployment


@of_deployment
def created_and_updated(shop: Deployment) -> None:
    shop.apply(deployment(replicas=2))
    shop.until_complete()
    shop.set_image("shop:2")
    shop.until_complete()


@of_deployment
def updated_with_slow_pods(shop: Deployment) -> None:
    shop.apply(deployment(replicas=2, minReadySeconds=1))
    shop.until_complete()
    shop.set_image("shop-slow:2")
    shop.until_complete()


@of_deployment
def updated_and_scaled_in_one_write(shop: Deployment) -> None:
    with shop.stage.unwatched():
        shop.apply(deployment())
        shop.until_complete()
    shop.apply(deployment("shop:2", replicas=2))
    shop.until_complete()


@of_deployment
def environment_changed_with_the_same_image(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.kubectl("set env", "COLOUR=blue")
    shop.until_complete()


@of_deployment
def only_annotations_labels_and_min_ready_seconds_changed(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.annotate("team=checkout")
    shop.until("the annotation is observed", is_observed)
    shop.touch()
    shop.patch({"spec": {"minReadySeconds": 1}})
    shop.until("the new spec is observed", is_observed)
    shop.patch({"metadata": {"annotations": {"seen": "yes"}}}, of_status=True)


@of_deployment
def recreated_pods_by_strategy(shop: Deployment) -> None:
    shop.apply(deployment(strategy={"type": "Recreate"}))
    shop.until_complete()
    shop.set_image("shop-slow:2")
    shop.until_complete()


@of_deployment
def superseded_in_mid_rollout(shop: Deployment) -> None:
    shop.apply(deployment(replicas=2))
    shop.until_complete()
    shop.set_image("shop-unready:2")
    shop.until_pods("shop-unready:2", 1)
    shop.set_image("shop:3")
    shop.until_complete()


@of_deployment
def superseded_twice_quickly(shop: Deployment) -> None:
    shop.apply(deployment(replicas=2))
    shop.until_complete()
    for image in ("shop-slow:2", "shop-slow:3", "shop-slow:4"):
        shop.set_image(image)
    shop.until_complete()


@of_deployment
def with_no_replicas_and_a_new_template(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.scale(0)
    shop.until_status(replicas=0)
    shop.set_image("shop:2")
    shop.until("revision 2 is observed", _is_observed_at_revision_2)
    shop.stage.let_pass(2, "nothing more comes")
    shop.scale(1)
    shop.until_complete()


def _is_observed_at_revision_2(body: dict[str, object]) -> bool:
    metadata = body["metadata"]
    assert isinstance(metadata, dict)
    revision = metadata["annotations"].get("deployment.kubernetes.io/revision")
    return revision == "2" and is_observed(body)


@of_deployment
def deleted_in_mid_rollout(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.set_image("shop-unready:2")
    shop.until_pods("shop-unready:2", 1)
    shop.delete()


@of_deployment
def deleted_in_the_foreground_in_mid_rollout(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.set_image("shop-unready:2")
    shop.until_pods("shop-unready:2", 1)
    shop.delete("--cascade=foreground")


@of_deployment
def deleted_and_created_anew(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.set_image("shop:2")
    shop.until_complete()
    shop.delete()
    shop.apply(deployment("shop:3"))
    shop.until_complete()


@of_deployment
def whose_hash_collides(shop: Deployment) -> None:
    """A stranger's ReplicaSet has the name that the new one would get."""
    shop.apply(deployment())
    shop.until_complete()
    shop.set_image("shop:2")
    shop.until_complete()
    taken = next(
        each["metadata"]["name"]
        for each in shop.stage.stream.all("ReplicaSet")
        if each["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:2"
    )
    shop.delete()
    shop.stage.until("no ReplicaSet is left", lambda: not shop.stage.stream.all("ReplicaSet"))
    stranger = deployment("stranger:1")
    labels = {"app": "stranger"}
    stranger["kind"] = "ReplicaSet"
    stranger["metadata"] = {"name": taken}
    stranger["spec"] = {
        "replicas": 0,
        "selector": {"matchLabels": labels},
        "template": {**stranger["spec"]["template"], "metadata": {"labels": labels}},
    }
    shop.stage.apply(stranger)
    shop.apply(deployment())
    shop.until_complete()
    shop.set_image("shop:2")
    shop.until_complete()


@of_deployment
def restarted_after_success(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.kubectl("rollout restart")
    shop.until_complete()


@of_deployment
def restarted_in_mid_rollout(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.set_image("shop-slow:2")
    shop.until_pods("shop-slow:2", 1)
    shop.kubectl("rollout restart")
    shop.until_complete()


@of_deployment
def restarted_and_the_restart_undone(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.kubectl("rollout restart")
    shop.until_complete()
    shop.kubectl("rollout undo")
    shop.until_complete()


@of_deployment
def issue_keys_changed_before_the_template(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.annotate(f"{ISSUE_KEYS}=SHOP-2")
    shop.until("the annotation is observed", is_observed)
    shop.set_image("shop:2")
    shop.until_complete()


@of_deployment
def issue_keys_changed_with_the_template(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.apply(deployment("shop:2", annotations={ISSUE_KEYS: "SHOP-2"}))
    shop.until_complete()


@of_deployment
def issue_keys_changed_after_the_template(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.set_image("shop-slow:2")
    shop.until_pods("shop-slow:2", 1)
    shop.annotate(f"{ISSUE_KEYS}=SHOP-1,SHOP-2")
    shop.until_complete()


@of_deployment
def issue_keys_changed_in_the_template(shop: Deployment) -> None:
    shop.apply(deployment(annotations={}, template_annotations={ISSUE_KEYS: "SHOP-1"}))
    shop.until_complete()
    shop.apply(deployment(annotations={}, template_annotations={ISSUE_KEYS: "SHOP-2"}))
    shop.until_complete()


@of_deployment
def annotated_after_success(shop: Deployment) -> None:
    shop.apply(deployment(annotations={}))
    shop.until_complete()
    shop.annotate(f"{ISSUE_KEYS}=SHOP-1")
    shop.until("the annotation is observed", is_observed)


@of_deployment
def annotation_removed_in_mid_rollout(shop: Deployment) -> None:
    shop.apply(deployment())
    shop.until_complete()
    shop.set_image("shop-slow:2")
    shop.until_pods("shop-slow:2", 1)
    shop.annotate(f"{ISSUE_KEYS}-")
    shop.until_complete()


@of_deployment
def never_annotated(shop: Deployment) -> None:
    shop.apply(deployment(annotations={}))
    shop.until_complete()
    shop.set_image("shop:2")
    shop.until_complete()


@of_deployment
def annotated_but_to_be_ignored(shop: Deployment) -> None:
    shop.apply(deployment(annotations={ISSUE_KEYS: "SHOP-1", "rollout-reporter.dev/ignore": "true"}))
    shop.until_complete()
    shop.set_image("shop:2")
    shop.until_complete()
