"""What options may say: the same as values of the chart, with the same sentence if not."""

import pytest
import typer

from rollout_reporter.cli import texts
from unit.chart.helm import Values, refusal


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (texts.cluster_name, "prod-eu-1"),
        (texts.cluster_name, "x" * 100),
        (texts.namespaces, "shop, depot"),
        (texts.namespace_globs, "kube-system,test-*,[!a]?,[a-c]x"),
        (texts.hosts, "jira.example,proxy_1:8443 [::1]:80"),
        (texts.hosts, ""),
    ],
)
def test_what_makes_sense_is_taken_as_it_is(check: texts.Check, text: str) -> None:
    assert check(text) == text


@pytest.mark.parametrize(
    ("check", "text", "values", "advice"),
    [
        (texts.cluster_name, "a b", {"clusterName": "a b"}, "cannot be part of an id: write letters, digits"),
        (
            texts.namespaces,
            "shop-*",
            {"clusterName": "c", "watchNamespaces": ["shop-*"]},
            "is no namespace's name (globs cannot have Roles): name each namespace, or",
        ),
        (
            texts.namespace_globs,
            "Shop",
            {"excludeNamespaces": ["Shop"]},
            "can match no Namespace: write a name, with the wildcards",
        ),
        (
            texts.hosts,
            "https://x/",
            {"jira": {"allowedHosts": ["https://x/"]}},
            "is no host: write a name or name:port, without https:// and without a path",
        ),
        (
            texts.label_selector,
            "a=(",
            {"namespaceSelector": "a=("},
            "is no label selector: write what kubectl takes",
        ),
    ],
    ids=["clusterName", "watchNamespaces", "excludeNamespaces", "allowedHosts", "namespaceSelector"],
)
def test_what_the_chart_refuses_is_refused_in_its_words(
    check: texts.Check, text: str, values: Values, advice: str
) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        check(text)

    assert f"{text!r} {advice}" in refused.value.message
    assert f'"{text}" {advice}' in refusal(values)


def test_one_wrong_word_in_a_list_is_named() -> None:
    with pytest.raises(typer.BadParameter, match="'b/c' is no host"):
        texts.hosts("a, b/c")


@pytest.mark.parametrize(
    "selector",
    [
        "",
        "team",
        "!team",
        "! team",
        "team=shop",
        "team = shop, stage!=test",
        "team==shop",
        "team=",
        "example.com/team in (shop, depot),!legacy",
        "team notin (shop)",
        "team in ()",
        "kubernetes.io/metadata.name=shop",
        "rank>3,rank < 9",
    ],
)
def test_each_form_of_a_label_selector_is_taken(selector: str) -> None:
    assert texts.label_selector(selector) == selector


@pytest.mark.parametrize(
    "selector",
    ["a=(", "=a", "team=shop,", "team in shop", "team in (shop", "a b", "a=b=c", "/a", "a>b", "a;b", "!a=b"],
)
def test_what_no_api_server_takes_for_a_label_selector_is_refused_with_examples(selector: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no label selector: write what kubectl takes"):
        texts.label_selector(selector)
