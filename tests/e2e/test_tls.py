"""A server proves who it is, or is told nothing: the API server plays one whose authority nobody knows."""

import asyncio
from base64 import b64decode
from pathlib import Path

import pytest
import yaml

from controlplane import Cluster
from e2e.product import SECRET, ProductApart
from rollout_reporter.core.outcome import Trouble
from rollout_reporter.jira.wire import Call, Reply, Wire, http_client

pytestmark = pytest.mark.timeout(120, func_only=True)


@pytest.fixture
def server(cluster: Cluster) -> str:
    """Its address, on loopback, so that a JiraSite may name it."""
    return str(entry_of(cluster)["server"])


@pytest.fixture
def authority(cluster: Cluster, tmp_path: Path) -> Path:
    """The certificate of who has signed the server's."""
    path = Path(str(entry_of(cluster).get("certificate-authority") or tmp_path / "ca.crt"))
    if not path.exists():
        path.write_bytes(b64decode(entry_of(cluster)["certificate-authority-data"]))
    return path


def entry_of(cluster: Cluster) -> dict[str, str]:
    [entry] = yaml.safe_load(cluster.kubeconfig.read_text())["clusters"]
    found: dict[str, str] = entry["cluster"]
    return found


def asked(url: str) -> Reply | Trouble:
    """What comes of a question."""

    async def ask() -> Reply | Trouble:
        async with http_client() as http:
            return await Wire(http).exchange(Call("GET", f"{url}/version"))

    return asyncio.run(ask())


def test_a_certificate_of_an_unknown_authority_is_not_believed(server: str) -> None:
    found = asked(server)

    assert isinstance(found, Trouble)
    assert "certificate" in found.message.lower()


def test_an_authority_that_the_administrator_names_is_believed(
    server: str, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))

    assert isinstance(asked(server), Reply)


def test_people_read_which_certificate_is_not_believed_and_the_cure(apart: ProductApart, server: str) -> None:
    apart.jira.url = server
    apart.install_without_credential()
    apart.create_secret(SECRET, clientId="client", clientSecret="secret")
    apart.start()

    message = apart.site_is("default", "False", "JiraUnavailable")

    assert "certificate" in message.lower()
