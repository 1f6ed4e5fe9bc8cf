from urllib.parse import quote

import pytest

from unit.sandbox.client import KEY, Jira, deployment


async def test_what_was_never_sent_is_not_found(jira: Jira) -> None:
    response = await jira.get(KEY)

    assert response.status_code == 404
    assert response.json()[0]["message"]


async def test_ids_are_percent_encoded_in_the_path(jira: Jira) -> None:
    hostile = {"id": "eu1/shop ?#%2F.ü", "displayName": "x", "url": "https://example.com"}
    await jira.submit(deployment(pipeline=hostile))

    segment = quote(hostile["id"], safe="")
    response = await jira.get(f"pipelines/{segment}/environments/eu1/deployments/1")

    assert response.json()["pipeline"]["id"] == hostile["id"]


@pytest.mark.parametrize("number", ["x", "-1", "1.0", str(2**63), "9" * 5000, "²"])
async def test_a_number_that_is_none_is_a_bad_path(jira: Jira, number: str) -> None:
    response = await jira.get(f"pipelines/p/environments/e/deployments/{quote(number)}")

    assert response.status_code == 400


async def test_an_id_beyond_the_limit_is_a_bad_path(jira: Jira) -> None:
    assert (await jira.get(f"pipelines/{'x' * 256}/environments/e/deployments/1")).status_code == 400


@pytest.mark.parametrize("path", ["", "bulk", "pipelines/p", f"{KEY}/more"])
async def test_there_is_nothing_elsewhere(jira: Jira, path: str) -> None:
    assert (await jira.get(path)).status_code == 404


async def test_one_deployment_can_be_deleted(jira: Jira) -> None:
    await jira.submit(deployment(number=1), deployment(number=2))

    response = await jira.delete(KEY)

    assert (response.status_code, response.content) == (202, b"")
    assert [one["deploymentSequenceNumber"] for one in await jira.stored()] == [2]


async def test_deleting_what_is_not_there_is_accepted(jira: Jira) -> None:
    assert (await jira.delete(KEY)).status_code == 202


async def test_deployments_can_be_deleted_by_all_of_the_properties_given(jira: Jira) -> None:
    await jira.submit(deployment(number=1), properties={"cluster": "eu1", "namespace": "shop"})
    await jira.submit(deployment(number=2), properties={"cluster": "eu1", "namespace": "pay"})
    await jira.submit(deployment(number=3))

    response = await jira.delete("bulkByProperties", cluster="eu1", namespace="shop")

    assert response.status_code == 202
    assert [one["deploymentSequenceNumber"] for one in await jira.stored()] == [2, 3]


async def test_properties_are_never_given_back_by_jira(jira: Jira) -> None:
    await jira.submit(deployment(), properties={"cluster": "eu1"})

    assert "properties" not in (await jira.get(KEY)).json()


@pytest.mark.parametrize("query", [{}, {"_updateSequenceNumber": "7"}])
async def test_deleting_by_properties_needs_one(jira: Jira, query: dict[str, str]) -> None:
    response = await jira.delete("bulkByProperties", **query)

    assert response.status_code == 400
    assert isinstance(response.json(), list)


async def test_a_gated_deployment_awaits_its_approval(jira: Jira) -> None:
    await jira.submit(deployment(state="pending", commands=[{"command": "initiate_deployment_gating"}]))

    response = await jira.get(f"{KEY}/gating-status")

    assert response.json() == {
        "pipelineId": "eu1.checkout",
        "environmentId": "eu1",
        "deploymentSequenceNumber": 1,
        "gatingStatus": "awaiting",
        "updatedTimestamp": "2026-11-24T08:00:30.000+00:00",
        "details": [],
    }


async def test_a_deployment_that_asked_for_no_gating_has_no_valid_status(jira: Jira) -> None:
    assert (await jira.get(f"{KEY}/gating-status")).status_code == 404

    await jira.submit(deployment())

    assert (await jira.get(f"{KEY}/gating-status")).json()["gatingStatus"] == "invalid"


async def test_paths_are_exact(jira: Jira) -> None:
    assert (await jira.http.post("/oauth/token/", json={})).status_code == 404
