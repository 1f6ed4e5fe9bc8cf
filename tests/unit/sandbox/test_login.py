import pytest

from unit.sandbox.client import KEY, Clock, Jira, deployment

UNAUTHORIZED = {"code": 401, "message": "Unauthorized"}


async def test_the_site_tells_its_cloud_id_to_everybody(jira: Jira) -> None:
    response = await jira.http.get("/_edge/tenant_info")

    assert response.status_code == 200
    assert response.json() == {"cloudId": jira.base.rpartition("/")[2]}


async def test_right_credentials_get_a_token(jira: Jira) -> None:
    one, other = [(await jira.ask_token()).json() for _ in range(2)]

    assert one.keys() == {"access_token", "expires_in", "token_type"}
    assert (one["expires_in"], one["token_type"]) == (900, "Bearer")
    assert one["access_token"] != other["access_token"]


@pytest.mark.parametrize("wrong", [{"client_id": "other"}, {"client_secret": "ü"}])
async def test_wrong_credentials_are_denied(jira: Jira, wrong: dict[str, str]) -> None:
    response = await jira.ask_token(**wrong)

    assert response.status_code == 401
    assert response.json() == {"error": "access_denied", "error_description": "Unauthorized"}


@pytest.mark.parametrize(
    ("fields", "description"),
    [
        ({"audience": None}, "'audience' is required"),
        ({"audience": "elsewhere"}, "'audience' is invalid: Input should be 'api.atlassian.com'"),
        ({"grant_type": "password"}, "'grant_type' is invalid: Input should be 'client_credentials'"),
        ({"client_secret": None}, "'client_secret' is required"),
    ],
)
async def test_an_incomplete_token_request_is_bad(
    jira: Jira, fields: dict[str, str], description: str
) -> None:
    response = await jira.ask_token(**fields)

    assert response.status_code == 400
    assert response.json() == {"error": "invalid_request", "error_description": description}


async def test_a_token_request_is_json(jira: Jira) -> None:
    form = await jira.http.post("/oauth/token", data={"grant_type": "client_credentials"})
    broken = await jira.http.post(
        "/oauth/token", content="{", headers={"Content-Type": "application/json; charset=utf-8"}
    )

    assert form.status_code == broken.status_code == 400


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer guessed", "Basic ZGVtbzpkZW1v"])
async def test_a_request_without_a_known_token_is_unauthorized(jira: Jira, header: str | None) -> None:
    jira.headers = {} if header is None else {"Authorization": header}

    for response in (
        await jira.submit(deployment()),
        await jira.get(KEY),
        await jira.get(f"{KEY}/gating-status"),
        await jira.delete(KEY),
        await jira.delete("bulkByProperties", cluster="eu1"),
    ):
        assert (response.status_code, response.json()) == (401, UNAUTHORIZED)


async def test_a_token_ends_by_the_clock(jira: Jira, clock: Clock) -> None:
    clock.advance(899)
    assert (await jira.submit(deployment())).status_code == 202

    clock.advance(1)
    assert (await jira.submit(deployment())).json() == UNAUTHORIZED

    await jira.log_in()
    assert (await jira.submit(deployment())).status_code == 202


async def test_the_lifetime_of_tokens_can_be_changed(jira: Jira, clock: Clock) -> None:
    await jira.configure(tokenLifetime=5)
    await jira.log_in()
    assert (await jira.ask_token()).json()["expires_in"] == 5

    clock.advance(5)
    assert (await jira.get(KEY)).status_code == 401


async def test_credentials_can_be_changed(jira: Jira) -> None:
    await jira.configure(clientId="new", clientSecret="new-secret")

    assert (await jira.ask_token()).status_code == 401
    assert (await jira.ask_token(client_id="new", client_secret="new-secret")).status_code == 200


async def test_another_cloud_id_is_not_found(jira: Jira) -> None:
    jira.base = "/jira/deployments/0.1/cloud/3f0c6a52-0d3b-4c0e-9a11-2f7b6f1f9d20"

    assert (await jira.submit(deployment())).status_code == 404
    assert (await jira.get(KEY)).status_code == 404


async def test_a_deleted_app_takes_its_data_and_its_tokens_along(jira: Jira) -> None:
    await jira.submit(deployment())

    assert (await jira.http.post("/sandbox/forget")).status_code == 204

    assert await jira.stored() == []
    assert (await jira.submit(deployment())).status_code == 401
    await jira.log_in()
    assert (await jira.submit(deployment())).status_code == 202


async def test_another_credential_has_deployments_of_its_own(jira: Jira) -> None:
    await jira.submit(deployment(update=9))
    await jira.configure(clientId="new")
    await jira.log_in(client_id="new")

    assert (await jira.get(KEY)).status_code == 404
    await jira.submit(deployment(update=1))
    assert (await jira.get(KEY)).json()["updateSequenceNumber"] == 1
    await jira.http.post("/sandbox/forget")
    assert [one["updateSequenceNumber"] for one in await jira.stored()] == [9]
