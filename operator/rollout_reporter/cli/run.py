"""`rollout-reporter run`: the operator."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from rollout_reporter.cluster.errors import UnconfiguredError
from rollout_reporter.controller.app import run_operator
from rollout_reporter.controller.settings import EVERYWHERE, Settings
from rollout_reporter.core.seen import KEYS_QUIET_TIME

from . import texts
from .connection import in_words
from .logs import LogFormat, set_up_logging
from .options import (
    AllowedHosts,
    ClusterName,
    ConditionsOnWorkloads,
    NamespaceSelector,
    PodNamespace,
    WatchNamespaces,
)
from .texts import listed


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def run(  # noqa: PLR0913 (one parameter for each flag)
    *,
    namespace: PodNamespace,
    kubeconfig: Annotated[
        str, typer.Option(envvar="KUBECONFIG", help="Kubeconfig; without one, the pod's ServiceAccount.")
    ] = "",
    cluster_name: ClusterName = "",
    watch_namespaces: WatchNamespaces = "",
    exclude_namespaces: Annotated[
        str,
        typer.Option(
            envvar="ROLLOUT_REPORTER_EXCLUDE_NAMESPACES",
            help="Namespaces to leave out, as kube-system,test-*; * is a wildcard.",
            callback=texts.namespace_globs,
        ),
    ] = "",
    namespace_selector: NamespaceSelector = "",
    allowed_hosts: AllowedHosts = "",
    conditions_on_workloads: ConditionsOnWorkloads = True,
    keys_quiet_time: Annotated[
        float,
        typer.Option(
            envvar="ROLLOUT_REPORTER_KEYS_QUIET_TIME",
            help="Seconds that changed issue keys wait for a rollout that they may be meant for.",
            min=0,
        ),
    ] = KEYS_QUIET_TIME.total_seconds(),
    dry_run: Annotated[
        bool,
        typer.Option(envvar="ROLLOUT_REPORTER_DRY_RUN", help="Send nothing to Jira, log it instead."),
    ] = False,
    read_back: Annotated[
        bool,
        typer.Option(
            envvar="ROLLOUT_REPORTER_READ_BACK",
            help="Ask Jira whether it holds the end of each rollout, one more request for each.",
        ),
    ] = False,
    host: Annotated[
        str,
        typer.Option(
            envvar="ROLLOUT_REPORTER_HOST",
            help="Address that probes and metrics are served on; :: is all, of IPv6 and of IPv4.",
        ),
    ] = EVERYWHERE,
    probe_port: Annotated[
        int,
        typer.Option(
            envvar="ROLLOUT_REPORTER_PROBE_PORT", help="Port of /healthz and /readyz.", min=0, max=65535
        ),
    ] = 8081,
    metrics_port: Annotated[
        int,
        typer.Option(envvar="ROLLOUT_REPORTER_METRICS_PORT", help="Port of /metrics.", min=0, max=65535),
    ] = 8080,
    log_level: Annotated[
        LogLevel, typer.Option(envvar="ROLLOUT_REPORTER_LOG_LEVEL", help="The least that is logged.")
    ] = LogLevel.INFO,
    log_format: Annotated[
        LogFormat,
        typer.Option(envvar="ROLLOUT_REPORTER_LOG_FORMAT", help="text for people, json for machines."),
    ] = LogFormat.TEXT,
) -> None:
    """Run the operator.

    It watches workloads, reports their rollouts to Jira, and shows on them what Jira holds. Each option can
    be given by its environment variable.
    """
    set_up_logging(log_level.value, log_format)
    settings = Settings(
        namespace=namespace,
        cluster_name=cluster_name or None,
        watch_namespaces=listed(watch_namespaces),
        exclude_namespaces=listed(exclude_namespaces),
        namespace_selector=namespace_selector,
        allowed_hosts=listed(allowed_hosts),
        conditions_on_workloads=conditions_on_workloads,
        keys_quiet_time=timedelta(seconds=keys_quiet_time),
        dry_run=dry_run,
        read_back=read_back,
        host=host,
        probe_port=probe_port,
        metrics_port=metrics_port,
    )
    if contradictions := list(_contradictions(settings)):
        raise typer.BadParameter("; ".join(contradictions))
    try:
        asyncio.run(run_operator(settings, kubeconfig))
    except* UnconfiguredError as group:
        words = in_words(_first(group), kubeconfig, looked_at="--kubeconfig and KUBECONFIG")
        logging.getLogger(__name__).critical("%s", words)
        raise typer.Exit(1) from group
    except* OSError as group:
        logging.getLogger(__name__).critical("%s", _first(group))
        raise typer.Exit(1) from group


def _contradictions(settings: Settings) -> Iterator[str]:
    """What cannot be wished together; the chart says the same of its values."""
    if settings.watch_namespaces and not settings.cluster_name:
        yield "--watch-namespaces needs --cluster-name: kube-system cannot be read then"
    if settings.watch_namespaces and settings.namespace_selector:
        yield (
            "--watch-namespaces and --namespace-selector exclude each other: labels of Namespaces can be "
            "selected with cluster-wide rights only, so leave one of them out"
        )
    if settings.watch_namespaces and settings.exclude_namespaces:
        yield (
            "--watch-namespaces and --exclude-namespaces exclude each other: "
            "take the namespaces to leave out of --watch-namespaces"
        )
    if settings.probe_port and settings.probe_port == settings.metrics_port:
        yield f"--probe-port and --metrics-port are both {settings.probe_port}: change one of them"


def _first(group: BaseException) -> BaseException:
    """The first error in a group, however deep it lies."""
    return _first(group.exceptions[0]) if isinstance(group, BaseExceptionGroup) else group
