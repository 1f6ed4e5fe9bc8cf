"""kopf speaks to the API server with the credential of our own client, wherever that comes from."""

from pathlib import Path

import certifi
import pytest
import yaml
from kubernetes.aio.config import incluster_config

from rollout_reporter.cluster.api import connect
from rollout_reporter.controller.kopf_settings import connection

TOKEN = "eyJhbGciOi.eyJpc3MiOi.c2ln"
SERVER = "https://10.0.0.1:443"
PROXY = "http://proxy.example:3128"


async def test_in_a_pod_it_is_the_token_of_the_service_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", certifi.where())
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    async with await connect(environ={}) as api:
        found = connection(api)

    assert (found.server, found.token, found.ca_path) == (SERVER, TOKEN, certifi.where())


async def test_else_it_is_that_of_the_kubeconfig(tmp_path: Path) -> None:
    kubeconfig = {
        "clusters": [{"name": "here", "cluster": {"server": SERVER, "proxy-url": PROXY}}],
        "users": [{"name": "me", "user": {"token": TOKEN}}],
        "contexts": [{"name": "mine", "context": {"cluster": "here", "user": "me"}}],
        "current-context": "mine",
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig))
    async with await connect(str(path)) as api:
        found = connection(api)

    assert (found.server, found.token, found.proxy_url) == (SERVER, TOKEN, PROXY)
