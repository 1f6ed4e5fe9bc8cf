"""Rollouts that nobody looked at for a while: an operator starts, or was away."""

from conformance.manifests import canary, rollout
from conformance.scenario import of_rollout
from conformance.scenarios.rollouts import HALF, PAUSE, begin, until_paused
from conformance.workloads import Rollout

_DEADLINE = 4


@of_rollout
def first_seen_paused_at_a_step(shop: Rollout) -> None:
    with shop.stage.unwatched():
        begin(shop, rollout(strategy=canary(HALF, PAUSE)))
        shop.set_image("shop:2")
        until_paused(shop)
    shop.promote()
    shop.until_healthy()


@of_rollout
def first_seen_aborted(shop: Rollout) -> None:
    with shop.stage.unwatched():
        begin(shop, rollout(strategy=canary(HALF, PAUSE)))
        shop.set_image("shop:2")
        until_paused(shop)
        shop.abort()
        shop.until_phase("Degraded")
    shop.touch()


@of_rollout
def first_seen_with_pods_that_crashed_after_success(shop: Rollout) -> None:
    with shop.stage.unwatched():
        begin(shop, rollout(strategy=canary(), progressDeadlineSeconds=_DEADLINE))
        shop.set_image("shop:2")
        shop.until_healthy()
        [pod] = shop.until_pods("shop:2", 1, ready=True)
        shop.make_unready(pod)
        shop.until_phase("Degraded")
    shop.touch()


@of_rollout
def first_seen_never_healthy(shop: Rollout) -> None:
    with shop.stage.unwatched():
        shop.apply(rollout("shop-unready:1", strategy=canary(), progressDeadlineSeconds=_DEADLINE))
        shop.until_phase("Degraded")
    shop.touch()


@of_rollout
def whose_next_version_was_missed(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(HALF, PAUSE)))
    with shop.stage.unwatched():
        shop.set_image("shop:2")
        until_paused(shop)
        shop.promote()
        shop.until_healthy()
        shop.set_image("shop:3")
        until_paused(shop)
    shop.promote()
    shop.until_healthy()


@of_rollout
def crashed_and_then_replaced(shop: Rollout) -> None:
    """What its status says of the crashed version means nothing for the next one."""
    with shop.stage.unwatched():
        begin(shop, rollout(strategy=canary(), progressDeadlineSeconds=_DEADLINE))
    [pod] = shop.until_pods("shop:1", 1, ready=True)
    shop.make_unready(pod)
    shop.until_phase("Degraded")
    shop.set_image("shop:2")
    shop.until_healthy()
