"""Every prerequisite is told as it is, with the cure of what is not well."""

import pytest

from e2e.doctor import as_administrator, as_operator, doctor
from e2e.product import SECRET, Product, ProductApart
from e2e.rights import assert_never_forbidden

pytestmark = pytest.mark.timeout(120, func_only=True)


def test_all_is_well_with_an_installation_that_works(product: Product) -> None:
    product.site_is("default", "True", "Ready")

    told = as_administrator(product)

    assert (told.code, told.not_well()) == (0, [])
    assert "✓ Lease operator_" in told.line("Lease")
    assert told.line("right to deployments/status") == "✓ right to deployments/status patch"
    assert "knows the credential" in told.line("JiraSite default: deployments API")


def test_the_operator_knows_all_but_the_policy_and_asks_for_nothing_that_it_may_not(product: Product) -> None:
    told = as_operator(product)

    assert told.code == 0
    [not_known] = told.not_well()
    assert not_known.startswith("?  conditions policy")
    assert "forbidden" in not_known
    assert_never_forbidden(product)


def test_a_visitor_learns_what_everybody_may_know(product: Product) -> None:
    product.cluster.kubectl("create", "serviceaccount", "visitor", "--namespace=default")
    kubeconfig = product.cluster.service_account_kubeconfig("default", "visitor")

    told = doctor(product, str(kubeconfig))

    assert told.code == 0
    assert told.line("CRDs").startswith("✓")
    assert f"kubectl -n {product.namespace} exec deploy/rollout-reporter" in "".join(told.lines)
    assert {each[0] for each in told.not_well()} == {"?"}


def test_a_missing_right_is_named_with_what_it_costs(apart: ProductApart) -> None:
    apart.jira.start()
    apart.install(conditions__onWorkloads="false")
    environment = apart.installation.environment()

    told = doctor(
        apart,
        str(apart.cluster.kubeconfig),
        **environment | {"ROLLOUT_REPORTER_CONDITIONS_ON_WORKLOADS": "true"},
    )

    assert told.code == 1
    line = told.line(f"right to deployments/status in {apart.shop.namespace}")
    assert line.startswith("✗")
    assert "patch missing: Deployments show no condition →" in line


def test_before_anything_runs_the_lease_is_not_held(apart: ProductApart) -> None:
    apart.jira.start()
    apart.install()

    told = as_administrator(apart)

    assert told.code == 1
    assert told.line("Lease").startswith("✗ Lease there is none, so no operator has ever led →")
    assert told.line("JiraSite default: Ready").startswith("✗")
    assert told.line("JiraSite default: token").startswith("✓")


def test_a_secret_that_is_not_there_and_a_jira_that_is_not_there_are_told_apart(apart: ProductApart) -> None:
    apart.install_without_credential()

    told = as_administrator(apart)

    assert told.code == 1
    assert f"there is no Secret '{SECRET}'" in told.line("JiraSite default: Secret")
    assert "cannot be reached" in told.line("JiraSite default: cloud id")


def test_a_credential_that_jira_does_not_accept_is_told_with_its_cure(apart: ProductApart) -> None:
    apart.jira.start()
    apart.install_without_credential()
    apart.create_secret(SECRET, clientId="demo", clientSecret="wrong")

    told = as_administrator(apart)

    assert told.line("JiraSite default: cloud id").startswith("✓")
    line = told.line("JiraSite default: token")
    assert line.startswith("✗")
    assert "does not accept the client id and secret" in line
    assert "→ In Jira: Settings → Apps → OAuth credentials" in line


def test_a_cluster_that_does_not_answer_is_all_that_is_told(product: Product) -> None:
    told = doctor(product, "/nowhere")

    assert told.code == 1
    assert [each[0] for each in told.lines] == ["✗"]
