"""The narrow way in which kopf is used: it watches, and writes nothing.

Each line prevents something that was seen to happen: `docs/decisions/0002-kopf-in-a-narrow-mode.md`.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import kopf
from kopf._core.reactor.inventory import ResourceMemories, ResourceMemory
from kubernetes.aio.client.api_client import ApiClient

from rollout_reporter.core import names

TOKEN_PERIOD: Final = timedelta(minutes=10)
"""How long kopf uses a token before it asks for it again: ServiceAccount tokens are replaced in time."""


class NoDiffBase(kopf.DiffBaseStorage):
    """Keeps no last-handled configuration: nothing is written, and no body is copied for each event."""

    # ruff: noqa: ARG002 (the names of the parameters are kopf's)

    def build(
        self, *, body: kopf.Body, extra_fields: Iterable[kopf.FieldSpec] | None = None
    ) -> kopf.BodyEssence:
        """Nothing of the body matters."""
        return cast("kopf.BodyEssence", {})

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:
        """Nothing is kept."""
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Nothing is written."""


class NoMemories(ResourceMemories):
    """Keeps no record of each object that was ever seen, which costs a kilobyte and is never used."""

    async def recall(
        self,
        raw_body: kopf.RawBody,
        *,
        memobase: object = None,
        noticed_by_listing: bool = False,
        ephemeral: bool = False,
    ) -> ResourceMemory:
        """A new one each time."""
        return ResourceMemory(noticed_by_listing=noticed_by_listing)


def connection(api: ApiClient) -> kopf.ConnectionInfo:
    """The connection of our own client, for kopf: one way to configure both."""
    configuration = api.configuration
    # "Bearer …" out of a kubeconfig, "bearer …" in a pod; kopf wants the token alone.
    _, _, token = (configuration.api_key.get("BearerToken") or "").rpartition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        token=token,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        proxy_url=configuration.proxy,
        default_namespace="default",
        expiration=datetime.now(UTC) + TOKEN_PERIOD,
    )


RETRIES: Final = (1, 2, 4, *(5,) * 46)
"""Seconds between attempts to reach the API server: once it is back, nobody should be blind for long. After
four minutes the watch ends, and is begun anew with the rights that there are by then."""


def operator_settings() -> kopf.OperatorSettings:
    """Settings that leave users' objects alone and memory small."""
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)  # it would warn of its thread
    settings = kopf.OperatorSettings()
    settings.persistence.finalizer = f"{names.PREFIX}/never-used"
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.peering.standalone = True
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.queueing.idle_timeout = 0.1
    settings.watching.chunk_size = 100
    settings.watching.connect_timeout = 10
    settings.networking.request_timeout = 30
    settings.networking.error_backoffs = RETRIES
    settings.networking.enforce_retry_after = True
    return settings
