"""Rollouts of which something else than the template changes, and such that take it from a Deployment."""

from datetime import UTC, datetime

from conformance.manifests import NAME, canary, deployment, rollout
from conformance.objects import Object, is_observed
from conformance.scenario import of_rollout
from conformance.scenarios.rollouts import HALF, PAUSE, SHORT_PAUSE, begin, until_paused
from conformance.workloads import Deployment, Rollout


@of_rollout
def scaled_when_healthy(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(), replicas=1))
    shop.scale(2)
    shop.until_status(availableReplicas=2)
    shop.until_healthy()
    shop.scale(0)
    shop.until_status(replicas=0)
    shop.until_healthy()


@of_rollout
def scaled_in_mid_canary(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(HALF, PAUSE), replicas=1))
    shop.set_image("shop:2")
    until_paused(shop)
    shop.scale(3)
    shop.until_status(availableReplicas=4)
    until_paused(shop)
    shop.promote()
    shop.until_healthy()


@of_rollout
def with_no_replicas_and_a_pause(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(HALF, PAUSE), replicas=0))
    shop.set_image("shop:2")
    until_paused(shop)
    shop.promote()
    shop.until_healthy()


@of_rollout
def only_annotations_and_labels_changed(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary()))
    shop.annotate("team=checkout")
    shop.until("the annotation is observed", is_observed)
    shop.touch()


@of_rollout
def restarted_by_restart_at(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(), replicas=2))
    shop.patch({"spec": {"restartAt": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}})
    shop.until("it has restarted", lambda body: "restartedAt" in body["status"])
    shop.until_healthy()


@of_rollout
def restarted_by_template(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(), replicas=1))
    notes = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    stable = shop.status["stableRS"]
    shop.patch({"spec": {"template": {"metadata": {"annotations": notes}}}})
    shop.until("the new pods are stable", lambda body: body["status"]["stableRS"] != stable)
    shop.until_healthy()


@of_rollout
def steps_changed_in_mid_canary(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(HALF, PAUSE), replicas=2))
    shop.set_image("shop:2")
    until_paused(shop)
    before = shop.status["currentStepHash"]
    shop.patch({"spec": {"strategy": {"canary": {"steps": [HALF, SHORT_PAUSE]}}}})
    shop.until("the steps are observed", lambda body: body["status"]["currentStepHash"] != before)
    shop.until_healthy()


@of_rollout
def paused_by_spec(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(), replicas=2))
    shop.patch({"spec": {"paused": True}})
    shop.until("it is paused", lambda body: is_observed(body) and body["status"]["phase"] == "Paused")
    shop.set_image("shop:2")
    shop.until_status(phase="Paused")
    shop.stage.let_pass(2, "nothing begins while it is paused")
    shop.touch()
    shop.patch({"spec": {"paused": False}})
    shop.until_healthy()


@of_rollout
def paused_by_spec_in_mid_rollout(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(), replicas=2))
    shop.set_image("shop-slow:2")
    shop.until_pods("shop-slow:2", 1)
    shop.patch({"spec": {"paused": True}})
    shop.until("it is paused", lambda body: is_observed(body) and body["status"]["phase"] == "Paused")
    shop.stage.let_pass(4, "the slow pod becomes ready, and no more come")
    shop.touch()
    shop.patch({"spec": {"paused": False}})
    shop.until_healthy()


@of_rollout
def a_default_written_out(shop: Rollout) -> None:
    """The new template means the same as the old one."""
    begin(shop, rollout(strategy=canary()))
    shop.patch({"spec": {"template": {"spec": {"dnsPolicy": "ClusterFirst"}}}})
    shop.until("it is observed", is_observed)
    shop.stage.let_pass(11, "no other ReplicaSet comes")
    shop.touch()


@of_rollout
def referenced_template_changed(shop: Rollout) -> None:
    deploy = _begin_with_reference(shop)
    deploy.set_image("shop-slow:2")
    shop.until_healthy()


@of_rollout
def referenced_template_changed_with_a_pause(shop: Rollout) -> None:
    deploy = _begin_with_reference(shop, HALF, PAUSE)
    deploy.set_image("shop:2")
    until_paused(shop)
    deploy.set_image("shop:3")
    until_paused(shop)
    shop.promote()
    shop.until_healthy()


@of_rollout
def referenced_deployment_annotated(shop: Rollout) -> None:
    deploy = _begin_with_reference(shop)
    before = shop.status["workloadObservedGeneration"]
    deploy.annotate("team=checkout")
    shop.until("it has seen that", lambda body: body["status"]["workloadObservedGeneration"] != before)


@of_rollout
def referenced_deployment_with_the_issue_keys(shop: Rollout) -> None:
    """The Rollout itself has none."""
    deploy = _begin_with_reference(shop, annotations={})
    deploy.set_image("shop:2")
    shop.until_healthy()


@of_rollout
def referenced_deployment_scaled_down(shop: Rollout) -> None:
    """A Deployment with pods becomes a Rollout."""
    deploy = Deployment(shop.stage)
    deploy.apply(deployment(replicas=1))
    deploy.until_complete()
    begin(shop, rollout(strategy=canary(), workloadRef=_reference("onsuccess")))
    deploy.until_status(replicas=0)


def _begin_with_reference(
    shop: Rollout, *steps: Object, annotations: dict[str, str] | None = None
) -> Deployment:
    deploy = Deployment(shop.stage)
    deploy.apply(deployment(replicas=0))
    deploy.until_complete()
    begin(
        shop,
        rollout(strategy=canary(*steps), replicas=2, annotations=annotations, workloadRef=_reference()),
    )
    return deploy


def _reference(scale_down: str = "never") -> Object:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME, "scaleDown": scale_down}
