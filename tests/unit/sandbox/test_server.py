import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from rollout_reporter.sandbox import SandboxConfig
from unit.sandbox.client import deployment
from unit.sandbox.running import running_sandbox

SERVE = """
from rollout_reporter.sandbox import SandboxConfig, serve
serve(SandboxConfig(), announce=lambda url: print(url, flush=True))
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_sandbox(SandboxConfig(site_url="https://example.atlassian.net")) as url:
        yield url


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=10) as http:
        http.post("/sandbox/reset")
        yield http


def submit(http: httpx.Client, *deployments: dict[str, Any]) -> httpx.Response:
    token = http.post(
        "/oauth/token",
        json={
            "audience": "api.atlassian.com",
            "grant_type": "client_credentials",
            "client_id": "demo",
            "client_secret": "demo-secret",
        },
    ).json()["access_token"]
    cloud_id = http.get("/_edge/tenant_info").json()["cloudId"]
    return http.post(
        f"/jira/deployments/0.1/cloud/{cloud_id}/bulk",
        json={"deployments": deployments},
        headers={"Authorization": f"Bearer {token}"},
    )


def boards(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_a_real_client_is_served(http: httpx.Client) -> None:
    assert submit(http, deployment()).status_code == 202


def test_a_client_that_sends_too_much_gets_its_answer(http: httpx.Client) -> None:
    response = submit(http, deployment(description="x" * 5_000_000))

    assert response.status_code == 413


@pytest.mark.parametrize(("kind", "stored"), [("drop_connection", 0), ("lose_answer", 1)])
def test_the_connection_really_drops(http: httpx.Client, kind: str, stored: int) -> None:
    http.post("/sandbox/faults", json={"kind": kind, "operation": "bulk"})

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        submit(http, deployment())

    assert len(http.get("/sandbox/state").json()["deployments"]) == stored


def test_a_hanging_request_lasts_as_long_as_the_client(http: httpx.Client) -> None:
    http.post("/sandbox/faults", json={"kind": "hang", "operation": "bulk"})
    http.timeout = httpx.Timeout(0.2)

    with pytest.raises(httpx.ReadTimeout):
        submit(http, deployment())

    assert http.get("/sandbox/state").json()["deployments"] == []


def test_the_stream_brings_the_board_at_first_and_after_each_change(http: httpx.Client) -> None:
    with http.stream("GET", "/sandbox/events") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        received = boards(stream.iter_lines())

        first = next(received)
        assert first["deployments"] == []
        assert first["annotation"] == "rollout-reporter.dev/issue-keys=SHOP-1"
        assert first["siteUrl"] == "https://example.atlassian.net"

        submit(http, deployment())
        [record] = next(received)["deployments"]
        assert record["deployment"] == deployment()

        http.post("/sandbox/faults", json={"kind": 503})
        assert next(received)["faults"] == 1


def test_a_delayed_change_reaches_the_stream_and_those_who_wait_by_itself(http: httpx.Client) -> None:
    http.put("/sandbox/config", json={"visibilityDelay": 0.05})
    with http.stream("GET", "/sandbox/events") as stream:
        received = boards(stream.iter_lines())
        next(received)
        submit(http, deployment())

        assert http.get("/sandbox/wait", params={"issue": "SHOP-1"}).status_code == 200
        assert len(next(received)["deployments"]) == 1


def test_it_ends_in_spite_of_those_who_still_wait() -> None:
    with running_sandbox() as url, httpx.Client(base_url=url, timeout=10) as http:
        http.post("/sandbox/faults", json={"kind": "hang", "operation": "tenant_info"})
        with http.stream("GET", "/sandbox/events") as stream:
            next(boards(stream.iter_lines()))


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_promptly_in_spite_of_open_streams(stop: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with httpx.Client(base_url=url, timeout=10) as http, http.stream("GET", "/sandbox/events") as stream:
            next(boards(stream.iter_lines()))
            process.send_signal(stop)
            code = process.wait(timeout=10)

    assert code == (0 if stop is signal.SIGINT else -stop)
