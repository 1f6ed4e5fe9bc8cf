from typing import Any

import pytest

from unit.sandbox.client import KEY, Clock, Jira, deployment

IDENTITY = {"pipelineId": "eu1.checkout", "environmentId": "eu1", "deploymentSequenceNumber": 1}


def issues(*values: str, kind: str = "issueIdOrKeys") -> list[dict[str, Any]]:
    return [{"associationType": kind, "values": list(values)}]


def replaced(field: str, **fields: Any) -> dict[str, Any]:
    return {field: {**deployment()[field], **fields}}


async def test_a_good_deployment_is_accepted_and_stored(jira: Jira) -> None:
    response = await jira.submit(deployment(), providerMetadata={"product": "Rollout Reporter 0.1"})

    assert response.status_code == 202
    assert response.json() == {
        "acceptedDeployments": [IDENTITY],
        "rejectedDeployments": [],
        "unknownIssueKeys": [],
        "unknownAssociations": [],
    }
    assert (await jira.get(KEY)).json() == deployment()


async def test_unknown_fields_are_tolerated_and_not_stored(jira: Jira) -> None:
    await jira.submit(deployment(id="1.0"), operationType="NORMAL")

    assert await jira.stored() == [deployment()]


async def test_numbers_may_come_as_text_and_need_64_bits(jira: Jira) -> None:
    await jira.submit(deployment(number=2**63 - 1, updateSequenceNumber="640000000000000000"))

    assert await jira.stored() == [deployment(number=2**63 - 1, update=640_000_000_000_000_000)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "Request body is invalid"),
        ({}, "'deployments' is required"),
        ({"deployments": []}, "'deployments' must not be empty"),
        ({"deployments": [deployment()] * 101}, "'deployments' can have a maximum of 100 elements"),
        ({"deployments": ["x"]}, "'deployments[0]' is invalid"),
        ({"deployments": [deployment(pipeline=None)]}, "'pipeline' is required"),
        ({"deployments": [replaced("environment", id=None)]}, "'pipeline' is required"),
        ({"deployments": [deployment(number=2**63)]}, "'deploymentSequenceNumber' is invalid"),
        (
            {"deployments": [deployment(deploymentSequenceNumber="x")]},
            "'deploymentSequenceNumber' is invalid",
        ),
        (
            {"deployments": [deployment()], "properties": {"a:b": "c"}},
            "must not contain ':' nor start with '_'",
        ),
        (
            {"deployments": [deployment()], "properties": {"_a": "c"}},
            "must not contain ':' nor start with '_'",
        ),
        ({"deployments": [deployment()], "properties": {"a": "c" * 256}}, "a maximum of 255 characters"),
        (
            {"deployments": [deployment()], "properties": {str(n): "" for n in range(6)}},
            "'properties' can have a maximum of 5 elements",
        ),
        ({"deployments": [deployment()], "providerMetadata": "x"}, "'providerMetadata' is invalid"),
    ],
)
async def test_a_request_of_wrong_format_is_bad_as_a_whole(jira: Jira, content: Any, message: str) -> None:
    response = await jira.post(content)

    assert response.status_code == 400
    errors = response.json()
    assert isinstance(errors, list)
    assert errors[0].keys() == {"message", "errorTraceId"}
    assert message in errors[0]["message"]
    assert await jira.stored() == []


@pytest.mark.parametrize("body", [b"", b"{", b'{"deployments": NaN}', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_not_json_is_bad(jira: Jira, body: bytes) -> None:
    headers = {**jira.headers, "Content-Type": "application/json"}

    response = await jira.http.post(f"{jira.base}/bulk", content=body, headers=headers)

    assert response.status_code == 400
    assert response.json()[0]["message"] == "Request body is not valid JSON"


async def test_a_body_has_to_be_declared_as_json(jira: Jira) -> None:
    response = await jira.http.post(f"{jira.base}/bulk", content=b"{}", headers=jira.headers)

    assert response.status_code == 415


async def test_a_hundred_deployments_are_not_too_many(jira: Jira) -> None:
    response = await jira.submit(*(deployment(number=number) for number in range(100)))

    assert len(response.json()["acceptedDeployments"]) == 100


async def test_a_body_beyond_the_limit_is_too_large(jira: Jira) -> None:
    await jira.configure(maxBodyBytes=1500)

    assert (await jira.submit(deployment())).status_code == 202
    response = await jira.submit(deployment(number=2), deployment(number=3), deployment(number=4))

    assert response.status_code == 413
    assert "message" in response.json()[0]
    assert len(await jira.stored()) == 1


LONG = "x" * 256
LONG_URL = "https://example.com/" + "x" * 2000


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"updateSequenceNumber": None}, "'updateSequenceNumber' is required"),
        ({"updateSequenceNumber": 2**63}, "'updateSequenceNumber' is invalid"),
        ({"displayName": None}, "'displayName' is required"),
        ({"displayName": ""}, "'displayName' is required"),
        ({"displayName": LONG}, "'displayName' can have a maximum of 255 characters"),
        ({"displayName": "😀" * 128}, "'displayName' can have a maximum of 255 characters"),
        ({"url": None}, "'url' is required"),
        ({"url": ""}, "'url' is required"),
        ({"url": "/apps"}, "'url' must be an absolute URL"),
        ({"url": LONG_URL}, "'url' can have a maximum of 2000 characters"),
        ({"description": ""}, "'description' is required"),
        ({"description": LONG}, "'description' can have a maximum of 255 characters"),
        ({"label": LONG}, "'label' can have a maximum of 255 characters"),
        ({"lastUpdated": None}, "'lastUpdated' is required"),
        ({"lastUpdated": "2026-11-24T08:00:00"}, "'lastUpdated' must be a date and time after RFC 3339"),
        ({"lastUpdated": "2026-11-24T08:00Z"}, "'lastUpdated' must be a date and time after RFC 3339"),
        ({"lastUpdated": 1795507200}, "'lastUpdated' must be a date and time after RFC 3339"),
        ({"lastUpdated": "2026-13-24T08:00:00Z"}, "'lastUpdated' is invalid"),
        ({"state": "canceled"}, "'state' is invalid"),
        ({"state": "SUCCESSFUL"}, "'state' is invalid"),
        ({"schemaVersion": "2.0"}, "'schemaVersion' is invalid"),
        (replaced("pipeline", id=""), "'pipeline.id' is required"),
        (replaced("pipeline", id=LONG), "'pipeline.id' can have a maximum of 255 characters"),
        (
            replaced("pipeline", displayName=LONG),
            "'pipeline.displayName' can have a maximum of 255 characters",
        ),
        (replaced("pipeline", url=None), "'pipeline.url' is required"),
        (replaced("pipeline", url=""), "'pipeline.url' is required"),
        (replaced("environment", id=LONG), "'environment.id' can have a maximum of 255 characters"),
        (replaced("environment", displayName=""), "'environment.displayName' is required"),
        (replaced("environment", type=None), "'environment.type' is required"),
        (replaced("environment", type="Production"), "'environment.type' is invalid"),
        ({"associations": None}, "'associations' is required"),
        ({"associations": []}, "'associations' must not be empty"),
        ({"associations": [*issues("SHOP-1"), {}]}, "'associations[1]' is invalid"),
        ({"associations": issues("SHOP-1", kind="issues")}, "'associations[0]' is invalid"),
        (
            {"associations": [{"associationType": "issueIdOrKeys", "values": []}]},
            "'associations[0].values' must not be empty",
        ),
        ({"associations": issues("")}, "'associations[0].values[0]' must be an issue key"),
        ({"associations": issues("SHOP-1, SHOP-2")}, "'associations[0].values[0]' must be an issue key"),
        (
            {"associations": issues(*(f"SHOP-{n}" for n in range(501)))},
            "'associations[0].values' can have a maximum of 500 elements",
        ),
        (
            {
                "associations": issues(*(f"SHOP-{n}" for n in range(1, 301)))
                + issues(*(f"service-{n}" for n in range(300)), kind="serviceIdOrKeys")
            },
            "all association types can have a maximum of 500 elements. Found 600.",
        ),
        (
            {
                "associations": [
                    *issues("SHOP-1"),
                    *issues("SHOP-1", kind="issueKeys"),
                    *issues("s", kind="serviceIdOrKeys"),
                    {"associationType": "repository", "values": [{"repositoryId": "r"}]},
                ]
            },
            "'associations' can have a maximum of 3 elements",
        ),
        ({"associations": issues("SHOP-1") * 2}, "each association type may appear once"),
        ({"issueKeys": ["SHOP-1"]}, "'issueKeys' and 'associations' are mutually exclusive"),
        ({"associations": None, "issueKeys": ["SHOP"]}, "'issueKeys[0]' must be an issue key"),
        (
            {"associations": None, "issueKeys": [f"SHOP-{n}" for n in range(1, 102)]},
            "'issueKeys' can have a maximum of 100 elements",
        ),
        ({"commands": [{"command": "make_coffee"}]}, "'commands[0].command' is invalid"),
        (
            {"commands": [{"command": "initiate_deployment_gating"}]},
            "'initiate_deployment_gating' is only possible with state 'pending'",
        ),
    ],
)
async def test_a_bad_deployment_is_rejected_alone(jira: Jira, fields: dict[str, Any], message: str) -> None:
    bad = {**deployment(number=2), **fields}

    response = await jira.submit(
        {name: value for name, value in bad.items() if value is not None}, deployment(number=3)
    )

    assert response.status_code == 202
    body = response.json()
    assert [one["deploymentSequenceNumber"] for one in body["acceptedDeployments"]] == [3]
    [rejected] = body["rejectedDeployments"]
    assert rejected["key"]["deploymentSequenceNumber"] == 2
    assert message in rejected["errors"][0]["message"]
    assert rejected["errors"][0]["errorTraceId"]
    assert [one["deploymentSequenceNumber"] for one in await jira.stored()] == [3]


async def test_all_that_is_wrong_with_a_deployment_is_told(jira: Jira) -> None:
    response = await jira.submit(deployment(url="", description=None))

    [rejected] = response.json()["rejectedDeployments"]
    assert {error["message"] for error in rejected["errors"]} == {
        "'url' is required",
        "'description' is required",
    }


async def test_texts_of_just_the_limit_are_accepted(jira: Jira) -> None:
    text = "é" * 255
    url = "https://example.com/" + "x" * 1980

    response = await jira.submit(
        deployment(displayName=text, description=text, label=text, url=url, **replaced("pipeline", id=text))
    )

    assert response.json()["rejectedDeployments"] == []


async def test_five_hundred_values_in_all_are_accepted(jira: Jira) -> None:
    associations = issues(*(f"SHOP-{n}" for n in range(1, 301))) + issues(
        *(f"service-{n}" for n in range(200)), kind="serviceIdOrKeys"
    )

    response = await jira.submit(deployment(associations=associations))

    assert response.json()["rejectedDeployments"] == []


async def test_an_update_out_of_order_is_accepted_but_dropped(jira: Jira) -> None:
    await jira.submit(deployment(update=5))

    for update in (5, 4):
        response = await jira.submit(deployment("SHOP-2", update=update))
        assert response.json()["acceptedDeployments"] == [IDENTITY]

    assert (await jira.get(KEY)).json() == deployment(update=5)
    state = await jira.state()
    assert [one["deployment"]["updateSequenceNumber"] for one in state["dropped"]] == [5, 4]
    assert [one["deployment"]["updateSequenceNumber"] for one in state["history"]] == [5]


async def test_an_update_replaces_everything(jira: Jira) -> None:
    await jira.submit(deployment("SHOP-1", "SHOP-2", label="1.4.2"))
    await jira.submit(deployment("SHOP-2", "SHOP-3", update=2))

    assert (await jira.get(KEY)).json() == deployment("SHOP-2", "SHOP-3", update=2)
    assert (await jira.state())["issues"] == {"SHOP-2": [IDENTITY], "SHOP-3": [IDENTITY]}


async def test_a_rejected_update_leaves_what_is_stored(jira: Jira) -> None:
    await jira.submit(deployment())
    await jira.submit(deployment(update=2, url=""))

    assert await jira.stored() == [deployment()]


async def test_unknown_issues_are_left_out_and_told_for_the_request_as_a_whole(jira: Jira) -> None:
    await jira.configure(projects=["SHOP"], unknownKeys=["SHOP-404"])

    response = await jira.submit(
        deployment("UTF-8", "SHOP-1", "SHOP-404", number=1), deployment("UTF-8", "SHOP-2", "shop-3", number=2)
    )

    body = response.json()
    assert len(body["acceptedDeployments"]) == 2
    assert body["unknownAssociations"] == issues("UTF-8", "SHOP-404", "shop-3")
    assert body["unknownIssueKeys"] == []
    assert [one["associations"] for one in await jira.stored()] == [issues("SHOP-1"), issues("SHOP-2")]


async def test_a_deployment_of_which_nothing_is_known_is_rejected(jira: Jira) -> None:
    await jira.configure(projects=["SHOP"])

    response = await jira.submit(deployment("UTF-8", "10012"))

    body = response.json()
    assert body["acceptedDeployments"] == []
    [error] = body["rejectedDeployments"][0]["errors"]
    assert error["message"] == "No valid associations found for deployment"
    assert body["unknownAssociations"] == issues("UTF-8", "10012")
    assert await jira.stored() == []


@pytest.mark.parametrize("key", ["S-1", "SHOP-1", "SHOP_2-17", "UTF-8"])
async def test_every_well_formed_key_exists_by_default(jira: Jira, key: str) -> None:
    response = await jira.submit(deployment(key))

    assert response.json()["unknownAssociations"] == []


@pytest.mark.parametrize("key", ["shop-1", "SHOP-0", "SHOP-012", "1SHOP-1", "ÄRGER-1", "_A-1"])
async def test_no_other_key_exists(jira: Jira, key: str) -> None:
    response = await jira.submit(deployment(key, "SHOP-1"))

    assert response.json()["unknownAssociations"] == issues(key)


async def test_the_deprecated_field_is_answered_in_its_own(jira: Jira) -> None:
    await jira.configure(unknownKeys=["SHOP-404"])
    keys = ["SHOP-1", "SHOP-404"]

    response = await jira.submit(
        deployment(number=1, associations=None, issueKeys=keys),
        deployment(number=2, associations=None, issueKeys=["SHOP-404"]),
    )

    body = response.json()
    assert [one["deploymentSequenceNumber"] for one in body["acceptedDeployments"]] == [1]
    assert (
        body["rejectedDeployments"][0]["errors"][0]["message"] == "No valid associations found for deployment"
    )
    assert body["unknownIssueKeys"] == ["SHOP-404"]
    assert body["unknownAssociations"] == []
    assert [one["issueKeys"] for one in await jira.stored()] == [["SHOP-1"]]


async def test_services_are_associations_too(jira: Jira) -> None:
    await jira.configure(unknownKeys=["gone"])

    response = await jira.submit(
        deployment(associations=issues("checkout", "gone", "", kind="serviceIdOrKeys"))
    )

    assert response.json()["acceptedDeployments"] == [IDENTITY]
    assert response.json()["unknownAssociations"] == issues("gone", "", kind="serviceIdOrKeys")
    assert (await jira.state())["deployments"][0]["services"] == ["checkout"]


async def test_commits_and_repositories_that_nobody_told_of_are_unknown(jira: Jira) -> None:
    commit = {"associationType": "commit", "values": [{"commitHash": "9f2c1d7", "repositoryId": "shop"}]}
    repository = {"associationType": "repository", "values": [{"repositoryId": "shop"}]}

    response = await jira.submit(
        deployment(number=1, associations=[*issues("SHOP-1"), commit]),
        deployment(number=2, associations=[commit, repository]),
    )

    body = response.json()
    assert [one["deploymentSequenceNumber"] for one in body["acceptedDeployments"]] == [1]
    assert [one["key"]["deploymentSequenceNumber"] for one in body["rejectedDeployments"]] == [2]
    assert body["unknownAssociations"] == [commit, repository]


async def test_what_is_accepted_shows_after_the_configured_delay(jira: Jira, clock: Clock) -> None:
    await jira.configure(visibilityDelay=3)

    await jira.submit(deployment())
    assert (await jira.get(KEY)).status_code == 404
    assert (await jira.state())["pending"] == 1

    clock.advance(3)
    assert (await jira.get(KEY)).status_code == 200

    await jira.delete(KEY)
    assert (await jira.get(KEY)).status_code == 200
    clock.advance(3)
    assert (await jira.get(KEY)).status_code == 404


async def test_what_does_not_show_yet_is_forgotten_with_the_credential(jira: Jira, clock: Clock) -> None:
    await jira.configure(visibilityDelay=3)
    await jira.submit(deployment())

    await jira.http.post("/sandbox/forget")
    clock.advance(3)

    assert await jira.stored() == []
