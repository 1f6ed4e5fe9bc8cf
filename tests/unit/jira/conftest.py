"""One ordinary report that tests vary."""

from datetime import UTC, datetime

import pytest

from rollout_reporter.core.report import Environment, EnvironmentType, Pipeline, Report, State, Update


@pytest.fixture
def report() -> Report:
    return Report(
        pipeline=Pipeline("eu1.shop.deployment.checkout", "checkout"),
        environment=Environment("production", "Production", EnvironmentType.PRODUCTION),
        number=1_795_507_100_000_018,
        state=State.SUCCESSFUL,
        issue_keys=("SHOP-57", "SHOP-41"),
        service_ids=("checkout-service",),
        display_name="checkout 1.4.2 (revision 18)",
        description="3 of 3 replicas run registry.example.com/checkout:1.4.2",
        url="https://cd.example.com/apps/checkout?revision=18",
        label="1.4.2",
        last_updated=datetime(2026, 11, 24, 8, 1, 3, 417_999, UTC),
    )


@pytest.fixture
def update(report: Report) -> Update:
    return Update(report, 1_795_507_263_417)
