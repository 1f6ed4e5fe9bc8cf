"""Who may report to what."""

import pytest

from rollout_reporter.core.access import NOBODY, AccessRule, allowed
from rollout_reporter.core.report import EnvironmentType

PRODUCTION, STAGING = EnvironmentType.PRODUCTION, EnvironmentType.STAGING


@pytest.mark.parametrize(
    ("rule", "namespace", "key", "kind", "may"),
    [
        (AccessRule(), "shop", "SHOP-1", PRODUCTION, True),
        (AccessRule(namespaces=("shop-*",)), "shop-eu", "SHOP-1", PRODUCTION, True),
        (AccessRule(namespaces=("shop-*",)), "pay", "SHOP-1", PRODUCTION, False),
        (AccessRule(projects=("SHOP",)), "shop", "SHOP-1", PRODUCTION, True),
        (AccessRule(projects=("SHOP",)), "shop", "SHOPS-1", PRODUCTION, False),
        (AccessRule(environment_types=(STAGING,)), "shop", "SHOP-1", PRODUCTION, False),
        (AccessRule(environment_types=(STAGING,)), "shop", "SHOP-1", STAGING, True),
        (NOBODY, "shop", "SHOP-1", PRODUCTION, False),
    ],
)
def test_a_rule_allows_what_fits_all_its_parts(
    *, rule: AccessRule, namespace: str, key: str, kind: EnvironmentType, may: bool
) -> None:
    assert rule.allows(namespace, key, kind) is may


def test_a_site_without_rules_allows_everybody_everything() -> None:
    assert allowed((), "shop", ["SHOP-1", "PAY-1"], PRODUCTION) == ("SHOP-1", "PAY-1")


def test_one_rule_that_allows_it_is_enough() -> None:
    rules = (AccessRule(projects=("PAY",)), AccessRule(projects=("SHOP",)))
    assert allowed(rules, "shop", ["SHOP-1", "PAY-1", "OPS-1"], PRODUCTION) == ("SHOP-1", "PAY-1")
