import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_reporter.core.environments import EnvironmentRule
from rollout_reporter.core.report import EnvironmentType
from rollout_reporter.core.target import NoSite, Site, Surroundings, Target, find_target, pipeline_id
from rollout_reporter.core.workload import Kind, Snapshot
from unit.core.situations import namespace, ref, snapshot, wishes

DEFAULT = Site("default", "https://example.atlassian.net")
OTHER = Site("other", "https://other.atlassian.net")

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
subdomains = st.lists(labels, min_size=1, max_size=4).map(".".join)
workloads = st.builds(ref, subdomains, kind=st.sampled_from(Kind), namespace=labels)


def find(one: Snapshot | None = None, *sites: Site, **around: Any) -> Target | NoSite:
    known = {site.name: site for site in sites or (DEFAULT,)}
    return find_target(
        one or snapshot(), ("SHOP-41", "SHOP-57"), Surroundings(namespace(**around), "eu1", known)
    )


def found(one: Snapshot | None = None, *sites: Site, **around: Any) -> Target:
    target = find(one, *sites, **around)
    assert isinstance(target, Target)
    return target


# Pipelines.


def test_a_pipeline_is_named_by_cluster_namespace_kind_and_name() -> None:
    pipeline = found().pipeline

    assert pipeline.id == "eu1.shop.deployment.checkout"
    assert pipeline.name == "checkout"


def test_a_deployment_and_a_rollout_of_one_name_are_two_pipelines() -> None:
    rollout = snapshot(ref=ref(kind=Kind.ROLLOUT))

    assert pipeline_id(rollout, "eu1") == "eu1.shop.rollout.checkout"


def test_a_pipeline_of_ones_own_stays_over_a_change_of_kind_and_name() -> None:
    before = snapshot(wishes=wishes(pipeline="payments"))
    after = snapshot(ref=ref("payments-v2", kind=Kind.ROLLOUT), wishes=wishes(pipeline="payments"))

    assert pipeline_id(before, "eu1") == pipeline_id(after, "eu1")


def test_a_pipeline_of_ones_own_does_not_reach_into_another_namespace() -> None:
    here = snapshot(wishes=wishes(pipeline="payments"))
    there = snapshot(ref=ref(namespace="bank"), wishes=wishes(pipeline="payments"))

    assert pipeline_id(here, "eu1") != pipeline_id(there, "eu1")


def test_a_workload_made_again_keeps_its_pipeline() -> None:
    assert pipeline_id(snapshot(ref=ref(uid="uid-2")), "eu1") == pipeline_id(snapshot(), "eu1")


@given(workloads, st.text(max_size=300), st.none() | st.text(max_size=300))
def test_a_pipelines_id_is_safe_in_a_url_and_no_longer_than_jira_takes(
    workload: Any, cluster: str, own: str | None
) -> None:
    identifier = pipeline_id(snapshot(ref=workload, wishes=wishes(pipeline=own)), cluster)

    assert re.fullmatch(r"[A-Za-z0-9._~-]{1,255}", identifier)


@given(st.lists(workloads, min_size=2, max_size=2, unique_by=lambda one: one.place))
def test_two_workloads_of_a_cluster_never_share_a_pipeline(pair: list[Any]) -> None:
    one, other = (pipeline_id(snapshot(ref=each), "eu1") for each in pair)

    assert one != other


@pytest.mark.parametrize("length", [230, 253])
def test_names_that_differ_only_past_the_cut_are_still_two_pipelines(length: int) -> None:
    cluster, beginning = "production-cluster-in-frankfurt", "a" * (length - 1)
    one, other = (pipeline_id(snapshot(ref=ref(beginning + end)), cluster) for end in "bc")

    assert one != other
    assert len(one) == len(other) == 255


@pytest.mark.parametrize(("one", "other"), [("billing eu", "billing/eu"), ("結帳", "付款")])
def test_pipelines_that_were_named_differently_are_two(one: str, other: str) -> None:
    named = [snapshot(wishes=wishes(pipeline=name)) for name in (one, other)]

    assert pipeline_id(named[0], "eu1") != pipeline_id(named[1], "eu1")


# Sites.


def test_without_a_word_it_is_the_site_default() -> None:
    assert found(None, DEFAULT, OTHER).site == "default"


def test_a_workload_chooses_its_site() -> None:
    assert found(snapshot(wishes=wishes(site="other")), DEFAULT, OTHER, site="default").site == "other"


def test_a_namespace_chooses_the_site_of_its_workloads() -> None:
    assert found(None, DEFAULT, OTHER, site="other").site == "other"


def test_a_missing_site_is_named_together_with_those_that_are_there() -> None:
    target = find(snapshot(wishes=wishes(site="otter")), OTHER, DEFAULT)

    assert isinstance(target, NoSite)
    assert "'otter'" in target.message
    assert "default, other" in target.message


def test_where_there_is_no_site_at_all_the_message_says_so() -> None:
    target = find_target(snapshot(), ("SHOP-41",), Surroundings(namespace(), "eu1", {}))

    assert isinstance(target, NoSite)
    assert "'default'" in target.message
    assert "none" in target.message


def test_the_rules_of_the_chosen_site_name_the_environment() -> None:
    ruled = Site(
        "other", OTHER.url, rules=(EnvironmentRule(("shop",), "Webshop", EnvironmentType.PRODUCTION),)
    )

    assert found(snapshot(wishes=wishes(site="other")), DEFAULT, ruled).environment.name == "Webshop"
    assert found(None, DEFAULT, ruled).environment.name == "shop"


# Links.


def test_without_any_wish_the_link_leads_to_the_first_issue() -> None:
    site = Site("default", "https://example.atlassian.net/")

    assert found(None, site).url == "https://example.atlassian.net/browse/SHOP-41"


def test_a_sites_template_makes_the_link() -> None:
    site = Site("default", DEFAULT.url, url_template="https://cd.example/{namespace}/{kind}/{name}?{tab}")

    assert found(None, site).url == "https://cd.example/shop/deployment/checkout?{tab}"


def test_a_link_that_the_user_wrote_wins() -> None:
    site = Site("default", DEFAULT.url, url_template="https://cd.example/{name}")
    one = snapshot(wishes=wishes("SHOP-41", url="http://ci.example/build/7"))

    assert found(one, site).url == "http://ci.example/build/7"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://ci.example", "ci.example/7", "https://", "https:// x"]
)
def test_a_link_that_is_none_for_the_web_is_left_out_with_a_hint(url: str) -> None:
    target = found(snapshot(wishes=wishes("SHOP-41", url=url)))

    assert target.url == "https://example.atlassian.net/browse/SHOP-41"
    assert any(repr(url) in hint for hint in target.hints)


def test_where_nothing_is_odd_there_is_no_hint() -> None:
    assert found(snapshot(wishes=wishes("SHOP-41", environment="prod"))).hints == ()
