"""What unit tests share."""

from collections.abc import Iterator

import certifi
import pytest


@pytest.fixture(scope="session", autouse=True)
def one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Trust a single authority: each client reads all that are trusted, and the usual hundred take 20 ms."""
    first, end, _ = certifi.contents().partition("-----END CERTIFICATE-----\n")
    bundle = tmp_path_factory.mktemp("trusted") / "ca.pem"
    bundle.write_text(first + end, encoding="ascii", errors="ignore")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(bundle))
        yield
