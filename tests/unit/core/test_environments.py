from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.core import names
from rollout_reporter.core.environments import (
    EnvironmentRule,
    FoundEnvironment,
    NamespaceFacts,
    find_environment,
    type_of,
)
from rollout_reporter.core.report import EnvironmentType
from rollout_reporter.core.workload import Wishes
from unit.core.situations import namespace, wishes

DEVELOPMENT, TESTING, STAGING, PRODUCTION, UNMAPPED = (
    EnvironmentType.DEVELOPMENT,
    EnvironmentType.TESTING,
    EnvironmentType.STAGING,
    EnvironmentType.PRODUCTION,
    EnvironmentType.UNMAPPED,
)
RULE = EnvironmentRule(("shop-*", "shop"), "Webshop", STAGING)


def find(
    own: Wishes | None = None,
    around: NamespaceFacts | None = None,
    *rules: EnvironmentRule,
    cluster: str = "eu1",
) -> FoundEnvironment:
    return find_environment(own or Wishes(), around or namespace(), rules, cluster)


def name_and_type(found: FoundEnvironment) -> tuple[str, EnvironmentType]:
    return found.environment.name, found.environment.type


@pytest.mark.parametrize(
    ("own", "around", "rules", "cluster", "expected"),
    [
        pytest.param(
            {"environment": "live"},
            {"environment": "qa", "labels": {"env": "dev"}},
            [RULE],
            "prod",
            ("live", PRODUCTION),
            id="the workload's annotation before all",
        ),
        pytest.param(
            {},
            {"environment": "qa", "labels": {"env": "dev"}},
            [RULE],
            "prod",
            ("qa", TESTING),
            id="then the Namespace's annotation",
        ),
        pytest.param(
            {}, {"labels": {"env": "dev"}}, [RULE], "prod", ("Webshop", STAGING), id="then the site's rules"
        ),
        pytest.param(
            {},
            {"name": "shop-uat", "labels": {"environment": "dev"}},
            [],
            "prod",
            ("dev", DEVELOPMENT),
            id="then the Namespace's label environment",
        ),
        pytest.param(
            {}, {"labels": {"env": "dev"}}, [], "prod", ("dev", DEVELOPMENT), id="then its label env"
        ),
        pytest.param(
            {},
            {"labels": {"environment": "prod", "env": "dev"}},
            [],
            "eu1",
            ("prod", PRODUCTION),
            id="environment before env",
        ),
        pytest.param(
            {},
            {"name": "shop-uat", "labels": {"env": "blue"}},
            [],
            "prod",
            ("shop-uat", TESTING),
            id="then the Namespace's name",
        ),
        pytest.param({}, {}, [], "eu1-prod", ("eu1-prod", PRODUCTION), id="then the cluster's name"),
        pytest.param({}, {}, [], "eu1", ("shop", UNMAPPED), id="else the Namespace's name, unmapped"),
    ],
)
def test_the_first_that_speaks_wins(
    own: dict[str, Any],
    around: dict[str, Any],
    rules: list[EnvironmentRule],
    cluster: str,
    expected: tuple[str, EnvironmentType],
) -> None:
    assert name_and_type(find(wishes(**own), namespace(**around), *rules, cluster=cluster)) == expected


def test_an_environment_is_its_own_id() -> None:
    found = find(wishes(environment="production")).environment

    assert found.id == found.name == "production"


@pytest.mark.parametrize("written", ["production", "PRODUCTION", "Production"])
def test_a_type_is_taken_in_any_case(written: str) -> None:
    found = find(wishes(environment="eu", environment_type=written))

    assert name_and_type(found) == ("eu", PRODUCTION)


def test_a_type_that_is_written_beats_the_word_in_the_name() -> None:
    assert name_and_type(find(wishes(environment="prod", environment_type="staging"))) == ("prod", STAGING)


def test_a_type_alone_leaves_the_name_to_the_rules() -> None:
    found = find(wishes(environment_type="production"), None, RULE)

    assert name_and_type(found) == ("Webshop", PRODUCTION)


def test_a_type_alone_without_rules_goes_with_the_name_of_the_namespace() -> None:
    assert name_and_type(find(wishes(environment_type="production"))) == ("shop", PRODUCTION)


def test_a_type_that_jira_does_not_know_is_unmapped_and_the_hint_names_it_and_the_known_ones() -> None:
    found = find(wishes(environment="eu", environment_type="prodution"))

    assert name_and_type(found) == ("eu", UNMAPPED)
    assert names.ENVIRONMENT_TYPE in found.hint
    assert "'prodution'" in found.hint
    assert all(known.value in found.hint for known in EnvironmentType)


@pytest.mark.parametrize("own", [{}, {"environment": "blue"}])
def test_an_unmapped_environment_comes_with_the_hint_how_to_set_it(own: dict[str, str]) -> None:
    found = find(wishes(**own))

    assert found.environment.type is UNMAPPED
    assert names.ENVIRONMENT_TYPE in found.hint


def test_a_mapped_environment_needs_no_hint() -> None:
    assert find(wishes(environment="prod")).hint == ""


def test_the_first_matching_rule_wins() -> None:
    rules = [
        EnvironmentRule(("team-*",), "Teams", TESTING),
        EnvironmentRule(("sh?p",), "Shop", PRODUCTION),
        EnvironmentRule(("*",), "Rest", DEVELOPMENT),
    ]

    assert name_and_type(find(None, namespace("shop"), *rules)) == ("Shop", PRODUCTION)
    assert name_and_type(find(None, namespace("shops"), *rules)) == ("Rest", DEVELOPMENT)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("dev", DEVELOPMENT),
        ("eu-trunk-1", DEVELOPMENT),
        ("qa", TESTING),
        ("shop.uat", TESTING),
        ("sit_2", TESTING),
        ("preprod", STAGING),
        ("STAGE", STAGING),
        ("prd", PRODUCTION),
        ("live/eu", PRODUCTION),
    ],
)
def test_a_word_of_its_own_in_a_name_tells_the_type(name: str, kind: EnvironmentType) -> None:
    assert type_of(name) is kind


@pytest.mark.parametrize("name", ["product", "delivery", "contest", "devops", "alive", "eu1", "prod2", ""])
def test_a_word_inside_another_word_tells_nothing(name: str) -> None:
    assert type_of(name) is None


texts = st.none() | st.text(max_size=30)
globs = st.lists(st.text("ab*?[]!-", max_size=6), max_size=3).map(tuple)
rules = st.lists(
    st.builds(EnvironmentRule, globs, st.text(max_size=5), st.sampled_from(EnvironmentType)), max_size=3
)
anybody = st.builds(Wishes, environment=texts, environment_type=texts)
anywhere = st.builds(
    NamespaceFacts, st.text(max_size=20), anybody, st.dictionaries(st.text(max_size=12), st.text(max_size=12))
)


@given(anybody, anywhere, rules, st.text(max_size=20))
def test_whatever_is_written_there_is_an_environment_and_a_hint_where_jira_cannot_place_it(
    own: Wishes, around: NamespaceFacts, some_rules: list[EnvironmentRule], cluster: str
) -> None:
    found = find_environment(own, around, some_rules, cluster)

    assert found.environment.name == (own.environment or found.environment.name)
    is_a_rule = any(rule.type is UNMAPPED for rule in some_rules)
    is_wished = "unmapped" in [(each.environment_type or "").lower() for each in (own, around.wishes)]
    if found.environment.type is UNMAPPED and not is_a_rule and not is_wished:
        assert names.ENVIRONMENT_TYPE in found.hint
