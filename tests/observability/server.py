"""A Prometheus that scrapes operators every second, with the chart's alerts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import yaml

from controlplane.binaries import binary_path
from controlplane.process import Process
from installation.program import free_port, until
from observability.paths import RULES

JOB = "rollout-reporter"
NAMESPACE = "rollout-reporter"


class Prometheus:
    """A server of metrics; everything that it knows is gone with its folder."""

    def __init__(self, folder: Path, targets: Mapping[str, int]) -> None:
        """Take the ports of what is to be scraped, by the names of pods."""
        self._url = f"http://127.0.0.1:{free_port()}"
        config = folder / "prometheus.yaml"
        config.write_text(yaml.safe_dump(_config(targets)))
        command: list[str | Path] = [
            binary_path("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={self._url.removeprefix('http://')}",
        ]
        self._process = Process("prometheus", command, folder)

    def start(self) -> None:
        self._process.start()
        until(lambda: self._is_ready() and self._all_are_up(), seconds=30, otherwise=self._process.tail)

    def stop(self) -> None:
        self._process.kill()
        self._process.reap()

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """The series that a query returns now."""
        answer = self._get("/api/v1/query", query=expression.replace("$__rate_interval", "1m"))
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def alerts(self) -> set[str]:
        """Names of alerts that are about to fire, or do."""
        return {each["labels"]["alertname"] for each in self._get("/api/v1/alerts")["data"]["alerts"]}

    def rules(self) -> dict[str, str]:
        """How the evaluation of each rule went: `ok`, or not yet or not well."""
        [group] = self._get("/api/v1/rules")["data"]["groups"]
        return {rule["name"]: rule["health"] for rule in group["rules"]}

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        answer = httpx.get(f"{self._url}{path}", params=query)
        assert answer.is_success, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self._url}/-/ready").is_success
        except httpx.TransportError:
            return False

    def _all_are_up(self) -> bool:
        return {each["value"][1] for each in self.ask("up")} == {"1"}


def _config(targets: Mapping[str, int]) -> dict[str, Any]:
    """Targets carry the labels that a ServiceMonitor gives them."""
    static = [
        {"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": NAMESPACE, "pod": pod}}
        for pod, port in targets.items()
    ]
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [{"job_name": JOB, "static_configs": static}],
    }
