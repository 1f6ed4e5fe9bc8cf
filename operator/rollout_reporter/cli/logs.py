"""Logging of the process: text for people, JSON for machines."""

import logging
import sys
import time
from enum import StrEnum
from typing import Any, Final

from pythonjsonlogger.json import JsonFormatter

from rollout_reporter.core.lines import escaped, one_line
from rollout_reporter.core.workload import Place

LONGEST: Final = 15_000
"""Bytes of a message; containerd splits lines of 16 KiB."""


class LogFormat(StrEnum):
    """Form of a log line."""

    TEXT = "text"
    JSON = "json"


class _OneLine(logging.Formatter):
    """Text that users write, such as annotations, makes no lines and no terminal sequences of its own."""

    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is logging's)
        record.message = one_line(record.message, LONGEST)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 (likewise)
        """Indent a traceback, so that none of its lines looks like one of the log."""
        lines = super().formatException(ei).splitlines()
        return "\n".join(f"  {escaped(line[:LONGEST])}" for line in lines)


class _OneValue(JsonFormatter):
    """JSON escapes what it holds, but whoever reads the log takes the escapes away again."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return super().process_log_record(log_data | {"message": one_line(log_data["message"], LONGEST)})


def set_up_logging(level: str, form: LogFormat) -> None:
    """Log to standard error, in UTC."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(form))
    handler.addFilter(_with_workload)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for library in ("httpx", "httpcore", "kopf", "asyncio", "uvicorn"):
        logging.getLogger(library).setLevel(max(logging.WARNING, logging.getLogger().level))


def _with_workload(record: logging.LogRecord) -> bool:
    """Give a line that is about a workload a field that says which: it is among what the line speaks of."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    for each in arguments:
        if isinstance(each, Place):
            record.workload = str(each)
    return True


def _formatter(form: LogFormat) -> logging.Formatter:
    if form is LogFormat.JSON:
        names = {"levelname": "level", "name": "logger"}
        return _OneValue("%(levelname)s %(name)s %(message)s", rename_fields=names, timestamp="time")
    return _OneLine("%(asctime)s.%(msecs)03dZ %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S")
