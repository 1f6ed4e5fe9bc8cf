"""What the operator may do, as the API server tells before it is tried."""

from typing import Any

import pytest
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.cluster import rights
from rollout_reporter.cluster.errors import UnavailableError
from rollout_reporter.cluster.rights import watching_is_forbidden
from rollout_reporter.core.workload import Kind

BOTH = (Kind.DEPLOYMENT, Kind.ROLLOUT)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Verbs and resources that an API server does not allow."""
    refused: set[tuple[str, str]] = set()

    async def review(_: object, __: str, body: dict[str, Any]) -> dict[str, Any]:
        asked = body["spec"]["resourceAttributes"]
        return {"status": {"allowed": (asked["verb"], asked["resource"]) not in refused}}

    monkeypatch.setattr(rights, "create", review)
    return refused


@pytest.mark.usefixtures("refused")
async def test_with_all_rights_there_is_nothing_to_say(api: ApiClient) -> None:
    assert await watching_is_forbidden(api, BOTH) is None


@pytest.mark.parametrize(
    ("missing", "namespace", "sentence"),
    [
        (("list", "deployments"), "", "the operator may not list deployments.apps in all namespaces"),
        (("watch", "rollouts"), "shop", "the operator may not watch rollouts.argoproj.io in namespace shop"),
    ],
)
async def test_a_missing_right_is_named(
    api: ApiClient, refused: set[tuple[str, str]], missing: tuple[str, str], namespace: str, sentence: str
) -> None:
    refused.add(missing)

    assert await watching_is_forbidden(api, BOTH, namespace) == sentence


async def test_an_api_server_that_does_not_tell_is_not_taken_at_its_word(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> dict[str, Any]:
        raise UnavailableError("no answer")

    monkeypatch.setattr(rights, "create", fail)

    with pytest.raises(UnavailableError):
        await watching_is_forbidden(api, BOTH)
