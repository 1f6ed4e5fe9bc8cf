"""What the README tells people to apply fits what it tells them to install."""

import re
from pathlib import Path
from typing import Any

import yaml

from rollout_reporter.cluster.resources import JiraSiteSpec

TREE = Path(__file__).parents[3]
README = (TREE / "README.md").read_text()


def applied() -> dict[str, Any]:
    """The JiraSite of the way without Helm."""
    [text] = re.findall(r"apply -f - <<EOF\n(.*?)\nEOF\n", README, re.DOTALL)
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def installed(kind: str) -> list[Any]:
    objects = yaml.safe_load_all((TREE / "manifests" / "install.yaml").read_text())
    return [each for each in objects if each and each["kind"] == kind]


def test_the_jira_site_is_one_that_the_operator_takes() -> None:
    site = applied()

    [definition] = [
        each
        for each in installed("CustomResourceDefinition")
        if each["spec"]["names"]["kind"] == site["kind"]
    ]
    version = definition["spec"]["versions"][0]["name"]
    assert site["apiVersion"] == f"{definition['spec']['group']}/{version}"
    assert JiraSiteSpec.model_validate(site["spec"]).site_url == "https://example.atlassian.net"


def test_its_secret_is_the_one_that_is_created_and_that_the_operator_may_read() -> None:
    name = applied()["spec"]["credentialsSecretRef"]["name"]
    [role] = installed("Role")
    readable = [rule.get("resourceNames") for rule in role["rules"] if rule["resources"] == ["secrets"]]

    assert readable == [[name]]
    assert f"create secret generic {name} " in README


def test_it_is_where_the_operator_is() -> None:
    [deployment] = installed("Deployment")

    assert applied()["metadata"]["namespace"] == deployment["metadata"]["namespace"]
    assert f"delete deployment {deployment['metadata']['name']}\n" in README
