from typing import Any

import pytest

from unit.sandbox.client import KEY, Jira, deployment


@pytest.mark.parametrize("kind", [400, 413, 500])
async def test_an_error_of_the_api_is_an_array(jira: Jira, kind: int) -> None:
    await jira.break_(kind, operation="bulk", message="No")

    response = await jira.submit(deployment())

    assert response.status_code == kind
    [error] = response.json()
    assert error["message"] == "No"
    assert await jira.stored() == []


@pytest.mark.parametrize(
    ("kind", "message"), [(401, "Unauthorized"), ("403", "Forbidden"), (404, "Not Found")]
)
async def test_an_error_of_the_gateway_is_an_object(jira: Jira, kind: int | str, message: str) -> None:
    await jira.break_(kind)

    response = await jira.submit(deployment())

    assert response.status_code == int(kind)
    assert response.json() == {"code": int(kind), "message": message}


async def test_the_words_of_an_error_can_be_chosen(jira: Jira) -> None:
    await jira.break_(401, message="Unauthorized; scope does not match")

    response = await jira.submit(deployment())

    assert response.json() == {"code": 401, "message": "Unauthorized; scope does not match"}


@pytest.mark.parametrize(
    ("after", "reset"), [(0, "2026-11-24T08:00Z"), (30, "2026-11-24T08:01Z"), (31, "2026-11-24T08:01Z")]
)
async def test_a_rate_limit_says_little(jira: Jira, after: int, reset: str) -> None:
    await jira.break_(429, operation="bulk", resetAfter=after, reason="jira-quota-tenant-based")

    response = await jira.submit(deployment())

    assert (response.status_code, response.content) == (429, b"")
    assert "Retry-After" not in response.headers
    assert response.headers["X-RateLimit-Reset"] == reset
    assert response.headers["RateLimit-Reason"] == "jira-quota-tenant-based"


@pytest.mark.parametrize("kind", [429, 503])
async def test_a_time_to_wait_can_be_told(jira: Jira, kind: int) -> None:
    await jira.break_(kind, retryAfter=7)

    response = await jira.submit(deployment())

    assert (response.status_code, response.content) == (kind, b"")
    assert response.headers["Retry-After"] == "7"


async def test_an_outage_shows_a_page_for_people(jira: Jira) -> None:
    await jira.break_("html")

    response = await jira.submit(deployment())

    assert response.status_code == 502
    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("kind", "content"), [("garbage", b'{"acceptedDeployments": ['), ("empty", b"")])
async def test_a_good_status_may_come_with_a_bad_body_and_nothing_done(
    jira: Jira, kind: str, content: bytes
) -> None:
    await jira.break_(kind, times=2)

    response = await jira.submit(deployment())
    token = await jira.ask_token()

    assert (response.status_code, response.content) == (202, content)
    assert (token.status_code, token.content) == (200, content)
    assert await jira.stored() == []


async def test_everything_in_a_request_can_be_rejected(jira: Jira) -> None:
    await jira.break_("reject", operation="*")

    assert (await jira.get(KEY)).status_code == 404
    response = await jira.submit(deployment(number=1), deployment(number=2))

    assert response.status_code == 202
    assert response.json()["acceptedDeployments"] == []
    assert [one["key"]["deploymentSequenceNumber"] for one in response.json()["rejectedDeployments"]] == [
        1,
        2,
    ]
    assert await jira.stored() == []
    assert (await jira.submit(deployment())).json()["rejectedDeployments"] == []


async def test_only_what_holds_a_text_can_be_rejected(jira: Jira) -> None:
    await jira.break_("reject", operation="bulk", matching='"SHOP-1"')
    response = await jira.submit(deployment("SHOP-1", number=1), deployment("SHOP-2", number=2))

    assert [one["deploymentSequenceNumber"] for one in response.json()["acceptedDeployments"]] == [2]
    assert [one["key"]["deploymentSequenceNumber"] for one in response.json()["rejectedDeployments"]] == [1]


async def test_a_bad_request_is_bad_even_if_everything_is_rejected(jira: Jira) -> None:
    await jira.break_("reject")

    assert (await jira.submit()).status_code == 400


async def test_a_slow_answer_is_a_right_one(jira: Jira) -> None:
    await jira.break_("slow", seconds=0.01)

    assert (await jira.submit(deployment())).status_code == 202
    assert len(await jira.stored()) == 1


async def test_the_connection_can_be_dropped_before_or_after_the_deed(jira: Jira) -> None:
    await jira.break_("drop_connection")
    await jira.break_("lose_answer")

    with pytest.raises(ConnectionAbortedError):
        await jira.submit(deployment(number=1))
    with pytest.raises(ConnectionAbortedError):
        await jira.submit(deployment(number=2))

    assert [one["deploymentSequenceNumber"] for one in await jira.stored()] == [2]
    assert [(one["status"], one["fault"]) for one in (await jira.requests())[-2:]] == [
        (None, "drop_connection"),
        (None, "lose_answer"),
    ]


@pytest.mark.parametrize(
    ("operation", "status"),
    [("tenant_info", 404), ("token", 404), ("get", 404), ("delete", 404), ("gating_status", 404)],
)
async def test_a_fault_strikes_its_operation_only(jira: Jira, operation: str, status: int) -> None:
    await jira.submit(deployment())
    await jira.break_(404, operation=operation, times=None)

    answers = {
        "tenant_info": await jira.http.get("/_edge/tenant_info"),
        "token": await jira.ask_token(),
        "get": await jira.get(KEY),
        "gating_status": await jira.get(f"{KEY}/gating-status"),
        "delete_by_property": await jira.delete("bulkByProperties", a="b"),
        "delete": await jira.delete(KEY),
    }

    assert [name for name, answer in answers.items() if answer.status_code == status] == [operation]


async def test_the_token_endpoint_fails_in_its_own_words(jira: Jira) -> None:
    await jira.break_(403, operation="token")

    response = await jira.ask_token()

    assert response.json() == {"error": "access_denied", "error_description": "Forbidden"}


async def statuses(jira: Jira, count: int) -> list[int]:
    return [(await jira.submit(deployment(update=update))).status_code for update in range(count)]


async def test_a_fault_strikes_once_unless_told_otherwise(jira: Jira) -> None:
    await jira.break_(503)
    assert await statuses(jira, 2) == [503, 202]

    await jira.break_(503, times=2)
    assert await statuses(jira, 3) == [503, 503, 202]


async def test_a_fault_for_ever_ends_when_it_is_cleared(jira: Jira) -> None:
    await jira.break_(503, times=None)
    assert await statuses(jira, 3) == [503, 503, 503]
    [fault] = (await jira.http.get("/sandbox/faults")).json()
    assert (fault["kind"], fault["struck"]) == ("503", 3)

    assert (await jira.http.delete("/sandbox/faults")).json() == []
    assert await statuses(jira, 1) == [202]


async def test_faults_strike_in_the_order_in_which_they_were_set(jira: Jira) -> None:
    await jira.break_(503)
    await jira.break_(429, times=2)

    assert await statuses(jira, 4) == [503, 429, 429, 202]


async def test_chance_is_repeatable(jira: Jira) -> None:
    async def play(seed: int) -> list[int]:
        await jira.http.delete("/sandbox/faults")
        await jira.break_(503, operation="bulk", times=None, probability=0.5, seed=seed)
        return await statuses(jira, 20)

    first = await play(1)

    assert set(first) == {503, 202}
    assert await play(1) == first
    assert await play(2) != first


async def test_a_fault_can_be_meant_for_some_requests_only(jira: Jira) -> None:
    await jira.break_(400, matching="SHOP-13", times=None)

    good = await jira.submit(deployment("SHOP-1"))
    bad = await jira.submit(deployment("SHOP-1"), deployment("SHOP-13", number=2))

    assert (good.status_code, bad.status_code) == (202, 400)


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"kind": 418},
        {"kind": "reject", "operation": "else"},
        {"kind": 503, "tiems": 2},
        {"kind": 503, "probability": 0},
        {"kind": 503, "times": 0},
        [],
    ],
)
async def test_an_order_that_is_not_understood_is_refused(jira: Jira, order: Any) -> None:
    response = await jira.http.post("/sandbox/faults", json=order)

    assert response.status_code == 422
    assert response.json()["errors"]
    assert (await jira.http.get("/sandbox/faults")).json() == []


async def test_a_broken_order_is_refused(jira: Jira) -> None:
    response = await jira.http.put("/sandbox/config", content=b"{")

    assert response.status_code == 422
