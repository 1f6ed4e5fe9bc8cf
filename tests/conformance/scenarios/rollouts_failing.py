"""Rollouts that are aborted, fail, seem to, or recover."""

from typing import Any

import yaml

from conformance.manifests import ISSUE_KEYS, canary, rollout
from conformance.objects import Object, condition_of, is_observed
from conformance.scenario import of_rollout
from conformance.scenarios.rollouts import HALF, PAUSE, SHORT_PAUSE, begin, until_paused
from conformance.workloads import Rollout

_DEADLINE = 4


@of_rollout
def first_version_never_healthy(shop: Rollout) -> None:
    shop.apply(rollout("shop-unready:1", strategy=canary(), progressDeadlineSeconds=_DEADLINE))
    shop.until_phase("Degraded")


@of_rollout
def aborted_and_retried(shop: Rollout) -> None:
    _aborted(shop)
    shop.retry()
    until_paused(shop)
    shop.promote()
    shop.until_healthy()


@of_rollout
def aborted_and_stable_applied_again(shop: Rollout) -> None:
    _aborted(shop)
    shop.set_image("shop:1")
    shop.until_healthy()


@of_rollout
def aborted_and_replaced_by_a_newer_version(shop: Rollout) -> None:
    _aborted(shop)
    shop.set_image("shop:3")
    until_paused(shop)
    shop.promote()
    shop.until_healthy()


def _aborted(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(HALF, PAUSE), replicas=2))
    shop.set_image("shop:2")
    until_paused(shop)
    shop.abort()
    shop.until_phase("Degraded")


@of_rollout
def deadline_exceeded_and_recovers_late(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(), progressDeadlineSeconds=_DEADLINE))
    shop.set_image("shop-unready:2")
    shop.until_phase("Degraded")
    [pod] = shop.pods("shop-unready:2")
    shop.make_ready(pod)
    shop.until_healthy()


@of_rollout
def deadline_exceeded_and_aborted_for_it(shop: Rollout) -> None:
    begin(
        shop,
        rollout(
            strategy=canary(HALF, SHORT_PAUSE), progressDeadlineSeconds=_DEADLINE, progressDeadlineAbort=True
        ),
    )
    shop.set_image("shop-unready:2")
    shop.until("it is aborted", lambda body: bool(body["status"].get("abort")))
    shop.until_phase("Degraded")


@of_rollout
def crashes_after_success(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(), progressDeadlineSeconds=_DEADLINE))
    shop.set_image("shop:2")
    shop.until_healthy()
    [pod] = shop.until_pods("shop:2", 1, ready=True)
    shop.make_unready(pod)
    shop.until_phase("Degraded")
    shop.make_ready(pod)
    shop.until_healthy()


@of_rollout
def crash_looping_canary_for_a_minute(shop: Rollout) -> None:
    body = rollout(strategy=canary(HALF, PAUSE))
    back_off = {"crashing.stage.kwok.x-k8s.io/back-off": "25s"}
    body["spec"]["template"]["metadata"]["annotations"] = back_off
    begin(shop, body)
    shop.set_image("shop-crashing:2")
    shop.until_pods("shop-crashing:2", 1)
    shop.stage.let_pass(30, "a crash or two is no failure yet")
    shop.touch()
    shop.stage.let_pass(60, "the grace period of 60 s ends")
    shop.touch()
    shop.set_image("shop:1")
    shop.until_healthy()


@of_rollout
def unready_canary_for_too_long(shop: Rollout) -> None:
    notes = {ISSUE_KEYS: "SHOP-1", "rollout-reporter.dev/max-duration": "10s"}
    begin(shop, rollout(strategy=canary(HALF, PAUSE), annotations=notes))
    shop.set_image("shop-unready:2")
    shop.until_pods("shop-unready:2", 1)
    shop.stage.let_pass(6, "the maximum duration is 10 s")
    shop.touch()
    shop.stage.let_pass(6, "the maximum duration ends")
    shop.touch()


@of_rollout
def new_pods_cannot_be_created(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(), progressDeadlineSeconds=_DEADLINE))
    shop.stage.forbid_new_pods()
    shop.set_image("shop:2")
    shop.until_phase("Degraded")
    shop.stage.allow_new_pods()
    shop.until_healthy()


@of_rollout
def undone_but_pods_cannot_be_created(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary(), progressDeadlineSeconds=_DEADLINE))
    shop.set_image("shop:2")
    shop.until_healthy()
    shop.stage.until("the old pods are gone", lambda: len(shop.stage.stream.all("Pod")) == 1)
    shop.stage.forbid_new_pods()
    shop.set_image("shop:1")
    shop.stage.let_pass(_DEADLINE + 3, "the deadline would be over")
    shop.touch()


@of_rollout
def analysis_fails(shop: Rollout) -> None:
    """The metric is the API server's major version, which is 1."""
    _analysis(shop, failureCondition='result == "1"')
    _begin_with_analysis(shop)
    shop.until_phase("Degraded")


@of_rollout
def analysis_errs(shop: Rollout) -> None:
    """Nothing listens where the metric should come from."""
    _analysis(shop, address="http://127.0.0.1:1", successCondition='result == "1"')
    _begin_with_analysis(shop)
    shop.until_phase("Degraded")


@of_rollout
def analysis_is_inconclusive_and_promoted(shop: Rollout) -> None:
    _analysis(shop, successCondition='result == "0"', failureCondition='result == "2"')
    _begin_with_analysis(shop)
    until_paused(shop)
    shop.promote_past_the_step()
    shop.until_healthy()


@of_rollout
def analysis_succeeds(shop: Rollout) -> None:
    _analysis(shop, successCondition='result == "1"')
    _begin_with_analysis(shop)
    shop.until_healthy()


def _begin_with_analysis(shop: Rollout) -> None:
    check: Object = {"analysis": {"templates": [{"templateName": "check"}]}}
    begin(shop, rollout(strategy=canary(HALF, check), replicas=2))
    shop.set_image("shop:2")


def _analysis(shop: Rollout, *, address: str | None = None, **conditions: Any) -> None:
    config = yaml.safe_load(shop.stage.cluster.kubeconfig.read_text())
    server = address or config["clusters"][0]["cluster"]["server"]
    metric = {
        "name": "version",
        "consecutiveErrorLimit": 0,
        "provider": {"web": {"url": f"{server}/version", "jsonPath": "{$.major}", "insecure": True}},
    }
    shop.stage.create(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AnalysisTemplate",
            "metadata": {"name": "check"},
            "spec": {"metrics": [metric | conditions]},
        }
    )


@of_rollout
def experiment_succeeds(shop: Rollout) -> None:
    _begin_with_experiment(shop, "shop:2")
    shop.until_healthy()


@of_rollout
def experiment_fails(shop: Rollout) -> None:
    _begin_with_experiment(shop, "shop-unready:2")
    shop.until_phase("Degraded")


def _begin_with_experiment(shop: Rollout, image: str) -> None:
    templates = [{"name": "trial", "specRef": "canary"}]
    trial: Object = {"experiment": {"duration": "2s", "templates": templates}}
    begin(shop, rollout(strategy=canary(trial), progressDeadlineSeconds=_DEADLINE))
    shop.set_image(image)


@of_rollout
def refused_at_first_and_put_right(shop: Rollout) -> None:
    shop.apply(rollout(strategy=_refused()))
    shop.until("it is refused", _is_refused)
    shop.apply(rollout(strategy=canary()))
    shop.until_healthy()


@of_rollout
def refused_later_and_put_right(shop: Rollout) -> None:
    begin(shop, rollout(strategy=canary()))
    shop.apply(rollout("shop:2", strategy=_refused()))
    shop.until("it is refused", _is_refused)
    shop.stage.let_pass(1, "nothing more comes")
    shop.apply(rollout("shop:2", strategy=canary()))
    shop.until_healthy()


def _refused() -> Object:
    """Without surge and without a pod to spare no rollout can move."""
    return {"canary": {"maxSurge": 0, "maxUnavailable": 0}}


def _is_refused(body: Object) -> bool:
    return is_observed(body) and bool(condition_of(body, "InvalidSpec"))
