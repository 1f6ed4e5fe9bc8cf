"""The story, as data: what is done, why somebody would care, and what Jira must hold before it goes on."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.acts import Act, Await, AwaitShown, Run, Show

MANIFESTS = os.path.relpath(Path(__file__).parent / "manifests")
"""Relative, so that a shown command can be repeated where the demo was started."""

CHECKOUT, STOREFRONT = "deployment/checkout", "rollout/storefront"


@dataclass(frozen=True)
class Step:
    """One scene."""

    title: str
    why: str
    acts: Sequence[Act]


def _kubectl(arguments: str, section: str = "") -> Run:
    return Run(f"kubectl -n shop-prod {arguments}", section)


def _release_checkout(image: str) -> Run:
    return _kubectl(f"set image {CHECKOUT} app={image}")


def _release_storefront(image: str) -> Run:
    """`kubectl set image` does not know Rollouts, and Argo's plugin for kubectl may not be there."""
    path = "/spec/template/spec/containers/0/image"
    patch = f'[{{"op": "replace", "path": "{path}", "value": "{image}"}}]'
    return _kubectl(f"patch {STOREFRONT} --type=json --patch='{patch}'")


def _abort_storefront() -> Run:
    """What `kubectl argo rollouts abort` does."""
    return _kubectl(
        f'patch {STOREFRONT} --subresource=status --type=merge --patch=\'{{"status": {{"abort": true}}}}\''
    )


_REPORTS = _kubectl("get rolloutreports")

STORY = (
    Step(
        "A Deployment names its issue",
        "One annotation is all that a team has to write; its pipeline stays as it is.",
        [
            Run(f"kubectl create --filename={MANIFESTS}/namespace.yaml"),
            Show(f"{MANIFESTS}/checkout.yaml", lines=7),
            Run(f"kubectl create --filename={MANIFESTS}/checkout.yaml"),
            Await("checkout 3.5", "successful"),
            AwaitShown(CHECKOUT, "Successful"),
            _REPORTS,
            _kubectl(f"describe {CHECKOUT}", section="Conditions"),
        ],
    ),
    Step(
        "An Argo Rollout does the same",
        "Both kinds look alike in Jira: people there need not know how a service is released.",
        [
            Run(f"kubectl create --filename={MANIFESTS}/storefront.yaml"),
            Await("storefront 3.5", "successful"),
            AwaitShown(STOREFRONT, "Successful"),
            _REPORTS,
        ],
    ),
    Step(
        "The next version is for another issue",
        "Issue keys belong to the rollout that they were set for: what SHOP-41 holds stays true.",
        [
            _kubectl(f"annotate {CHECKOUT} --overwrite rollout-reporter.dev/issue-keys=SHOP-42"),
            _release_checkout("registry.k8s.io/pause:3.6"),
            Await("checkout 3.6", "successful"),
            AwaitShown(CHECKOUT, "Successful"),
            _REPORTS,
        ],
    ),
    Step(
        "A canary goes through its steps",
        "Jira says how far it is, to people who have no access to the cluster.",
        [
            _release_storefront("registry.k8s.io/pause:3.6"),
            Await("storefront 3.6", "successful"),
            AwaitShown(STOREFRONT, "Successful"),
            _REPORTS,
        ],
    ),
    Step(
        "A version that cannot start",
        "The pipeline was green long ago, and yet nothing has arrived: Jira tells the truth, and the cause.",
        [
            _release_checkout("registry.example/unpullable:3.7"),
            Await("checkout 3.7", "failed"),
            AwaitShown(CHECKOUT, "Failed"),
            _REPORTS,
            _kubectl(f"describe {CHECKOUT}", section="Conditions"),
        ],
    ),
    Step(
        "The fix",
        "It is a rollout of its own: the failed one stays failed, for whoever counts failures.",
        [
            _release_checkout("registry.k8s.io/pause:3.8"),
            Await("checkout 3.8", "successful"),
            AwaitShown(CHECKOUT, "Successful"),
            _REPORTS,
        ],
    ),
    Step(
        "A version that is overtaken",
        'The first of two never finishes. It is closed, so nothing stays "in progress" for ever.',
        [
            _release_checkout("registry.example/slow:3.9"),
            Await("checkout 3.9", "in_progress"),
            _release_checkout("registry.k8s.io/pause:3.10"),
            Await("checkout 3.9", "cancelled"),
            Await("checkout 3.10", "successful"),
            AwaitShown(CHECKOUT, "Successful"),
            _REPORTS,
        ],
    ),
    Step(
        "A rollback",
        "The older version is deployed once more, and the newer one is marked: Jira knows what runs.",
        [
            _kubectl(f"rollout undo {CHECKOUT} --to-revision=4"),
            Await("checkout 3.10", "rolled_back"),
            AwaitShown(CHECKOUT, "Successful"),
            _REPORTS,
        ],
    ),
    Step(
        "A canary is aborted",
        "Whoever pulls the brake in the cluster need not tell anybody in Jira.",
        [
            _release_storefront("registry.k8s.io/pause:3.7"),
            Await("storefront 3.7", "in_progress"),
            _kubectl(f"wait {STOREFRONT} --for=jsonpath='{{.status.phase}}'=Paused --timeout=60s"),
            _abort_storefront(),
            Await("storefront 3.7", "failed"),
            AwaitShown(STOREFRONT, "Failed"),
            _REPORTS,
        ],
    ),
    Step(
        "It goes on with a better version",
        "Once more a rollout of its own, step by step to the end.",
        [
            _release_storefront("registry.k8s.io/pause:3.8"),
            Await("storefront 3.8", "successful"),
            AwaitShown(STOREFRONT, "Successful"),
            _REPORTS,
            _kubectl(
                "get events --sort-by=.eventTime "
                "--field-selector=reportingComponent=rollout-reporter.dev/rollout-reporter"
            ),
        ],
    ),
)
