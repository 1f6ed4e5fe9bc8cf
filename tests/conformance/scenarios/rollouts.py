"""Rollouts that are updated by canary or blue-green."""

from conformance.manifests import blue_green, canary, rollout, service
from conformance.objects import Object
from conformance.scenario import of_rollout
from conformance.workloads import Rollout

HALF: Object = {"setWeight": 50}
PAUSE: Object = {"pause": {}}
SHORT_PAUSE: Object = {"pause": {"duration": "2s"}}


def begin(shop: Rollout, body: Object) -> None:
    shop.apply(body)
    shop.until_healthy()


def until_paused(shop: Rollout) -> None:
    shop.until_phase("Paused")
    shop.until("it says what it waits for", lambda body: bool(body["status"].get("pauseConditions")))


@of_rollout
def updated_without_steps(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(), replicas=2))
    shop.set_image("shop-slow:2")
    shop.until_healthy()


@of_rollout
def paused_at_a_step_and_promoted(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(HALF, PAUSE), replicas=2))
    shop.set_image("shop:2")
    until_paused(shop)
    shop.stage.let_pass(2, "a person looks at the canary")
    shop.promote()
    shop.until_healthy()


@of_rollout
def paused_for_a_while_at_two_steps(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(HALF, SHORT_PAUSE, {"setWeight": 100}, SHORT_PAUSE), replicas=2))
    shop.set_image("shop:2")
    shop.until_healthy()


@of_rollout
def promoted_in_full(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(HALF, PAUSE, {"setWeight": 75}, PAUSE), replicas=2))
    shop.set_image("shop-slow:2")
    until_paused(shop)
    shop.promote_in_full()
    shop.until_healthy()


@of_rollout
def superseded_in_mid_canary(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(HALF, PAUSE), replicas=2))
    shop.set_image("shop:2")
    until_paused(shop)
    shop.set_image("shop:3")
    until_paused(shop)
    shop.promote()
    shop.until_healthy()


@of_rollout
def superseded_twice_quickly(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(HALF, SHORT_PAUSE), replicas=2))
    for image in ("shop:2", "shop:3", "shop:4"):
        shop.set_image(image)
    shop.until_healthy()


@of_rollout
def back_to_stable_in_mid_canary(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(HALF, PAUSE), replicas=2))
    shop.set_image("shop:2")
    until_paused(shop)
    shop.set_image("shop:1")
    shop.until_healthy()


@of_rollout
def undone_after_success(shop: Rollout) -> None:
    """As the plugin's `undo` does: it brings the old template back and leaves the annotations."""
    begin(shop, rollout(strategy=canary(HALF, SHORT_PAUSE), replicas=1))
    body = rollout("shop:2", strategy=canary(HALF, SHORT_PAUSE))
    body["metadata"]["annotations"] = {"rollout-reporter.dev/issue-keys": "SHOP-2"}
    shop.apply(body)
    shop.until_healthy()
    shop.set_image("shop:1")
    shop.until_healthy()


@of_rollout
def previewed_and_promoted(shop: Rollout) -> None:
    """Blue-green, cut over by hand."""
    _services(shop)
    begin(shop, rollout(strategy=blue_green(autoPromotionEnabled=False), replicas=2))
    shop.set_image("shop-slow:2")
    until_paused(shop)
    shop.stage.let_pass(2, "a person looks at the preview")
    shop.promote()
    shop.until_healthy()


@of_rollout
def cut_over_by_itself(shop: Rollout) -> None:
    """Blue-green without a pause."""
    _services(shop)
    begin(shop, rollout(strategy=blue_green(), replicas=2))
    shop.set_image("shop-slow:2")
    shop.until_healthy()


@of_rollout
def preview_superseded(shop: Rollout) -> None:
    _services(shop)
    begin(shop, rollout(strategy=blue_green(autoPromotionEnabled=False), replicas=1))
    shop.set_image("shop:2")
    until_paused(shop)
    shop.set_image("shop:3")
    until_paused(shop)
    shop.promote()
    shop.until_healthy()


@of_rollout
def preview_aborted_and_stable_applied_again(shop: Rollout) -> None:
    _services(shop)
    begin(shop, rollout(strategy=blue_green(autoPromotionEnabled=False), replicas=1))
    shop.set_image("shop:2")
    until_paused(shop)
    shop.abort()
    shop.until_phase("Degraded")
    shop.set_image("shop:1")
    shop.until_healthy()


def _services(shop: Rollout) -> None:
    for role in ("active", "preview"):
        shop.stage.create(service(f"{shop.name}-{role}"))


@of_rollout
def deleted_in_mid_canary(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(HALF, PAUSE), replicas=2))
    shop.set_image("shop:2")
    until_paused(shop)
    shop.delete()


@of_rollout
def deleted_and_created_anew(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary()))
    shop.set_image("shop:2")
    shop.until_healthy()
    shop.delete()
    begin(shop, rollout("shop:3", strategy=canary()))


@of_rollout
def never_annotated(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(), annotations={}))
    shop.set_image("shop:2")
    shop.until_healthy()
