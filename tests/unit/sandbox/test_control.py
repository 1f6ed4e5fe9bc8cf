import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from rollout_reporter.sandbox import journal
from rollout_reporter.sandbox.journal import Entry, Journal
from rollout_reporter.sandbox.operations import Operation
from unit.sandbox.client import KEY, Jira, deployment


async def test_the_state_tells_everything(jira: Jira) -> None:
    await jira.submit(deployment(), properties={"cluster": "eu1"})
    await jira.submit(deployment(update=2, state="successful"))

    state = await jira.state()

    [record] = state["deployments"]
    assert record == {
        "clientId": "demo",
        "received": "2026-11-24T08:00:30+00:00",
        "issues": ["SHOP-1"],
        "services": [],
        "properties": {},
        "deployment": deployment(update=2, state="successful"),
    }
    assert [one["deployment"]["state"] for one in state["history"]] == ["in_progress", "successful"]
    assert state["history"][0]["properties"] == {"cluster": "eu1"}
    assert state["dropped"] == state["faults"] == []
    assert state["pending"] == 0
    assert list(state["issues"]) == ["SHOP-1"]
    assert "clientSecret" not in state["config"]


async def test_the_journal_holds_requests_and_answers_without_secrets(jira: Jira) -> None:
    await jira.http.post(
        "/oauth/token", json={"client_secret": "hidden-1"}, headers={"From": "ops@example.com"}
    )
    await jira.http.post("/oauth/token", data={"client_secret": "hidden-2"})
    await jira.submit(deployment())
    text = (await jira.http.get("/sandbox/requests")).text

    first, second, _, bulk = await jira.requests()
    assert first["request"]["client_secret"] == first["response"]["access_token"] == "(left out)"
    assert [first["hasFromHeader"], second["hasFromHeader"]] == [False, True]
    assert {name: bulk[name] for name in ("operation", "method", "path", "query", "status", "fault")} == {
        "operation": "bulk",
        "method": "POST",
        "path": f"{jira.base}/bulk",
        "query": "",
        "status": 202,
        "fault": None,
    }
    assert bulk["request"] == {"deployments": [deployment()]}
    assert bulk["response"]["acceptedDeployments"]
    for secret in (
        "hidden-1",
        "hidden-2",
        "demo-secret",
        "ops@example.com",
        jira.headers["Authorization"][7:],
    ):
        assert secret not in text


async def test_the_journal_can_be_asked_for_one_operation(jira: Jira) -> None:
    await jira.submit(deployment())
    await jira.get(KEY)

    requests = (await jira.http.get("/sandbox/requests", params={"operation": "get"})).json()

    assert [one["operation"] for one in requests] == ["get"]


def entry(path: str, request: bytes = b"") -> Entry:
    return Entry(
        time=datetime(2026, 11, 24, tzinfo=UTC),
        operation=Operation.BULK,
        method="POST",
        path=path,
        query="",
        has_from_header=False,
        user_agent="",
        status=202,
        fault=None,
        request=request,
        response=b"",
    )


def test_the_journal_drops_the_oldest_of_too_many_entries() -> None:
    kept = Journal()
    for number in range(journal.MAX_ENTRIES + 1):
        kept.add(entry(str(number)))

    paths = [one["path"] for one in kept.as_json()]
    assert (len(paths), paths[0]) == (journal.MAX_ENTRIES, "1")


def test_the_journal_drops_the_oldest_of_too_large_entries() -> None:
    kept = Journal()
    half = b" " * (journal.MAX_BYTES // 2)
    for number in range(3):
        kept.add(entry(str(number), half))

    assert [one["path"] for one in kept.as_json()] == ["1", "2"]


async def test_the_configuration_changes_in_the_fields_that_are_given(jira: Jira) -> None:
    await jira.configure(projects=["SHOP"])
    await jira.configure(unknownKeys=["SHOP-2"])

    config = (await jira.http.get("/sandbox/config")).json()
    assert (config["projects"], config["unknownKeys"], config["clientId"]) == (["SHOP"], ["SHOP-2"], "demo")
    assert (await jira.ask_token()).status_code == 200


@pytest.mark.parametrize("fields", [{"project": ["SHOP"]}, {"tokenLifetime": 0}, {"cloudId": "x"}])
async def test_a_configuration_that_is_not_understood_is_refused(jira: Jira, fields: dict[str, Any]) -> None:
    assert (await jira.http.put("/sandbox/config", json=fields)).status_code == 422


async def test_a_reset_returns_to_the_start(jira: Jira) -> None:
    at_start = await jira.state()
    await jira.configure(projects=["PAY"], visibilityDelay=9)
    await jira.submit(deployment("PAY-1"))
    await jira.break_(503)

    assert (await jira.http.post("/sandbox/reset")).status_code == 204

    assert await jira.state() == at_start
    assert await jira.requests() == []
    assert (await jira.submit(deployment())).status_code == 401


async def wait(jira: Jira, **wanted: Any) -> Any:
    return await jira.http.get("/sandbox/wait", params={"timeout": 0, **wanted})


async def test_what_is_there_already_need_not_be_waited_for(jira: Jira) -> None:
    await jira.submit(deployment())

    response = await wait(jira, issue="SHOP-1", state="in_progress")

    assert response.status_code == 200
    assert response.json()["deployment"] == deployment()


async def test_waiting_ends_when_the_state_comes(jira: Jira) -> None:
    await jira.submit(deployment())
    waiting = asyncio.create_task(wait(jira, issue="SHOP-1", state="successful", timeout=10))

    await jira.submit(deployment("SHOP-2", number=2, state="successful"))
    await jira.submit(deployment(update=2, state="successful"))

    assert (await waiting).json()["deployment"]["updateSequenceNumber"] == 2


async def test_waiting_in_vain_ends_with_the_state_as_it_is(jira: Jira) -> None:
    await jira.submit(deployment(), deployment("SHOP-2", number=2))

    response = await wait(jira, issue="SHOP-1", state="successful", timeout=0.01)

    assert response.status_code == 408
    assert [one["deployment"] for one in response.json()["deployments"]] == [deployment()]


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, 200),
        ({"issue": "SHOP-2"}, 408),
        ({"pipeline": "eu1.checkout", "environment": "eu1", "number": 1}, 200),
        ({"pipeline": "eu1.cart"}, 408),
        ({"environment": "us1"}, 408),
        ({"number": 2}, 408),
        ({"state": "successfull"}, 422),
        ({"isue": "SHOP-1"}, 422),
        ({"timeout": 10_000}, 422),
    ],
)
async def test_what_is_waited_for_can_be_narrowed(jira: Jira, wanted: dict[str, Any], status: int) -> None:
    await jira.submit(deployment())

    assert (await wait(jira, **wanted)).status_code == status
